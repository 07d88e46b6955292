package kernel

import (
	"errors"
	"net/netip"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// peer is another node: what is sent to it, the link with it or the attempt at one,
// our monitors of its ports and its monitors of ours. It lives on the loop that its
// ID's hash chooses; the outbox may be used from anywhere.
//
// It is always in one of these states:
//
//	idle      no link; what is sent is queued and starts an attempt
//	trying    addresses are dialled, or the peer is just connecting to us
//	up        there is a link
//	failing   a link was lost or an attempt failed; what is sent is dropped until
//	          every loop has fired its monitors (the barrier)
type peer struct {
	node  *Node
	shard *shard
	id    string
	out   *link.Outbox
	up    atomic.Bool
	// arriving counts monitors on their way here, outside those of them that
	// goroutines have set: the barrier waits for these.
	arriving, outside atomic.Int64

	// The rest belongs to the shard.
	survivor *link.Survivor
	conns    map[int]*conn
	lastID   int
	live     *conn
	chosen   uint64 // moment of the last link
	attempt  *attempt
	retired  bool
	ended    bool // the node closes: no more connections to the peer
	barrier
	probe    loop.Timer
	received uint64
	since    time.Duration

	watched map[string]*watchedPort // our monitors, by port name; "" is the node itself
	theirs  map[string]*watching    // its monitors of our ports
	held    int                     // how many those are
}

// attempt is a try to connect to all of a node's addresses.
type attempt struct {
	schedule schedule
	addrs    []netip.AddrPort
	tick     loop.Timer
	limit    loop.Timer
	dials    []*conn
	last     error
}

// peerFor is the peer with an ID. Any goroutine.
func (n *Node) peerFor(id string) (*peer, error) {
	if p := n.peers.get(id); p != nil {
		return p, nil
	}
	if n.closing.Load() {
		return nil, ErrClosed
	}
	p, _ := n.peers.getOrPut(id, maxPeers, func() *peer { return n.newPeer(id) })
	if p == nil {
		return nil, errTooManyPeers
	}
	return p, nil
}

func (n *Node) newPeer(id string) *peer {
	p := &peer{
		node: n, id: id,
		shard: n.shards[hash(id)%uint64(len(n.shards))],
		out:   link.NewOutbox(n.links.Limits, n.marks, n.fit, len(n.shards)),
		conns: map[int]*conn{},
	}
	p.survivor = link.NewSurvivor(n.id, id)
	p.survivor.Yield = !n.links.Extensions
	if n.trace != nil {
		p.out.Trace = n.trace.accepted(p)
	}
	return p
}

// hash is FNV-1a: the same in each run, so that a simulation can be repeated.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

type (
	flushTask peer
	probeTask peer
)

func (t *flushTask) Run() { (*peer)(t).flush(false) }
func (t *probeTask) Run() { (*peer)(t).probed() }

// probed: the time for an answer is over. It may be on its way behind much else, so
// a link is given up only when it is silent.
func (p *peer) probed() {
	if p.live != nil && p.live.link.Fresh() {
		p.probe.Reset(probeTimeout)
		return
	}
	p.apply(p.survivor.ProbeFailed())
}

// flush gives the link what is to be sent (see link.Link.Flush), or starts to make one.
func (p *peer) flush(all bool) {
	if p.live != nil {
		p.live.link.Flush(all)
		return
	}
	if n, _ := p.out.Level(); n > 0 {
		p.connect()
		return
	}
	p.retire()
}

// wants says whether the peer's loop has something to do after a send: to flush or, if it was
// refused, perhaps to forget a peer that nobody else has anything to do with.
func (p *peer) wants(a link.Accepted, err error) bool { return a.Wake || err != nil && !p.up.Load() }

// join takes a connection in whose greeting has named this peer.
func (p *peer) join(c *conn) error {
	switch {
	case p.ended: // it was on its way between two loops
		return ErrClosed
	case p.retired:
		return errGivenUp
	}
	p.lastID++
	c.peer, c.id = p, p.lastID
	c.feed = feed{link: c.link, shard: p.shard}
	p.conns[c.id] = c
	return nil
}

// apply does what the survivor rule says.
func (p *peer) apply(do []link.Action) {
	for _, a := range do {
		c := p.conns[a.Conn]
		if c == nil {
			continue
		}
		switch a.Do {
		case link.SendProof:
			if err := c.link.SendProof(); err != nil {
				c.link.Close(err)
			}
			if t := p.node.trace; t != nil {
				t.onProved(c)
			}
		case link.Close:
			c.link.Close(a.Reason)
		case link.Probe:
			c.link.Probe()
			if p.probe == nil {
				p.probe = p.shard.loop.NewTimer((*probeTask)(p))
			}
			p.probe.Reset(probeTimeout)
		case link.TakeDown:
			c.link.Close(&link.Lost{Kind: link.LostReplaced, Err: a.Reason})
			p.lost(c, &link.Lost{Kind: link.LostReplaced, Err: a.Reason})
		case link.Up:
			p.linkUp(c)
		}
	}
}

func (p *peer) linkUp(c *conn) {
	n := p.node
	p.live = c
	p.chosen = n.moments.Add(1)
	p.endAttempt()
	if n.faults.has(dropOnSwitch) {
		p.out.Fail()
		p.out.Idle(func() bool { return true })
	}
	if err := c.link.Up(p.out); err != nil {
		c.link.Close(err)
		return
	}
	p.up.Store(true)
	p.received = 0
	p.since = p.shard.loop.Now()
	n.linkedUp(p, c)
	c.link.Flush(true)
	p.shard.to(n.shards[0], loop.Func(func() { n.event(p.id, true) }))
	c.report(nil)
}

// closed: one of the peer's connections has ended.
func (p *peer) closed(c *conn, err error) {
	delete(p.conns, c.id)
	if p.live == c {
		p.lost(c, err)
	}
	p.apply(p.survivor.Lost(c.id))
	c.report(err)
	p.dialFailed(c, err)
}

// lost: the link is gone, and with it what was on its way.
func (p *peer) lost(c *conn, err error) {
	if p.live != c {
		return
	}
	p.live = nil
	p.announce = p.up.Swap(false)
	if p.probe != nil {
		p.probe.Stop()
	}
	p.node.linkLost(p, c, err)
	p.fail(transportError(p.id, err))
}

// retire forgets a peer of which nothing is left.
func (p *peer) retire() {
	if p.live != nil || p.failing || p.attempt != nil || len(p.conns) > 0 || len(p.watched) > 0 ||
		p.arriving.Load() > 0 || p.node.knows(p.id) {
		return
	}
	if p.out.Retire() {
		p.retired = true
		p.node.peers.remove(p.id, p)
	}
}

// connect starts to dial the node, unless that is under way or not possible now.
func (p *peer) connect() {
	if p.live != nil || p.failing || p.attempt != nil || p.retired || p.ended {
		return
	}
	addrs := p.node.addresses(p.id)
	if len(addrs) == 0 {
		if len(p.conns) > 0 {
			return // it is just coming to us
		}
		p.giveUp(&ConnectError{Node: p.id, Err: ErrNoAddress})
		return
	}
	n := p.node
	a := &attempt{
		schedule: newSchedule(len(addrs), n.connectInterval, n.monitorTimeout),
		addrs:    addrs,
	}
	p.attempt = a
	a.tick = p.shard.loop.NewTimer(loop.Func(func() { p.dialNext(a) }))
	a.limit = loop.After(p.shard.loop, n.monitorTimeout, func() {
		if p.attempt == a {
			p.giveUp(&ConnectError{Node: p.id, Tried: a.schedule.next, Err: ErrTimeout})
		}
	})
	p.dialNext(a)
}

func (p *peer) dialNext(a *attempt) {
	if p.attempt != a {
		return
	}
	i, again, ok := a.schedule.tick(randomFloat(p.shard.loop))
	if !ok {
		return
	}
	if again > 0 {
		a.tick.Reset(again)
	}
	a.dials = append(a.dials, p.shard.dial(a.addrs[i], p.id))
}

// dialFailed: a connection has ended; it may have been one of the attempt's.
func (p *peer) dialFailed(c *conn, err error) {
	a := p.attempt
	if a == nil {
		if p.live == nil && !p.failing {
			p.abandon(err)
		}
		return
	}
	if i := slices.Index(a.dials, c); i >= 0 {
		a.dials = slices.Delete(a.dials, i, i+1)
		a.last = err
		if a.schedule.failed() {
			p.abandon(err)
		}
		return
	}
	if a.schedule.running == 0 && a.schedule.next == a.schedule.n {
		p.abandon(a.last)
	}
}

// abandon gives up unless the peer is just coming to us, or nobody waits.
func (p *peer) abandon(err error) {
	if len(p.conns) > 0 || p.ended {
		return
	}
	tried := 0
	if p.attempt != nil {
		tried = p.attempt.schedule.next
	}
	if n, _ := p.out.Level(); p.attempt == nil && n == 0 && len(p.watched) == 0 {
		p.retire()
		return
	}
	if tried == 0 {
		if len(p.node.addresses(p.id)) > 0 {
			p.connect() // we had only waited for it to come
			return
		}
		err = ErrNoAddress
	}
	p.giveUp(&ConnectError{Node: p.id, Tried: tried, Err: err})
}

// giveUp: the node can't be reached. What is queued is lost, and its monitors fire.
func (p *peer) giveUp(err *ConnectError) {
	p.node.note(p.id, err)
	p.survivor.AttemptFailed()
	p.fail(transportError(p.id, err))
}

// endAttempt stops dialling; connections that got as far as a greeting are the survivor's.
func (p *peer) endAttempt() {
	a := p.attempt
	if a == nil {
		return
	}
	p.attempt = nil
	a.tick.Stop()
	a.limit.Stop()
	for _, c := range a.dials {
		if c.peer == nil {
			c.link.Close(errGivenUp)
		}
	}
}

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
	port := p.node.ports.get(name)
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

func (p *peer) note(err error) {
	if err != nil {
		p.node.note(p.id, err)
	}
}

var (
	errTooManyPeers   = errors.New("too many nodes")
	errTooManyWatches = errors.New("too many monitors")
	errInUse          = errors.New("in use")
	errNoMailbox      = errors.New("it was made without a mailbox")
)
