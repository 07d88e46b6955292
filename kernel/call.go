package kernel

import (
	"context"
	"errors"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Call sends a message with the ID of a fresh port as its last argument and returns
// the first message that comes to it. If the called port dies first, or somebody kills the
// fresh one, the error is a *ReasonError; if ctx ends first, its error; if the node is
// closed, ErrClosed. On a goroutine only. The message is the caller's to keep, which
// costs an allocation; see Caller.
//
// While it waits, the goroutine may run handlers of this node's ports, for some milliseconds
// at most if they don't block. So don't call with a lock that a handler takes, nor with a
// thread of the operating system's that isn't like others.
func (n *Node) Call(ctx context.Context, to string, args ...any) (codec.Message, error) {
	c, _ := n.callers.Get().(*Caller)
	if c == nil {
		c = n.NewCaller()
	}
	m, err := c.Call(ctx, to, args...)
	if err == nil {
		m = m.Clone()
	}
	n.callers.Put(c)
	return m, err
}

// A Caller makes calls, one after the other, without allocating memory. It is for one
// goroutine at a time, and holds nothing that would have to be closed.
type Caller struct{ call call }

// NewCaller makes a Caller. Any goroutine.
func (n *Node) NewCaller() *Caller {
	return &Caller{call{node: n, ready: make(chan struct{}, 1)}}
}

// Call is Node.Call, with all that holds of that, but the message is borrowed: it is valid
// until the next Call.
func (c *Caller) Call(ctx context.Context, to string, args ...any) (codec.Message, error) {
	k := &c.call
	n := k.node
	if n.Inside() {
		return codec.Message{}, ErrWouldBlock
	}
	unwatched, err := n.calls.begin(k, to, true)
	if err != nil {
		return codec.Message{}, err
	}
	if err := k.ask(ctx, unwatched, args); err != nil && k.giveUp() {
		k.err = err
	} else {
		k.wait(ctx)
	}
	if k.port != nil {
		k.port.Kill()
	}
	return k.result()
}

// ask sends a goroutine's call.
func (k *call) ask(ctx context.Context, unwatched bool, args []any) (err error) {
	if k.question, err = k.prepare(nil, unwatched, args); err != nil {
		return err
	}
	k.attend(ctx)
	for k.refused == ErrFull {
		if err := k.node.waitRoom(ctx, k.to); err != nil {
			if ctx.Err() != nil {
				err = contextError(ctx)
			}
			return err
		}
		if len(k.ready) > 0 {
			return nil // it has ended meanwhile
		}
		k.Begin()
	}
	return k.refused
}

// attend tries to send a goroutine's call, and may have it attend to the loop that the answer
// is likely to come to.
func (k *call) attend(ctx context.Context) {
	k.tried = false
	if s := k.node.answering(k.to); s != nil && ctx.Err() == nil && !hurries(ctx, s.loop) {
		k.attends.Store(s)
		s.loop.Attend(k)
		k.attends.Store(nil)
	}
	if !k.tried {
		k.Begin()
	}
}

// hurries says that a context ends before somebody who attends would look.
func hurries(ctx context.Context, l loop.Loop) bool {
	d, ok := ctx.Deadline()
	return ok && d.Sub(l.Wall()) < hurry
}

// answering is the shard that the answers of a port come to, if they may come soon.
func (n *Node) answering(to string) *shard {
	switch local, p, _, _ := n.destination(to); {
	case local != nil && local.box == nil:
		return local.shard
	case p != nil && p.up.Load():
		return p.shard
	}
	return nil
}

var _ loop.Waiter = (*call)(nil)

// Begin tries to send the question.
func (k *call) Begin() {
	k.tried = true
	k.refused = k.try(k.question)
}

// Over: the call has come to something, or the question isn't on its way.
func (k *call) Over() bool { return len(k.ready) > 0 || k.refused != nil }

// prepare makes the message, and sees to it that what is called is watched. On shard s, or
// on a goroutine if that is nil.
func (k *call) prepare(s *shard, unwatched bool, args []any) (codec.Message, error) {
	m, err := k.message(args)
	if err == nil && unwatched {
		err = k.node.calls.watch(k, s)
	}
	return m, err
}

// try sends a goroutine's call if there is room.
func (k *call) try(m codec.Message) error {
	p, a, err := k.node.offer(k.to, m)
	if a.Dropped {
		k.node.calls.dropped(k, p)
	}
	return err
}

// giveUp ends the call, unless it is over: then the answer is there, or about to be.
func (k *call) giveUp() bool { return k.node.calls.take(k.number) != nil }

// wait waits until the call is over.
func (k *call) wait(ctx context.Context) {
	select {
	case <-k.ready:
	case <-ctx.Done():
		if !k.giveUp() {
			<-k.ready
			return
		}
		k.err = contextError(ctx)
	}
}

// contextError is the error of a call whose context has ended.
func contextError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrTimeout
	}
	return ctx.Err()
}

