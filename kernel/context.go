package kernel

import (
	"bytes"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// A Context is what a handler acts through: the current port (the original's $SELF)
// on its loop. It is valid on that loop only, in callbacks that got it; a
// goroutine uses the Node. Nothing it does waits.
type Context struct {
	port  *Port // nil: the node itself
	shard *shard
}

// Node is the node that the handler runs on.
func (c *Context) Node() *Node { return c.shard.node }

// Port is the current port; nil in a callback that belongs to no port.
func (c *Context) Port() *Port { return c.port }

// ID is the current port's ID or, in a callback of no port, the node's.
func (c *Context) ID() string {
	if c.port == nil {
		return c.shard.node.id
	}
	return c.port.ID()
}

// Now is the loop's time of day.
func (c *Context) Now() time.Time { return c.shard.loop.Wall() }

// Send sends a message to a port ID. Messages to one port arrive in order, or not
// any more from some message on; then monitors fire. An error says that the
// message was not accepted: ErrOverload, an ID that can't be, a value that can't be
// encoded. A message to a local port that doesn't exist is dropped and counted.
func (c *Context) Send(to string, args ...any) error {
	s := c.shard
	if p := s.near.port(to); p != nil && s.runq.size < s.bounds.inbox.Hard { // as queueArgs, without the call
		err := s.runq.putArgs(p, args)
		s.schedule()
		return err
	}
	n := s.node
	for {
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return err
		case p == nil:
			if local != nil && local.shard == s {
				s.near = near{to, local}
			}
			return s.sendLocalArgs(local, port, args)
		}
		a, err := p.out.Args(s.index, port, n.marks.Hard, args)
		if err == errGone {
			n.routes.forget(to)
			continue
		}
		if p.wants(a, err) {
			s.flushLater(p)
		}
		return err
	}
}

func (s *shard) sendLocalArgs(p *Port, port string, args []any) error {
	if p == nil {
		return s.node.answerArgs(s, port, args)
	}
	return s.deliverArgs(p, args)
}

// Reply is Send to a port ID as it came in a message, such as a call's last argument, which
// then needn't be made a string.
func (c *Context) Reply(to []byte, args ...any) error {
	s := c.shard
	n := s.node
	node, port, ok := bytes.Cut(to, []byte{'#'})
	switch p := n.peers.getBytes(node); {
	case !ok:
	case string(node) == n.id:
		return s.sendLocalArgs(n.ports.getBytes(port), string(port), args)
	case p != nil:
		a, err := p.out.Args(s.index, string(port), n.marks.Hard, args)
		if err == errGone {
			break // there may be a new one
		}
		if p.wants(a, err) {
			s.flushLater(p)
		}
		return err
	}
	return c.Send(string(to), args...)
}

// SendMsg sends a message of a generated type: a tuple is the whole argument list,
// anything else the only argument.
func (c *Context) SendMsg(to string, m msgp.Marshaler) error { return c.SendTagged(to, "", m) }

// SendTagged sends a message of a generated type with a tag in front: the tag's
// handler decodes the rest. An empty tag is none.
func (c *Context) SendTagged(to, tag string, m msgp.Marshaler) error {
	s := c.shard
	n := s.node
	if p, lead := n.led(to, tag); p != nil {
		if a, done, err := p.out.Led(lead, n.marks.Hard, m); done {
			if a.Wake {
				s.flushLater(p)
			}
			return err
		}
	}
	for {
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return err
		case p == nil:
			return s.sendLocalMsg(local, port, tag, m)
		}
		a, err := p.out.Msg(s.index, port, n.marks.Hard, tag, m)
		if err == errGone {
			n.routes.forget(to)
			continue
		}
		if p.wants(a, err) {
			s.flushLater(p)
		}
		return err
	}
}

func (s *shard) sendLocalMsg(p *Port, port, tag string, m msgp.Marshaler) error {
	args, err := encode(tag, m)
	if err != nil {
		return err
	}
	defer args.free()
	return s.sendLocal(p, port, args.message())
}

// Forward sends a message on as it is.
func (c *Context) Forward(to string, m codec.Message) error { return c.shard.send(to, m) }

// Kill ends a port, here or elsewhere. Without a reason it is a normal death.
func (c *Context) Kill(target string, reason ...any) error {
	return c.shard.kill(target, NewReason(reason...))
}

