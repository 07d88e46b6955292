package kernel

import (
	"maps"
	"sort"
	"sync/atomic"
	"time"
)

// drops counts what was not delivered, by cause.
type drops struct {
	unknown   atomic.Uint64 // no such port
	dead      atomic.Uint64 // the port died while the message was on its way
	unhandled atomic.Uint64 // the port ignores what it has no handler for
	ignored   atomic.Uint64 // not a message, or a request that makes no sense
	mailbox   atomic.Uint64 // the mailbox was at its hard limit
	lost      atomic.Uint64 // octets that were queued for a link when it was lost
}

// Stats is what a node is doing. Everything counts from its start unless it says "now".
type Stats struct {
	Ports      int // now
	Peers      int // nodes remembered now, with a link or not
	Links      []LinkStats
	Handshakes map[string]uint64 // by outcome: "ok" or the kind of failure
	Pending    int64             // accepted connections in their handshake now
	Panics     uint64            // of handlers
	Drops      Drops
	Loops      []LoopStats
}

// LinkStats is one link now.
type LinkStats struct {
	Node     string
	Address  string
	Auth     string
	Out, In  string // framings
	Queued   int    // octets that wait to be sent
	Dropped  uint64 // messages to this node that were dropped after a loss
	Received uint64 // messages on this link
	Up       time.Duration
}

// Drops counts messages that were not delivered, by cause; LostOctets is what
// was still queued when links were lost.
type Drops struct{ UnknownPort, DeadPort, Unhandled, Ignored, Mailbox, LostOctets uint64 }

// LoopStats is one loop now.
type LoopStats struct {
	Inbox int           // octets on their way from other loops and goroutines
	Lag   time.Duration // how long a task posted for this question waited
}

// Stats asks every loop; it takes as long as the slowest needs to answer. Not on a loop
// (there it returns what can be had without asking).
func (n *Node) Stats() Stats {
	s := Stats{
		Ports:      n.ports.len() - 1, // not the node's own
		Peers:      n.peers.len(),
		Pending:    n.handshakes.Load(),
		Panics:     n.panics.Load(),
		Handshakes: map[string]uint64{},
		Drops: Drops{n.drops.unknown.Load(), n.drops.dead.Load(), n.drops.unhandled.Load(),
			n.drops.ignored.Load(), n.drops.mailbox.Load(), n.drops.lost.Load()},
	}
	n.mu.Lock()
	maps.Copy(s.Handshakes, n.outcomes)
	n.mu.Unlock()
	if n.Inside() || n.closing.Load() {
		return s
	}
	type answer struct {
		index int
		loop  LoopStats
		links []LinkStats
	}
	answers := make(chan answer, len(n.shards))
	asked := 0
	for _, sh := range n.shards {
		start := sh.loop.Now()
		if sh.loop.Post(taskFunc(func() {
			answers <- answer{sh.index, LoopStats{sh.inbox.level(), sh.loop.Now() - start}, sh.linkStats()}
		})) {
			asked++
		}
	}
	s.Loops = make([]LoopStats, len(n.shards))
	for range asked {
		a := <-answers
		s.Loops[a.index] = a.loop
		s.Links = append(s.Links, a.links...)
	}
	sort.Slice(s.Links, func(i, j int) bool { return s.Links[i].Node < s.Links[j].Node })
	return s
}

type taskFunc func()

func (f taskFunc) Run() { f() }

// linkStats are those of the peers on this shard; on its loop.
func (s *shard) linkStats() []LinkStats {
	var all []LinkStats
	for _, p := range s.node.peers.all() {
		if p.shard != s || p.live == nil {
			continue
		}
		p.live.link.Settle()
		a := p.live.link.Agreed()
		queued, dropped := p.out.Level()
		all = append(all, LinkStats{
			Node: p.id, Address: p.live.link.Remote().String(), Auth: a.Method,
			Out: a.Out.String(), In: a.In.String(),
			Queued: queued, Dropped: dropped, Received: p.received, Up: s.loop.Now() - p.since,
		})
	}
	return all
}
