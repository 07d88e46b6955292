package kernel

import (
	"github.com/aemp-go/aemp/loop"
)

// The barrier. When a link is lost, or an attempt at one fails, what was queued is
// lost with it. Whoever monitors something there must be told before anything more
// that he sends can arrive. Senders don't ask the peer's loop, so each loop passes
// the barrier at a moment of its own:
//
//	failing  on the peer's loop: what is sent to the peer is dropped, its monitors fire
//	seen     on each loop: monitors that are set here from now on are kept back
//	joined   on each loop: all monitors set here before have fired, and those kept back
//	         fire now. What is sent from here is queued for the next link, and monitors
//	         set here belong to it
//	idle     all loops have joined: the next link may come up. What goroutines send is
//	         queued from now on
//
// So a handler that monitors again whenever its monitor fires, as supervisors do,
// neither holds up the barrier nor is called again and again while it lasts.
type barrier struct {
	reason  Reason
	missing int    // loops that haven't answered
	joined  []bool // by shard
}

// failure is a barrier that a shard has seen and not yet passed.
type failure struct {
	reason Reason
	late   []*Monitor
}

// fail begins the barrier.
func (p *peer) fail(r Reason) {
	n := p.node
	p.failing = true
	p.barrier = &barrier{reason: r, missing: len(n.shards), joined: make([]bool, len(n.shards))}
	p.endAttempt()
	lost := p.out.Fail()
	n.drops.lost.Add(uint64(lost))
	if c := n.ending.Load(); c != nil {
		c.missed(p, lost)
	}
	if t := n.trace; t != nil {
		t.onFailing(p)
	}
	p.loseWatched(r)
	for _, name := range sortedKeys(p.theirs) {
		p.theirs[name].cancelAll(p.shard)
	}
	p.theirs, p.held = nil, 0
	for _, s := range n.shards {
		p.shard.to(s, loop.Func(func() { s.see(p, r) }))
	}
}

// see: the shard gets to know of the failure. Its answer comes behind all monitors
// that were set here before.
func (s *shard) see(p *peer, r Reason) {
	if s.failures == nil {
		s.failures = map[*peer]*failure{}
	}
	s.failures[p] = &failure{reason: r}
	s.to(p.shard, loop.Func(p.seen))
}

// seen: another shard has seen the failure. Once all have, all monitors from before
// it have come here and are firing; behind them each shard is told to go on.
func (p *peer) seen() {
	p.missing--
	if p.missing > 0 {
		return
	}
	p.missing = len(p.node.shards)
	for _, s := range p.node.shards {
		p.shard.to(s, loop.Func(func() { s.join(p) }))
	}
}

// join: the shard has fired its monitors and passes the barrier. The peer's shard
// learns of it before it sees any monitor that is set here now.
func (s *shard) join(p *peer) {
	f := s.failures[p]
	delete(s.failures, p)
	p.out.Join(s.index)
	s.to(p.shard, loop.Func(func() { p.joinedBy(s) }))
	for _, m := range f.late {
		m.run(f.reason)
	}
}

func (p *peer) joinedBy(s *shard) {
	p.joined[s.index] = true
	p.missing--
	if p.missing == 0 {
		p.end()
	}
}

// end ends the barrier, unless a monitor that a goroutine has set is on its way: if
// it was set before a message that was dropped, it has to fire first.
func (p *peer) end() {
	if !p.out.Idle(func() bool { return p.outside.Load() == 0 }) {
		if p.shard.inbox.run(loop.Func(p.end)) { // behind those that are arriving
			p.shard.inbox.wake()
		}
		return
	}
	p.failing, p.barrier = false, nil
	if t := p.node.trace; t != nil {
		t.onIdle(p)
	}
	if p.announce {
		p.announce = false
		n := p.node
		p.shard.to(n.shards[0], loop.Func(func() { n.nodeDown(p.id) }))
	}
	p.apply(p.survivor.Idle())
	if n, _ := p.out.Level(); p.live == nil && (n > 0 || p.watched[""] != nil) {
		p.connect()
	}
	p.retire()
}

// passed says whether a monitor was set behind the barrier.
func (p *peer) passed(m *Monitor) bool { return !m.outside && p.joined[m.home.index] }