// Call sends a message with the ID of a fresh port as its last argument and calls f,
// in the current port's context, with the first message that comes to it. With a
// timeout f gets ErrTimeout when nothing came by then. Without one (0) the called port is
// monitored instead, and f gets a *ReasonError when it dies (protocol: as in the
// original's cal), as it does when somebody kills the fresh port. If the current port
// dies f isn't called any more.
func (c *Context) Call(to string, args []any, timeout time.Duration, f func(self *Context, m codec.Message, err error)) error {
	s := c.shard
	k := s.newCall()
	k.self, k.then = c, f
	unwatched, err := k.node.calls.begin(k, to, timeout <= 0)
	if err != nil {
		k.free()
		return err
	}
	if err = k.send(args, timeout, unwatched); err == nil {
		return nil
	}
	k.then = nil
	if k.node.calls.take(k.number) != nil {
		k.Run()
	}
	return err
}

// newCall is one for a handler.
func (s *shard) newCall() *call {
	spare := &s.node.calls.spare[s.index]
	if n := len(*spare); n > 0 {
		k := (*spare)[n-1]
		*spare = (*spare)[:n-1]
		return k
	}
	return &call{node: s.node, shard: s}
}

// send sends a handler's call.
func (k *call) send(args []any, timeout time.Duration, unwatched bool) error {
	s, cs := k.shard, k.node.calls
	m, err := k.prepare(s, unwatched, args)
	if err != nil {
		return err
	}
	if timeout > 0 {
		if k.timer == nil {
			k.timer = s.loop.NewTimer((*timeoutTask)(k))
		}
		k.timer.Reset(timeout)
		k.timed = true
	}
	a, err := s.offer(k.to, m)
	if a.Dropped && !k.timed {
		number, to := k.number, k.to
		_, err = s.ctx.Monitor(to, func(self *Context, r Reason) { cs.fail(self.shard, number, s.node.ended(to, r)) })
	}
	return err
}

// timeoutTask is a handler's call as the task of its timer.
type timeoutTask call

func (t *timeoutTask) Run() {
	k := (*call)(t)
	k.timed = false
	k.node.calls.fail(k.shard, k.number, ErrTimeout)
}

var _ loop.Task = (*call)(nil)

// Run tells the handler that the call is over; on its shard.
func (k *call) Run() {
	if k.timed {
		k.timer.Stop()
		k.timed = false
	}
	if k.port != nil {
		k.port.die(Reason{})
	}
	if self := k.self; k.then != nil && (self.port == nil || !self.port.dead.Load()) {
		self.protect(func() {
			m, err := k.result()
			k.then(self, m, err)
		})
	}
	k.free()
}

// free gives back a handler's call that is over.
func (k *call) free() {
	k.self, k.then, k.port, k.err, k.to = nil, nil, nil, nil, ""
	if spare := &k.node.calls.spare[k.shard.index]; len(*spare) < maxSpareCalls {
		*spare = append(*spare, k)
	}
}
