package kernel

import (
	"context"

	"github.com/aemp-go/aemp/codec"
)

// waitRoom blocks until there may be room on the way to a port.
func (n *Node) waitRoom(ctx context.Context, to string) error {
	if n.Inside() {
		return ErrWouldBlock
	}
	ch := make(chan struct{})
	cancel := n.WhenRoom(to, func() { close(ch) })
	select {
	case <-ch:
		return nil
	case <-ctx.Done():
		cancel()
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
	if n.faults.has(forgottenWaiter) {
		f = func() {}
	}
	if cancel = n.whenRoom(to, f); cancel == nil {
		f()
		return func() {}
	}
	return cancel
}

// whenRoom is WhenRoom, but gives nil if there is room.
func (n *Node) whenRoom(to string, f func()) (cancel func()) {
	node, port := codec.SplitPortID(to)
	if node != n.id {
		if p := n.peers.get(node); p != nil {
			return p.out.WhenRoom(f)
		}
		return nil
	}
	p := n.ports.get(port)
	switch {
	case p == nil:
		return nil
	case p.box != nil && p.box.full():
		return p.box.whenRoom(f)
	}
	return p.shard.inbox.whenRoom(f)
}
