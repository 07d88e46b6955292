package reactor

import (
	"sync/atomic"
	"time"
)

// LoopStats is what one loop has done since it was started.
type LoopStats struct {
	Turns         uint64 // events handled, and batches of tasks
	Posts         uint64 // tasks accepted
	Wakeups       uint64 // batches of them
	Reads         uint64 // read(2) calls
	ReadOctets    uint64
	Writes        uint64 // write(2) calls
	WrittenOctets uint64
	Panics        uint64 // recovered
	AcceptPauses  uint64 // listeners that rested for want of descriptors
	Conns         int    // connections, and attempts, at the moment

	// How late the loop is: the longest that an event or a batch took, or that a timer
	// was overdue.
	Lag    time.Duration // of late: it fades with each turn
	MaxLag time.Duration // since Stats was last called
}

// counts is written by the loop and read by anybody.
type counts struct {
	turns, wakeups, reads, readOctets, writes, writtenOctets, panics, acceptPauses atomic.Uint64
	conns                                                                          atomic.Int64
}

// Stats returns one LoopStats per loop. Any goroutine.
func (g *Group) Stats() []LoopStats {
	all := make([]LoopStats, len(g.loops))
	for i, l := range g.loops {
		n := &l.counts
		all[i] = LoopStats{
			Turns:         n.turns.Load(),
			Posts:         l.inbox.total(),
			Wakeups:       n.wakeups.Load(),
			Reads:         n.reads.Load(),
			ReadOctets:    n.readOctets.Load(),
			Writes:        n.writes.Load(),
			WrittenOctets: n.writtenOctets.Load(),
			Panics:        n.panics.Load(),
			AcceptPauses:  n.acceptPauses.Load(),
			Conns:         int(n.conns.Load()),
			Lag:           l.pulse.lag(),
			MaxLag:        time.Duration(l.pulse.worst.Swap(0)),
		}
	}
	return all
}

// Lag is the largest Lag of any loop. It costs next to nothing. Any goroutine.
func (g *Group) Lag() time.Duration {
	var lag time.Duration
	for _, l := range g.loops {
		lag = max(lag, l.pulse.lag())
	}
	return lag
}
