package kernel

import (
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// watch arms a monitor of one of the peer's ports or, without a port name, of the
// link with it.
func (p *peer) watch(m *Monitor) {
	p.arriving.Add(-1)
	if m.outside {
		defer p.outside.Add(-1)
	}
	failing := p.failing && !p.passed(m)
	switch {
	case m.state.Load() != armed:
		if m.early && !failing && !p.retired && !p.ended {
			p.tell(m.home, mon0(m.name)) // its mon1 is out
		}
		return
	case p.retired:
		m.fire(p.shard, transportError(p.id, &ConnectError{Node: p.id, Err: ErrNoAddress}))
		return
	case p.ended:
		m.fire(p.shard, transportError(p.id, ErrClosed))
		return
	case failing && !p.node.faults.has(staleEpoch):
		p.fireNow(m, p.reason)
		return
	}
	w := p.watched[m.name]
	if w == nil {
		w = &watchedPort{}
		if p.watched == nil {
			p.watched = map[string]*watchedPort{}
		}
		p.watched[m.name] = w
	}
	w.add(m)
	if m.early {
		return
	}
	w.sharing++
	switch {
	case m.name == "":
		p.connect()
	case w.sharing == 1:
		p.tell(m.home, mon1(m.name))
	}
}

// loseWatched fires all our monitors: there is no way to the peer any more.
func (p *peer) loseWatched(r Reason) {
	for _, name := range sortedKeys(p.watched) {
		p.watched[name].fire(p.shard, r)
	}
	p.watched = nil
}

// watchedPort is a peer's port that we monitor: one mon1 serves all our monitors,
// save the early ones, which have their own.
type watchedPort struct {
	watchers
	sharing int
}

func (p *peer) unwatch(m *Monitor) {
	w := p.watched[m.name]
	if w == nil || !m.listed {
		return
	}
	w.remove(m)
	if len(w.watchers) == 0 {
		delete(p.watched, m.name)
	}
	if !m.early {
		w.sharing--
	}
	if m.name != "" && (m.early || w.sharing == 0) {
		p.tell(m.home, mon0(m.name))
	}
}

// sawDeath: the peer says that a port of its has died. Of ports that aren't
// monitored it is ignored. Monitors of this loop act at once, as messages are
// delivered at once, or the next message would overtake the news.
func (p *peer) sawDeath(port string, r Reason) {
	w := p.watched[port]
	if w == nil || port == "" {
		return
	}
	delete(p.watched, port)
	for _, m := range w.watchers {
		m.listed = false
		p.fireNow(m, r)
	}
}

// fireNow fires a monitor, at once if it acts on this loop: what is done next here
// comes after it.
func (p *peer) fireNow(m *Monitor, r Reason) {
	if m.home == p.shard {
		m.run(r)
	} else {
		m.fire(p.shard, r)
	}
}

// monitored: the peer wants to know when one of our ports dies.
func (p *peer) monitored(name string) {
	epoch, _ := p.out.Epoch()
	port := p.node.port(name)
	if port == nil {
		p.obituary(p.shard, epoch, name, p.node.fate(name))
		return
	}
	if p.held >= maxWatchesPerPeer {
		p.node.note(p.id, errTooManyWatches)
		p.obituary(p.shard, epoch, name, NewReason("overload", errTooManyWatches.Error()))
		return
	}
	m := &Monitor{home: port.shard, local: port, name: name}
	m.act = func(self *Context, r Reason) {
		p.obituary(self.shard, epoch, name, r)
		self.shard.to(p.shard, loop.Func(func() { p.unhold(m) }))
	}
	w := p.theirs[name]
	if w == nil {
		w = &watching{}
		if p.theirs == nil {
			p.theirs = map[string]*watching{}
		}
		p.theirs[name] = w
	}
	w.add(m)
	p.held++
	if port.shard == p.shard {
		m.enter() // the next message may kill the port
		return
	}
	p.shard.to(port.shard, loop.Func(m.enter))
}

// unmonitored takes the last of the peer's monitors of a port back.
func (p *peer) unmonitored(name string) {
	if w := p.theirs[name]; w != nil {
		m := (*w)[len(*w)-1]
		m.cancel(p.shard)
		p.unhold(m)
	}
}

func (p *peer) unhold(m *Monitor) {
	w := p.theirs[m.name]
	if w == nil || m.held == 0 {
		return
	}
	w.remove(m)
	p.held--
	if len(*w) == 0 {
		delete(p.theirs, m.name)
	}
}

// obituary tells the peer that a port it monitored has died, unless the link on
// which it asked is gone. From any shard.
func (p *peer) obituary(s *shard, epoch uint64, port string, r Reason) {
	if p.node.closing.Load() {
		return // it sees the link end
	}
	a, ok, err := p.out.MessageIn(epoch, "", kil0(port, r))
	if err != nil && err != ErrOverload { // the peer's framing has no word for the reason
		a, ok, err = p.out.MessageIn(epoch, "", kil0(port, die("reason can't be encoded: "+err.Error())))
	}
	switch {
	case err != nil:
		p.note(err)
		s.to(p.shard, loop.Func(func() { p.reset(epoch) }))
	case ok && a.Wake:
		s.flushLater(p)
	}
}

// reset ends the link of an epoch that has no room for what the peer must get to know;
// it learns of it by that.
func (p *peer) reset(epoch uint64) {
	if now, _ := p.out.Epoch(); now == epoch && p.live != nil {
		p.live.link.Close(&link.Lost{Kind: link.LostOverload})
	}
}
