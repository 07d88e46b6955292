package looptest

import (
	"errors"
	"net/netip"
	"syscall"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// dial dials from a and waits for the end.
func (s *stage) dialFails(to netip.AddrPort) error {
	s.Helper()
	e := s.end("dialler")
	s.on(s.a, func() { e.conn = s.a.Dial(to, dialTime, e) })
	s.until("the dial to fail", e.isClosed)
	if e.opened != 0 {
		s.Error("it opened before")
	}
	return e.err
}

var listenCases = []testCase{
	{"port 0 is a free port", func(s *stage) {
		refuse := func() loop.Handler { return nil }
		x := s.listen(s.a, s.net.Bind4(s.a), refuse).Addr()
		y := s.listen(s.a, s.net.Bind4(s.a), refuse).Addr()
		if x.Port() == 0 || y.Port() == 0 || x == y || x.Addr() != s.net.Bind4(s.a).Addr() {
			s.Errorf("%v and %v", x, y)
		}
	}},
	{"an address in use is an error of Listen", func(s *stage) {
		at := s.listen(s.a, s.net.Bind4(s.a), func() loop.Handler { return nil }).Addr()
		s.on(s.a, func() {
			if _, err := s.a.Listen(at, nil); !errors.Is(err, syscall.EADDRINUSE) {
				s.Errorf("%v", err)
			}
		})
	}},
	{"an address of another machine is an error of Listen", func(s *stage) {
		s.on(s.a, func() {
			if _, err := s.a.Listen(netip.MustParseAddrPort("192.0.2.1:0"), nil); !errors.Is(err, syscall.EADDRNOTAVAIL) {
				s.Errorf("%v", err)
			}
		})
	}},
	{"no address is an error of Listen", func(s *stage) {
		s.on(s.a, func() {
			if _, err := s.a.Listen(netip.AddrPort{}, nil); err == nil {
				s.Error("it listens")
			}
		})
	}},
	{"a listener that was closed refuses, and its address can be taken again while its connections live", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return v })
		s.on(s.a, func() { c.conn = s.a.Dial(ln.Addr(), dialTime, c) })
		s.until("both ends to open", func() bool { return c.up && v.up })
		s.on(s.b, func() { ln.Close(); ln.Close() })
		if err := s.dialFails(ln.Addr()); !errors.Is(err, syscall.ECONNREFUSED) {
			s.Errorf("%v", err)
		}
		c2, v2 := s.end("second client"), s.end("second server")
		again := s.listen(s.b, ln.Addr(), func() loop.Handler { return v2 })
		if again.Addr() != ln.Addr() {
			s.Errorf("%v instead of %v", again.Addr(), ln.Addr())
		}
		s.on(s.a, func() { c2.conn = s.a.Dial(ln.Addr(), dialTime, c2) })
		s.until("the new one to accept", func() bool { return c2.up && v2.up })
		c.write("still here")
		s.until("data on the old connection", v.hasGot("still here"))
	}},
	{"a listener closed in its accept takes this connection and no other", func(s *stage) {
		v := s.end("server")
		var ln loop.Listener
		accepted := 0
		ln = s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { accepted++; ln.Close(); return v })
		var ends [3]*end
		s.on(s.a, func() {
			for i := range ends {
				ends[i] = s.end("client")
				ends[i].conn = s.a.Dial(ln.Addr(), dialTime, ends[i])
			}
		})
		s.until("one connection and the others' end", func() bool {
			over := 0
			for _, e := range ends {
				if e.closed > 0 || e.eofs > 0 {
					over++
				}
			}
			return v.up && over == 2
		})
		if accepted != 1 {
			s.Errorf("accepted %d", accepted)
		}
	}},
	{"a nil handler refuses one connection and not the next", func(s *stage) {
		v := s.end("server")
		n := 0
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler {
			if n++; n == 1 {
				return nil
			}
			return v
		})
		first, second := s.end("first"), s.end("second")
		s.on(s.a, func() { first.conn = s.a.Dial(ln.Addr(), dialTime, first) })
		s.until("the refused one to end", func() bool { return first.eofs > 0 || first.closed > 0 })
		s.on(s.a, func() { second.conn = s.a.Dial(ln.Addr(), dialTime, second) })
		s.until("the next one to open", func() bool { return second.up && v.up })
	}},
	{"accept is told the dialler's address, and both ends agree on the addresses", func(s *stage) {
		for _, at := range s.binds() {
			c, v := s.end("client"), s.end("server")
			var told netip.AddrPort
			var ln loop.Listener
			s.on(s.b, func() {
				var err error
				ln, err = s.b.Listen(at, func(remote netip.AddrPort) loop.Handler {
					s.call(s.b, func() { told = remote })
					return v
				})
				if err != nil {
					s.Error(err)
				}
			})
			s.on(s.a, func() {
				c.conn = s.a.Dial(ln.Addr(), dialTime, c)
				if c.conn.Remote() != ln.Addr() || c.conn.Loop() != s.a {
					s.Errorf("the attempt goes to %v", c.conn.Remote())
				}
			})
			s.until("both ends to open", func() bool { return c.up && v.up })
			check := func(e *end, l loop.Loop, local, remote netip.AddrPort) {
				e.do(func() {
					if e.conn.Loop() != l || e.conn.Local() != local || e.conn.Remote() != remote {
						s.Errorf("%s: %v > %v, not %v > %v", e.name, e.conn.Local(), e.conn.Remote(), local, remote)
					}
				})
			}
			check(c, s.a, told, ln.Addr())
			check(v, s.b, ln.Addr(), told)
		}
	}},
	{"many connections are accepted", func(s *stage) {
		const n = 100
		up := 0
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler {
			v := s.end("server")
			v.onData = func(p []byte) { v.conn.Write(p) }
			return v
		})
		s.on(s.a, func() {
			for range n {
				c := s.end("client")
				c.onOpen = func() { c.conn.Write([]byte("x")) }
				c.onData = func([]byte) { up++ }
				c.conn = s.a.Dial(ln.Addr(), dialTime, c)
			}
		})
		s.until("all echoes", func() bool { return up == n })
	}},
}

