package kernel

import (
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// peer is another node: what is sent to it, the link with it or the attempt at one,
// our monitors of its ports and its monitors of ours. It lives on
// one loop; the outbox may be used from anywhere.
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
	conns    []*conn // in the order in which they were named
	live     *conn
	chosen   uint64 // moment of the last link
	attempt  *attempt
	retired  bool
	ended    bool // the node closes: no more connections to the peer
	failing  bool
	announce bool // the barrier's end is a node-down event
	lastID   int32
	*barrier // while failing
	probe    loop.Timer
	received uint64
	since    time.Duration

	watched map[string]*watchedPort // our monitors, by port name; "" is the node itself
	theirs  map[string]*watching    // its monitors of our ports
	held    int                     // how many those are
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
		shard: n.place(&n.nextPeer),
		out:   link.NewOutbox(&n.rules),
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
	c.peer, c.id = p, int(p.lastID)
	c.feed = feed{link: c.link, peer: p, shard: p.shard}
	p.conns = append(p.conns, c)
	return nil
}

// conn is the connection with a number, or nil. There are few of them.
func (p *peer) conn(id int) *conn {
	for _, c := range p.conns {
		if c.id == id {
			return c
		}
	}
	return nil
}

// apply does what the survivor rule says.
func (p *peer) apply(do []link.Action) {
	for _, a := range do {
		c := p.conn(a.Conn)
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
	epoch, _ := p.out.Epoch()
	l := &linked{peer: p, epoch: epoch, ours: c.link.Peer().Extended}
	p.shard.to(n.shards[0], loop.Func(func() { n.nodeUp(l) }))
	c.report(nil)
}

// closed: one of the peer's connections has ended.
func (p *peer) closed(c *conn, err error) {
	p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
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
