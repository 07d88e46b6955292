package main

import (
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// A tally is what went over connections in one direction.
type tally struct {
	Messages   uint64 // between ports, and between nodes
	Heartbeats uint64 // and the other control frames
	Octets     uint64 // all of them, handshakes too
}

func (t tally) minus(u tally) tally {
	return tally{t.Messages - u.Messages, t.Heartbeats - u.Heartbeats, t.Octets - u.Octets}
}

func (t tally) plus(u tally) tally {
	return tally{t.Messages + u.Messages, t.Heartbeats + u.Heartbeats, t.Octets + u.Octets}
}

// A meter counts what one node sends and receives. It belongs to the node's loop.
type meter struct{ in, out tally }

// A metered group is any loop.Group of one loop, with a meter on its connections: the
// same on the machine's network and in the simulator.
type metered struct {
	loop.Group
	meter
	loops [1]loop.Loop
}

func meterOf(g loop.Group) *metered {
	m := &metered{Group: g}
	m.loops[0] = &meteredLoop{g.Loops()[0], &m.meter}
	return m
}

func (m *metered) Loops() []loop.Loop { return m.loops[:] }

type meteredLoop struct {
	loop.Loop
	m *meter
}

func (l *meteredLoop) Listen(addr netip.AddrPort, accept func(netip.AddrPort) loop.Handler) (loop.Listener, error) {
	return l.Loop.Listen(addr, func(remote netip.AddrPort) loop.Handler {
		h := accept(remote)
		if h == nil {
			return nil
		}
		return &tap{l: l, h: h}
	})
}

func (l *meteredLoop) Dial(addr netip.AddrPort, timeout time.Duration, h loop.Handler) loop.Conn {
	t := &tap{l: l, h: h}
	t.Conn = l.Loop.Dial(addr, timeout, t)
	return t
}

// A tap is a connection for its handler and a handler for the connection.
type tap struct {
	loop.Conn
	l       *meteredLoop
	h       loop.Handler
	in, out cutter
}

func (t *tap) Loop() loop.Loop           { return t.l }
func (t *tap) SetHandler(h loop.Handler) { t.h = h }

func (t *tap) Write(p []byte) {
	t.out.count(p, &t.l.m.out)
	t.Conn.Write(p)
}

func (t *tap) Swap(p []byte) []byte {
	t.out.count(p, &t.l.m.out)
	return t.Conn.Swap(p)
}

func (t *tap) Open(c loop.Conn) {
	t.Conn = c
	t.h.Open(t)
}

func (t *tap) Data(_ loop.Conn, p []byte) {
	t.in.count(p, &t.l.m.in)
	t.h.Data(t, p)
}

func (t *tap) Drained(loop.Conn)             { t.h.Drained(t) }
func (t *tap) EOF(loop.Conn)                 { t.h.EOF(t) }
func (t *tap) Closed(_ loop.Conn, err error) { t.h.Closed(t, err) }

// handshakeLines come before the frames: the greeting, the nonce, the proof.
const handshakeLines = 3

// A cutter finds the frames in one direction of a connection (protocol 2.7).
type cutter struct {
	lines uint8  // that have ended
	head  uint8  // octets of the header that have come
	frame uint32 // the header, then how much of the frame is to come
}

func (c *cutter) count(p []byte, t *tally) {
	t.Octets += uint64(len(p))
	for len(p) > 0 {
		switch {
		case c.lines < handshakeLines:
			if p[0] == '\n' {
				c.lines++
			}
			p = p[1:]
		case c.head < 4:
			c.frame = c.frame<<8 | uint32(p[0])
			p = p[1:]
			if c.head++; c.head == 4 {
				c.begin(t)
			}
		default:
			n := min(c.frame, uint32(len(p)))
			p = p[n:]
			if c.frame -= n; c.frame == 0 {
				c.head = 0
			}
		}
	}
}

// begin counts the frame whose header is complete.
func (c *cutter) begin(t *tally) {
	if codec.Kind(c.frame>>24) == codec.KindControl {
		t.Heartbeats++
	} else {
		t.Messages++
	}
	if c.frame &= 0xffffff; c.frame == 0 {
		c.head = 0
	}
}