// On, OnDefault and Die are the current port's.
func (c *Context) On(tag string, h Handler) { c.own().on(tag, h) }

// OnDefault sets the current port's handler for what no tag's handler takes.
func (c *Context) OnDefault(h Handler) { c.own().fallback = h }

// Die ends the current port: it gets no further message. The handler goes on to its end.
func (c *Context) Die(reason ...any) { c.own().die(NewReason(reason...)) }

func (c *Context) own() *Port {
	if c.port == nil {
		panic("this callback belongs to no port")
	}
	return c.port
}

// NewPort makes a port on the same loop.
func (c *Context) NewPort() (*Port, error) {
	n := c.shard.node
	return n.newPort(c.shard, n.portName(), nil)
}

// Handle sets another port's handlers at once, if that port lives on this loop; a
// port made by NewPort in a handler does.
func (c *Context) Handle(p *Port, tag string, h Handler) {
	if p.shard != c.shard {
		p.On(tag, h)
		return
	}
	p.on(tag, h)
}

// HandleDefault is Handle for the default handler.
func (c *Context) HandleDefault(p *Port, h Handler) {
	if p.shard != c.shard {
		p.OnDefault(h)
		return
	}
	p.fallback = h
}

// Monitor calls f in the current port's context when the target dies or the way to it is
// lost; with a node ID, when the link to the node is lost or can't be made. It is
// cancelled when the current port dies.
func (c *Context) Monitor(target string, f func(self *Context, r Reason)) (*Monitor, error) {
	m, err := c.shard.node.newMonitor(target, c.port, c.shard, f)
	if err != nil {
		return nil, err
	}
	if c.port != nil && !c.port.dead.Load() {
		c.port.watching.add(m)
	}
	c.shard.set(m)
	return m, nil
}

// MonitorSelf kills the current port with the same reason when the target dies
// abnormally.
func (c *Context) MonitorSelf(target string) (*Monitor, error) {
	return c.Monitor(target, killer(c.own()))
}

// MonitorKill does so with any local port. It stays when the current port dies.
func (c *Context) MonitorKill(target string, p *Port) (*Monitor, error) {
	return c.shard.ctx.Monitor(target, killer(p))
}

// MonitorSend sends args, followed by the reason's values, to the port ID to when the
// target dies. It stays when the current port dies.
func (c *Context) MonitorSend(target, to string, args ...any) (*Monitor, error) {
	act, err := c.shard.node.sender(to, args)
	if err != nil {
		return nil, err
	}
	return c.shard.ctx.Monitor(target, act)
}

// Guard closes r once when the target dies. It stays when the current port dies.
func (c *Context) Guard(target string, r io.Closer) (*Monitor, error) {
	return c.shard.ctx.Monitor(target, closer(c.shard.node, target, r))
}

// A Timer of a handler.
type Timer struct {
	t     loop.Timer
	owner *Port
}

// After calls f in the current port's context after d, unless the port has died by then.
func (c *Context) After(d time.Duration, f func(self *Context)) *Timer {
	t := &Timer{owner: c.port}
	t.t = c.shard.loop.NewTimer(loop.Func(func() {
		if c.port != nil {
			delete(c.port.timers, t)
		}
		c.protect(func() { f(c) })
	}))
	if c.port != nil {
		if c.port.dead.Load() {
			return t
		}
		if c.port.timers == nil {
			c.port.timers = map[*Timer]struct{}{}
		}
		c.port.timers[t] = struct{}{}
	}
	t.t.Reset(d)
	return t
}

// Stop unsets the timer and says whether it was set. On the loop only.
func (t *Timer) Stop() bool {
	if t.owner != nil {
		delete(t.owner.timers, t)
	}
	return t.t.Stop()
}

// protect runs a callback of the program's: a panic in it kills the current port.
func (c *Context) protect(f func()) {
	defer func() {
		r := recover()
		switch {
		case r == nil:
		case c.port != nil:
			c.port.panicked(r)
		default:
			c.shard.node.logPanic("callback", r)
		}
	}()
	f()
}

func (n *Node) logPanic(where string, r any) {
	n.panics.Add(1)
	n.log.Error(where+" failed", "node", n.id, "reason", fmt.Sprint(r), "stack", string(debug.Stack()))
}
