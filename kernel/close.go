package kernel

import (
	"cmp"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// Close ends the node: it refuses new work and connections, sends what is queued as far as
// ctx allows, closes its links so that the peers see an orderly end, and kills its ports.
// What could not be sent is in an *UnflushedError. The loops go on: they may be
// shared. Not on a loop.
func (n *Node) Close(ctx context.Context) error {
	if n.Inside() {
		return ErrWouldBlock
	}
	done := make(chan map[string]int, 1)
	stop := n.StartClose(func(unsent map[string]int) { done <- unsent })
	if stop == nil {
		return ErrClosed
	}
	var unsent map[string]int
	select {
	case unsent = <-done:
	case <-ctx.Done():
		stop()
		unsent = <-done
	}
	if len(unsent) > 0 {
		return &UnflushedError{unsent}
	}
	return nil
}

// StartClose is Close without waiting: done is called once, on some loop (at once if they have stopped), with the octets
// that weren't sent, by node. stop ends the flushing at once. nil if the node
// is closing already.
func (n *Node) StartClose(done func(unsent map[string]int)) (stop func()) {
	if n.closing.Swap(true) {
		return nil
	}
	n.Unlisten()
	n.closeDataListeners()
	c := &closing{node: n, unsent: map[string]int{}, left: len(n.shards), done: done}
	n.ending.Store(c)
	for _, s := range n.shards {
		// The post says whether the loop still runs; the inbox puts it behind what was sent.
		if !s.loop.Post(loop.Func(func() { s.enter(func() { c.begin(s) }) })) {
			c.finish()
		}
	}
	return func() { c.forced.Store(true) }
}

// closing is the end of a node, shard by shard.
type closing struct {
	node *Node
	done func(map[string]int)
	// forced: no more flushing.
	forced atomic.Bool

	mu     sync.Mutex
	unsent map[string]int
	left   int
}

// drainPoll is how often a shard looks whether its links have taken everything.
const drainPoll = 5 * time.Millisecond

// begin is behind everything that was sent before. Ports end; peers that watch
// them see the link end, as with any node that leaves.
func (c *closing) begin(s *shard) {
	for _, p := range s.ownPorts() {
		p.die(NewReason("node_closed"))
	}
	c.node.calls.close(s)
	s.data.close()
	c.poll(s)
}

func (s *shard) ownPorts() []*Port {
	byName := map[string]*Port{}
	for _, p := range s.node.ports.all() {
		if p.shard == s {
			byName[p.name] = p
		}
	}
	return sortedValues(byName)
}

func (s *shard) ownPeers() []*peer {
	byID := map[string]*peer{}
	for _, p := range s.node.peers.all() {
		if p.shard == s {
			byID[p.id] = p
		}
	}
	return sortedValues(byID)
}

func sortedValues[K cmp.Ordered, V any](m map[K]V) []V {
	vs := make([]V, 0, len(m))
	for _, k := range sortedKeys(m) {
		vs = append(vs, m[k])
	}
	return vs
}

// poll ends each peer that has got everything, until all connections are closed.
func (c *closing) poll(s *shard) {
	waiting := false
	for _, p := range s.ownPeers() {
		p.flush(true)
		if n, _ := p.out.Level(); n > 0 && !c.forced.Load() {
			waiting = true
			continue
		}
		c.end(p)
		waiting = waiting || len(p.conns) > 0
	}
	if waiting {
		loop.After(s.loop, drainPoll, func() { c.poll(s) })
		return
	}
	c.finish()
}

// end closes a peer's connections; what hasn't been sent by now is noted.
func (c *closing) end(p *peer) {
	if t := c.node.trace; t != nil && !p.ended && !p.failing {
		t.onFailing(p)
	}
	p.ended = true
	p.endAttempt()
	c.missed(p, p.out.Shut())
	p.loseWatched(transportError(p.id, &link.Lost{Kind: link.LostShutdown}))
	live := p.live
	p.live = nil
	p.up.Store(false)
	for _, k := range p.conns {
		switch {
		case k == live && !c.forced.Load():
			k.link.CloseGently(&link.Lost{Kind: link.LostShutdown}, closeLinger)
		case k != live || c.forced.Load():
			k.link.Close(&link.Lost{Kind: link.LostShutdown})
		}
	}
}

// missed: so much of what was for a peer won't be sent, because time is up or its link
// was lost or couldn't be made.
func (c *closing) missed(p *peer, octets int) {
	if octets == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unsent[p.id] += octets
}

func (c *closing) finish() {
	c.mu.Lock()
	c.left--
	last := c.left == 0
	c.mu.Unlock()
	if last {
		c.done(c.unsent)
	}
}
