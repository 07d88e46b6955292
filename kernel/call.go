package kernel

import (
	"context"
	"errors"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// Call sends a message with the ID of a fresh port as its last argument and returns
// the first message that comes to it. If the called port dies first, or somebody kills the
// fresh one, the error is a *ReasonError; if ctx ends first, its error; if the node is
// closed, ErrClosed. On a goroutine only.
func (n *Node) Call(ctx context.Context, to string, args ...any) (codec.Message, error) {
	if n.Inside() {
		return codec.Message{}, ErrWouldBlock
	}
	answer := make(chan callResult, 1)
	tell := func(r callResult) { // the first counts, and a loop never waits for the caller
		select {
		case answer <- r:
		default:
		}
	}
	p, err := n.newPort(n.near(to), n.portName(), func(p *Port) {
		p.fallback = func(self *Context, m codec.Message) {
			tell(callResult{m: m.Clone()})
			p.die(Reason{})
		}
		p.onEnd(func(r Reason) { tell(callResult{err: n.ended(p, r)}) })
	})
	if err != nil {
		return codec.Message{}, err
	}
	defer p.Kill()
	m, err := codec.MessageOf(args...)
	if err != nil {
		return codec.Message{}, err
	}
	mon, err := n.newMonitor(to, nil, nil, func(_ *Context, r Reason) {
		if n.closing.Load() {
			tell(callResult{err: ErrClosed})
			return
		}
		tell(callResult{err: &ReasonError{to, r}})
	})
	if err != nil {
		return codec.Message{}, err
	}
	n.arm(mon)
	defer mon.Cancel()
	if err := n.forward(ctx, to, with(m, p.ID())); err != nil {
		return codec.Message{}, err
	}
	select {
	case r := <-answer:
		return r.m, r.err
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return codec.Message{}, ErrTimeout
		}
		return codec.Message{}, ctx.Err()
	}
}

type callResult struct {
	m   codec.Message
	err error
}

// onEnd has f called on the port's loop when the port has died. Only while it is made.
func (p *Port) onEnd(f func(Reason)) {
	p.watchers.add(&Monitor{home: p.shard, local: p, act: func(_ *Context, r Reason) { f(r) }})
}

// ended is why a port that waited for an answer has died without one.
func (n *Node) ended(p *Port, r Reason) error {
	if n.closing.Load() {
		return ErrClosed
	}
	return &ReasonError{p.ID(), r}
}

// near is the shard on which a port that talks with another has no hop to make.
func (n *Node) near(id string) *shard {
	node, port := codec.SplitPortID(id)
	if node != n.id {
		if p := n.peers.get(node); p != nil {
			return p.shard
		}
		return n.shards[0]
	}
	if p := n.ports.get(port); p != nil {
		return p.shard
	}
	return n.shards[0]
}

// Call sends a message with the ID of a fresh port as its last argument and calls f,
// in the current port's context, with the first message that comes to it. With a
// timeout f gets ErrTimeout when nothing came by then. Without one (0) the called port is
// monitored instead, and f gets a *ReasonError when it dies (protocol: as in the
// original's cal), as it does when somebody kills the fresh port. If the current port
// dies f isn't called any more.
func (c *Context) Call(to string, args []any, timeout time.Duration, f func(self *Context, m codec.Message, err error)) error {
	s := c.shard
	n := s.node
	var p *Port
	over := false
	finish := func(m codec.Message, err error) {
		if over {
			return
		}
		over = true
		p.die(Reason{})
		if c.port == nil || !c.port.dead.Load() {
			c.protect(func() { f(c, m, err) })
		}
	}
	p, err := n.newPort(s, n.portName(), func(p *Port) {
		p.fallback = func(_ *Context, m codec.Message) { finish(m, nil) }
		p.onEnd(func(r Reason) { finish(codec.Message{}, n.ended(p, r)) })
	})
	if err != nil {
		return err
	}
	if timeout > 0 {
		p.ctx.After(timeout, func(*Context) { finish(codec.Message{}, ErrTimeout) })
	} else {
		_, err = p.ctx.Monitor(to, func(_ *Context, r Reason) { finish(codec.Message{}, &ReasonError{to, r}) })
	}
	if err == nil {
		var m codec.Message
		if m, err = codec.MessageOf(args...); err == nil {
			err = s.send(to, with(m, p.ID()))
		}
	}
	if err != nil {
		over = true
		p.die(Reason{})
	}
	return err
}
