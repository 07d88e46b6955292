package reactor

import "github.com/aemp-go/aemp/loop"

// Move hands the connection to another loop of the group. If that has stopped, or
// the connection isn't open, then doesn't run, and Closed tells why.
func (c *conn) Move(to loop.Loop, then func()) {
	l := c.loop
	target, ours := to.(*eventLoop)
	if !ours || target.group != l.group {
		panic("reactor: Move to a loop of another group")
	}
	if c.state != open {
		return
	}
	if target == l {
		l.Later(loop.Func(then))
		return
	}
	if c.secure.shaking() {
		c.secure.moveTo = func() { c.Move(to, then) }
		return
	}
	c.claim()
	c.leaveLoop()
	c.forgetOutput()
	c.state = moving
	l.leaving = append(l.leaving, func() {
		if !target.Post(loop.Func(func() { c.arrive(target, then) })) {
			c.arriveStopped()
		}
	})
}

// arrive runs on the new loop.
func (c *conn) arrive(l *eventLoop, then func()) {
	c.loop = l
	c.join()
	if c.reason != nil {
		c.fail(c.reason)
		return
	}
	c.watch()
	if c.state != open {
		return
	}
	if c.Buffered() > 0 || c.shut || c.owed {
		c.finishOutput()
	}
	c.call(then)
	if c.secure != nil {
		l.Later((*pumpTask)(c))
	}
}

// arriveStopped: the other loop has stopped, so this one will, too.
func (c *conn) arriveStopped() {
	c.join()
	c.fail(loop.ErrStopped)
}

func (c *conn) join() {
	c.loop.attach(c.fd, c)
	c.loop.counts.conns.Add(1)
	c.state = open
}
