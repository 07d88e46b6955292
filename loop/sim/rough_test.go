package sim

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A sender does all kinds of things with a connection that may break at any time:
// it sends, pauses, moves to another loop and back, and ends it in one of the ways
// there are.
type sender struct {
	probe
	t    *testing.T
	w    *World
	tls  *loop.Identity // nil: plain
	dial bool
	n    byte
	peer *sender // nil: it never got through
	sent []byte

	handshakes int           // results
	orderly    bool          // it has ended its direction after all that it sent
	told       bool          // to close
	lingers    time.Duration // until then at most
	moves      int
}

func (s *sender) Open(c loop.Conn) {
	if s.probe.Open(c); s.told {
		s.t.Error("Open after Close")
	}
	if s.tls == nil {
		s.tick()
		return
	}
	c.StartTLS(s.tls, s.dial, nil, func(_ loop.Session, err error) {
		if s.handshakes++; s.handshakes != 1 || s.closed > 0 || err == nil && s.told {
			s.t.Errorf("handshake result %d, %v, closed %d, told %v", s.handshakes, err, s.closed, s.told)
		}
		if err != nil {
			s.told = true
			c.Close(err)
			return
		}
		s.tick()
	})
	if s.w.oneIn(20) {
		s.told = true
		c.Close(errTest)
	}
}

// tick is what it does now and then. Only one tick is on its way at a time.
func (s *sender) tick() {
	if s.closed > 0 || s.told {
		return
	}
	l, c := s.c.Loop().(*eventLoop), s.c
	switch r := s.w.Rand().IntN(200); {
	case r < 10:
		s.moves++
		c.Move(l.group.loops[1-l.index], s.tick)
		return
	case r < 20:
		c.Pause()
	case r == 20:
		c.CloseWrite()
		s.orderly = true
	case r == 21:
		s.drain(c)
		return
	case r == 22:
		s.close(c)
		return
	case !s.orderly:
		s.send()
	}
	again := func() {
		if s.closed == 0 && !s.told {
			c.Resume()
		}
		s.tick()
	}
	loop.After(l, time.Duration(s.w.Rand().IntN(40000))*time.Microsecond, again)
}

func (s *sender) send() {
	p := make([]byte, 1+s.w.Rand().IntN(1000))
	for i := range p {
		s.n += 1 + byte(i%3)
		p[i] = s.n
	}
	s.sent = append(s.sent, p...)
	s.c.Write(p)
}

func (s *sender) Data(c loop.Conn, p []byte) {
	s.probe.Data(c, p)
	if s.closed > 0 || s.eofs > 0 || s.told || s.tls != nil && s.handshakes == 0 {
		s.t.Errorf("Data with closed %d, EOFs %d, told %v, handshakes %d", s.closed, s.eofs, s.told, s.handshakes)
	}
}

func (s *sender) EOF(c loop.Conn) {
	if s.probe.EOF(c); s.eofs != 1 || s.told {
		s.t.Errorf("EOF call %d, told to close %v", s.eofs, s.told)
	}
	if s.w.oneIn(2) {
		s.drain(c)
	} else {
		s.close(c)
	}
}

const linger = 5 * time.Second

func (s *sender) drain(c loop.Conn) {
	s.told, s.orderly, s.lingers = true, true, s.w.Now()+linger
	c.CloseAfterDrain(errTest, linger)
}

func (s *sender) close(c loop.Conn) {
	s.told = true
	s.orderly = s.orderly && c.Buffered() == 0
	c.Close(errTest)
}

func (s *sender) Closed(c loop.Conn, err error) {
	if s.probe.Closed(c, err); s.closed != 1 {
		s.t.Error("Closed came twice")
	}
	if s.told && s.tls == nil && err != errTest {
		s.t.Errorf("told to close, it ended with %v", err)
	}
	if s.lingers > 0 && s.w.Now() >= s.lingers {
		s.orderly = false
	}
}

