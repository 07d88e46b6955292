package reactor

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

// CloseWrite ends our direction after what is buffered.
func (c *conn) CloseWrite() {
	if c.state != open || c.shut {
		return
	}
	c.claim()
	c.shut = true
	c.finishOutput()
}

// finishOutput writes what there is, and then the end of our direction, when the
// turn ends; unless that waits for the network already.
func (c *conn) finishOutput() {
	if !c.blocked {
		c.markDirty()
	}
}

// endDirection: all output is written.
func (c *conn) endDirection() {
	if !c.shut || c.finSent || c.secure.shaking() {
		return
	}
	c.finSent = true
	_ = unix.Shutdown(c.fd, unix.SHUT_WR) // fails if the peer has reset: reading tells
	c.closeIfDone()
}

// Close writes what can be written at once and closes.
func (c *conn) Close(reason error) {
	if c.state == open {
		c.claim()
		c.reason = reason
		c.shut = true // with TLS: say goodbye
		if !c.blocked {
			c.state = closing // whatever happens, the reason is the given one
			c.flush()
		}
	}
	c.fail(reason)
}

// CloseAfterDrain writes everything, ends our direction and waits for the peer's
// end: closing with input unread would reset the connection and destroy what is
// still on its way.
func (c *conn) CloseAfterDrain(reason error, linger time.Duration) {
	if c.state != open || c.secure.shaking() {
		c.Close(reason)
		return
	}
	c.claim()
	c.state, c.reason, c.shut = closing, reason, true
	c.timer = &timer{loop: c.loop, task: loop.Func(func() { c.fail(reason) })}
	c.timer.Reset(linger)
	c.watch()
	c.finishOutput()
	c.closeIfDone()
}

// closeIfDone: both directions have ended.
func (c *conn) closeIfDone() {
	if c.state == closing && c.finSent && c.ended {
		c.fail(c.reason)
	}
}