func (s *stage) binds() []netip.AddrPort {
	all := []netip.AddrPort{s.net.Bind4(s.b)}
	if six, ok := s.net.Bind6(s.b); ok {
		all = append(all, six)
	}
	return all
}

// blackHole skips the case where there is none.
func (s *stage) blackHole() netip.AddrPort {
	to, ok := s.net.BlackHole()
	if !ok {
		s.Skip("no address here that doesn't answer")
	}
	return to
}

var errOurs = errors.New("our own reason")

var dialCases = []testCase{
	{"a refused dial says so", func(s *stage) {
		if err := s.dialFails(s.net.Refused()); !errors.Is(err, syscall.ECONNREFUSED) {
			s.Errorf("%v", err)
		}
	}},
	{"no address can't be dialled, and Closed says so after Dial", func(s *stage) {
		if err := s.dialFails(netip.AddrPort{}); err == nil {
			s.Error("without a reason")
		}
	}},
	{"a dial without an answer times out", func(s *stage) {
		to := s.blackHole()
		e := s.end("dialler")
		var took time.Duration
		s.on(s.a, func() {
			begun := s.a.Now()
			e.onClosed = func(error) { took = s.a.Now() - begun }
			e.conn = s.a.Dial(to, 30*ms, e)
			e.conn.Write([]byte("lost"))
			if n := e.conn.Buffered(); n != 0 {
				s.Errorf("%d octets buffered on an attempt", n)
			}
		})
		s.until("the end", e.isClosed)
		if !errors.Is(e.err, loop.ErrDialTimeout) || took < 30*ms || e.opened != 0 {
			s.Errorf("%v after %v, opened %d", e.err, took, e.opened)
		}
	}},
	{"a cancelled dial ends with the given reason", func(s *stage) {
		to := s.blackHole()
		e := s.end("dialler")
		s.on(s.a, func() {
			e.conn = s.a.Dial(to, dialTime, e)
			s.after(s.a, 5*ms, func() { e.close(errOurs) })
		})
		s.until("the end", e.isClosed)
		if e.err != errOurs || e.opened != 0 {
			s.Errorf("%v, opened %d", e.err, e.opened)
		}
	}},
	{"a dial cancelled at once never opens", func(s *stage) {
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return s.end("server") })
		e := s.end("dialler")
		s.on(s.a, func() {
			e.conn = s.a.Dial(ln.Addr(), dialTime, e)
			e.close(errOurs)
			e.conn.Close(nil)
			if e.closed != 0 {
				s.Error("Closed came inside Close")
			}
		})
		s.until("the end", e.isClosed)
		s.pass(5 * ms)
		if e.err != errOurs || e.opened != 0 {
			s.Errorf("%v, opened %d", e.err, e.opened)
		}
	}},
	{"a dial drained and closed ends with the given reason", func(s *stage) {
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return s.end("server") })
		e := s.end("dialler")
		s.on(s.a, func() {
			e.conn = s.a.Dial(ln.Addr(), dialTime, e)
			e.closeAfterDrain(errOurs, time.Second)
		})
		s.until("the end", e.isClosed)
		if e.err != errOurs || e.opened != 0 {
			s.Errorf("%v, opened %d", e.err, e.opened)
		}
	}},
	{"a dial cancelled at any moment ends once, with the given reason if it hadn't failed", func(s *stage) {
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler {
			v := s.end("server")
			v.onEOF = func() { v.close(nil) }
			return v
		})
		ended, opened := 0, 0
		const n = 60
		s.on(s.a, func() {
			for i := range n {
				e := s.end("dialler")
				e.conn = s.a.Dial(ln.Addr(), dialTime, e)
				e.onClosed = func(err error) {
					if ended++; err != errOurs {
						s.Errorf("ended with %v", err)
					}
					opened += e.opened
				}
				s.after(s.a, time.Duration(i)*20*time.Microsecond, func() { e.close(errOurs) })
			}
		})
		s.until("all ends", func() bool { return ended == n })
		s.Logf("%d of %d had opened", opened, n)
	}},
	{"writing before Open does nothing", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return v })
		c.onOpen = func() { c.conn.Write([]byte("open")) }
		s.on(s.a, func() {
			c.conn = s.a.Dial(ln.Addr(), dialTime, c)
			c.conn.Write([]byte("early"))
			if p := c.conn.Swap([]byte("early too")); len(p) != 0 {
				s.Error("Swap returned a full buffer")
			}
		})
		s.until("data", v.hasGotOctets(4))
		if string(v.got) != "open" {
			s.Errorf("got %q", v.got)
		}
	}},
}
