package kernel

import (
	"context"
	"sync"

	"github.com/aemp-go/aemp/codec"
)

// roomWaiter is a goroutine that waits for room, again and again.
type roomWaiter struct {
	ready chan struct{}
	wake  func()
}

var roomWaiters = sync.Pool{New: func() any {
	w := &roomWaiter{ready: make(chan struct{}, 1)}
	w.wake = func() { w.ready <- struct{}{} }
	return w
}}

// waitRoom blocks until there may be room on the way to a port.
func (n *Node) waitRoom(ctx context.Context, to string) error {
	if n.Inside() {
		return ErrWouldBlock
	}
	w := roomWaiters.Get().(*roomWaiter)
	q, id := n.whenRoom(to, w.wake)
	return w.wait(ctx, q, id)
}

// standBack blocks a goroutine until those that send to the same peer have got on, or ctx is done.
func (n *Node) standBack(ctx context.Context, p *peer) {
	if n.Inside() {
		return
	}
	w := roomWaiters.Get().(*roomWaiter)
	_ = w.wait(ctx, p.out, p.out.WhenGiven(w.wake))
}

// wait waits for the wake that a queue knows by the ID, if there is one, and ends the use of w.
func (w *roomWaiter) wait(ctx context.Context, q bounded, id int) error {
	if id == 0 {
		roomWaiters.Put(w)
		return nil
	}
	select {
	case <-w.ready:
		roomWaiters.Put(w)
		return nil
	case <-ctx.Done():
		q.CancelRoom(id) // but it may just be woken, and isn't used again
		return ctx.Err()
	}
}

// Inside says whether the caller runs on one of the node's loops, where nothing may
// wait. It is slow: ask it before waiting, not before anything else.
func (n *Node) Inside() bool { return n.here() != nil }

// here is the shard on whose loop the caller runs, or nil. It is slow.
func (n *Node) here() *shard {
	for _, s := range n.shards {
		if s.loop.Inside() {
			return s
		}
	}
	return nil
}

// WhenRoom calls f once when, after ErrFull, it is worth trying again to send to a
// port: perhaps at once, perhaps on another goroutine and under locks of the node, so f
// must neither block nor send. After cancel it isn't called, unless it is just running.
func (n *Node) WhenRoom(to string, f func()) (cancel func()) {
	q, id := n.whenRoom(to, f)
	if id == 0 {
		f()
		return func() {}
	}
	return func() { q.CancelRoom(id) }
}

// bounded is a queue that has room or not.
type bounded interface {
	WhenRoom(f func()) (id int)
	CancelRoom(id int)
}

// whenRoom is WhenRoom with what cancels it; the ID is 0 if there is room.
func (n *Node) whenRoom(to string, f func()) (q bounded, id int) {
	if n.faults.has(forgottenWaiter) {
		f = func() {}
	}
	node, port := codec.SplitPortID(to)
	if node != n.id {
		p := n.peers.get(node)
		if p == nil {
			return nil, 0
		}
		q = p.out
	} else {
		p := n.ports.get(port)
		switch {
		case p == nil:
			return nil, 0
		case p.box != nil && p.box.full():
			q = p.box
		default:
			q = &p.shard.inbox
		}
	}
	return q, q.WhenRoom(f)
}
