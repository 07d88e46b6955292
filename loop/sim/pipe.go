package sim

import (
	"bytes"
	"time"
)

// A pipe is one direction of a connection, from the sender's system to the
// receiver's. It belongs to the receiving conn.
type pipe struct {
	from, to *conn
	link     *Link // the way of the octets
	back     *Link // the way of what the receiver says to them
	size     int   // how much is taken before it is read
	slow     bool  // the receiver reads a little at a time

	data     []byte // sent and not yet read, from head on
	head     int
	arrived  int  // how many of them are at the receiver
	lent     bool // the receiver's handler has some of data: it stays where it is
	segments []segment
	first    int           // the next of segments to arrive
	last     time.Duration // when the last one does
	fin      bool          // sent
	finished bool          // the fin has arrived

	arrival event // of the first segment
	freed   event // the sender learns that there is room again
}

// A segment is what arrives together: n octets, or the end if n is 0.
type segment struct {
	at time.Duration
	n  int
}

type arrivalOf pipe
type freedOf pipe

func (x *arrivalOf) fire() { (*pipe)(x).arrive() }
func (x *freedOf) fire()   { (*pipe)(x).onFreed() }

// join connects two ends.
func join(c, v *conn) {
	there, back := c.w.Link(c.host, v.host), c.w.Link(v.host, c.host)
	c.peer, v.peer = v, c
	c.in.lay(v, c, back, there)
	v.in.lay(c, v, there, back)
}

func (p *pipe) lay(from, to *conn, link, back *Link) {
	w := to.w
	p.from, p.to, p.link, p.back = from, to, link, back
	p.size = w.opt.MinBuffer + w.rand.IntN(w.opt.MaxBuffer-w.opt.MinBuffer+1)
	if n := w.opt.Faults.SlowReaders; n > 0 && w.oneIn(uint64(n)) {
		p.slow = true
		w.Stats.SlowReader++
	}
	p.arrival.to, p.freed.to = (*arrivalOf)(p), (*freedOf)(p)
}

func (p *pipe) room() int { return p.size - (len(p.data) - p.head) }

// send takes what fits and says how much that was.
func (p *pipe) send(b []byte) int {
	b = b[:max(0, min(len(b), p.room()))]
	if len(b) == 0 {
		return 0
	}
	p.compact()
	p.data = append(p.data, b...)
	w := p.to.w
	rest := len(b)
	for !w.opt.Whole && rest > 1 && w.oneIn(4) {
		n := 1 + w.rand.IntN(rest-1)
		p.transmit(n)
		rest -= n
		w.Stats.Cuts++
	}
	p.transmit(rest)
	return len(b)
}

func (p *pipe) sendFin() {
	if !p.fin {
		p.fin = true
		p.transmit(0)
	}
}

func (p *pipe) transmit(n int) {
	w := p.to.w
	w.Stats.Segments++
	p.last = max(p.last, w.now+p.link.delay())
	p.segments = append(p.segments, segment{p.last, n})
	if !p.arrival.isSet() && !p.arrival.held {
		w.set(&p.arrival, p.last)
	}
}

// compact makes room at the end of data now and then.
func (p *pipe) compact() {
	if p.lent {
		return
	}
	if p.head == len(p.data) {
		p.data, p.head = p.data[:0], 0
	} else if p.head > 32<<10 && p.head > len(p.data)/2 {
		p.data = p.data[:copy(p.data, p.data[p.head:])]
		p.head = 0
	}
}

// arrive happens when the first segment is due.
func (p *pipe) arrive() {
	if !p.link.passes(&p.arrival) {
		return
	}
	c := p.to
	if c.gone() {
		p.bounce()
		return
	}
	if c.deferred(&p.arrival) {
		return
	}
	w := c.w
	for n := 0; p.first < len(p.segments) && p.segments[p.first].at <= w.now; n++ {
		s := p.segments[p.first]
		p.first++
		p.arrived += s.n
		p.finished = p.finished || s.n == 0
		if n > 0 {
			w.Stats.Joined++
		}
	}
	if p.first == len(p.segments) {
		p.segments, p.first = p.segments[:0], 0
	} else {
		if p.first > 256 {
			p.segments = p.segments[:copy(p.segments, p.segments[p.first:])]
			p.first = 0
		}
		w.set(&p.arrival, p.segments[p.first].at)
	}
	c.incoming()
}

// bounce is what happens to octets for an end that is gone.
func (p *pipe) bounce() {
	if p.to.mute {
		return // nobody acknowledges them either
	}
	for _, s := range p.segments[p.first:] {
		if s.n > 0 { // an end alone isn't answered
			p.to.resetPeer()
			break
		}
	}
	p.data, p.head, p.arrived = nil, 0, 0
	p.segments, p.first = nil, 0
}

// take reads n of the arrived octets; they stay valid until give.
func (p *pipe) take(n int) []byte {
	b := p.data[p.head : p.head+n : p.head+n]
	p.head += n
	p.arrived -= n
	p.lent = true
	return b
}

// give ends the use of b, and tells a waiting sender that there is room.
func (p *pipe) give(b []byte) {
	p.lent = false
	poison(b)
	w := p.to.w
	w.Stats.Poisoned += len(b)
	if p.from.blocked && !p.freed.isSet() && !p.freed.held {
		w.set(&p.freed, w.now+p.back.delay())
	}
}

// discard throws away what has arrived.
func (p *pipe) discard() {
	p.give(p.take(p.arrived))
}

// junk is what borrowed octets become.
var junk = bytes.Repeat([]byte{0xdb, 0xde, 0xad, 0xbe, 0xef}, 1000)

// poison makes sure that whoever keeps borrowed octets notices.
func poison(b []byte) {
	for len(b) > 0 {
		b = b[copy(b, junk):]
	}
}

// onFreed happens when the sender learns that there is room.
func (p *pipe) onFreed() {
	if !p.back.passes(&p.freed) {
		return
	}
	if c := p.from; !c.gone() && !c.deferred(&p.freed) {
		c.writable()
	}
}