// check is made when all is over.
func (s *sender) check() {
	s.t.Helper()
	if s.closed != 1 || s.opened > 1 || s.tls != nil && s.handshakes != s.opened {
		s.t.Errorf("opened %d times, closed %d times, %d handshake results", s.opened, s.closed, s.handshakes)
	}
	if s.peer == nil {
		if len(s.got) > 0 {
			s.t.Error("got something from nobody")
		}
		return
	}
	if !bytes.HasPrefix(s.peer.sent, s.got) {
		s.t.Errorf("got %d octets that aren't the beginning of the %d sent", len(s.got), len(s.peer.sent))
	}
	if s.eofs == 1 && s.peer.orderly && len(s.got) != len(s.peer.sent) {
		s.t.Errorf("got %d octets and EOF of %d sent", len(s.got), len(s.peer.sent))
	}
}

// roughWorld lets many connections live and end among faults, and returns what was
// met.
func roughWorld(t *testing.T, seed uint64, id *loop.Identity) Stats {
	d := newDuo(t, Options{Seed: seed, Faults: Rough(), MinBuffer: 500, MaxBuffer: 5000})
	at := netip.AddrPortFrom(d.b.Addr(), 5050)
	byLocal := make(map[netip.AddrPort]*sender)
	var accepted, dialled []*sender
	var conns []loop.Conn
	d.Do(d.lb, func() {
		d.lb.Listen(at, func(remote netip.AddrPort) loop.Handler {
			v := &sender{t: t, w: d.World, tls: id}
			accepted = append(accepted, v)
			byLocal[remote] = v
			return v
		})
	})
	for i := range 40 {
		d.Do(d.la, func() {
			loop.After(d.la, time.Duration(i)*150*time.Millisecond, func() {
				c := &sender{t: t, w: d.World, tls: id, dial: true}
				dialled = append(dialled, c)
				conn := d.la.Dial(at, 3*time.Second, c)
				conns = append(conns, conn)
				if d.oneIn(4) { // give up soon
					loop.After(d.la, time.Duration(d.Rand().IntN(3000))*time.Microsecond, func() {
						if c.opened+c.closed == 0 {
							c.close(conn)
						}
					})
				}
			})
		})
	}
	d.Run(15 * time.Second)
	d.StopFaults()
	d.pass(10 * time.Second)
	d.ga.Close()
	d.gb.Close()
	for i, c := range dialled {
		if v := byLocal[conns[i].Local()]; v != nil {
			c.peer, v.peer = v, c
		}
	}
	for _, s := range append(accepted, dialled...) {
		if s.opened > 0 || s.dial {
			s.check()
		}
	}
	for _, p := range d.Panics {
		t.Error(p)
	}
	if d.Stats.Opened == 0 || len(d.conns) != 0 {
		t.Errorf("%d opened, %d left", d.Stats.Opened, len(d.conns))
	}
	return d.Stats
}

func TestInARoughWorldWhatArrivesIsTheBeginningOfWhatWasSent(t *testing.T) {
	const seeds = 20
	var all Stats
	for seed := range uint64(seeds) {
		var id *loop.Identity
		if seed%2 == 1 {
			id = &loop.Identity{Model: "ours"}
		}
		all.add(roughWorld(t, seed, id))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	t.Logf("%+v", all)
	for name, n := range map[string]int{
		"cuts": all.Cuts, "joined": all.Joined, "held": all.Held, "blocked": all.Blocked, "drained": all.Drained,
		"resets": all.Resets, "half dead": all.HalfDead, "partitions": all.Partitions, "stalls": all.Stalls,
		"delayed": all.Delayed, "slow readers": all.SlowReader, "timed out": all.TimedOut, "retried": all.Retried,
		"moves": all.Moves, "events that met a move": all.MoveMeetings, "late cancels": all.LateCancels,
		"TLS sessions": all.TLS, "failed handshakes": all.TLSFailed,
	} {
		if n == 0 {
			t.Errorf("no %s in %d rough worlds", name, seeds)
		}
	}
}

// add sums up all counters.
func (s *Stats) add(o Stats) {
	to, from := reflect.ValueOf(s).Elem(), reflect.ValueOf(o)
	for i := range to.NumField() {
		to.Field(i).SetInt(to.Field(i).Int() + from.Field(i).Int())
	}
}
