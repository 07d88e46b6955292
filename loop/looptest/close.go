package looptest

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

var closeCases = []testCase{
	{"Close sends what fits and Closed gives the reason after the callback", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			c.conn.Write([]byte("goodbye"))
			c.close(errOurs)
			c.conn.Write([]byte("too late"))
			c.conn.Close(nil)
			if c.closed != 0 {
				s.Error("Closed came inside Close")
			}
		})
		s.until("the end", c.isClosed)
		s.until("the peer's EOF", v.sawEOF)
		if c.err != errOurs || string(v.got) != "goodbye" {
			s.Errorf("%v; the peer got %q", c.err, v.got)
		}
	}},
	{"everything on a closed connection does nothing", func(s *stage) {
		c, _ := s.pair()
		c.do(func() { c.close(nil) })
		s.until("the end", c.isClosed)
		c.do(func() {
			c.conn.Write([]byte("x"))
			c.conn.Swap([]byte("x"))
			c.conn.Pause()
			c.conn.Resume()
			c.conn.CloseWrite()
			c.conn.Close(errOurs)
			c.conn.CloseAfterDrain(errOurs, time.Second)
			if n := c.conn.Buffered(); n != 0 || c.conn.Blocked() {
				s.Errorf("%d octets are buffered", n)
			}
			if nc, err := c.conn.Detach(nil); err == nil || nc != nil {
				s.Error("it can be detached")
			}
		})
		s.pass(5 * ms)
	}},
	{"a connection can be closed in Open", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		c.onOpen = func() { c.close(errOurs) }
		v.onEOF = func() { v.close(errOurs) }
		s.start(c, v)
		s.until("the ends", func() bool { return c.closed > 0 && (v.closed > 0 || v.opened == 0) })
		if c.err != errOurs {
			s.Errorf("%v", c.err)
		}
	}},
	{"an accepted connection can be closed in Open", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		v.onOpen = func() { v.close(errOurs) }
		c.onEOF = func() { c.close(errOurs) }
		s.start(c, v)
		s.until("both ends", func() bool { return c.closed > 0 && v.closed > 0 })
		if v.err != errOurs {
			s.Errorf("%v", v.err)
		}
	}},
	{"a connection can be closed in Data", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.onData = func([]byte) { v.close(errOurs) } })
		c.do(func() { c.send(text(1<<20, 10)) })
		s.until("the end", v.isClosed)
		if v.err != errOurs {
			s.Errorf("%v", v.err)
		}
	}},
	{"a connection can be closed in EOF", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.onEOF = func() { v.close(errOurs) } })
		c.do(func() { c.conn.CloseWrite() })
		s.until("the end", v.isClosed)
		s.until("the peer's EOF", c.sawEOF)
	}},
	{"a connection can be closed in Drained", func(s *stage) {
		c, v := s.pair()
		c.do(func() { c.onDrained = func() { c.close(errOurs) } })
		want := s.flood(c, v)
		v.do(func() { v.conn.Resume() })
		s.until("the end", c.isClosed)
		v.wants(want)
		s.until("the peer's EOF", v.sawEOF)
	}},
	{"Close in Closed does nothing", func(s *stage) {
		c, _ := s.pair()
		c.do(func() {
			c.onClosed = func(error) { c.conn.Close(nil); c.conn.CloseAfterDrain(nil, time.Second) }
			c.close(errOurs)
		})
		s.until("the end", c.isClosed)
		s.pass(5 * ms)
	}},
	{"Close doesn't wait for a peer that doesn't read", func(s *stage) {
		c, v := s.pair()
		s.flood(c, v)
		c.do(func() { c.close(errOurs) })
		s.until("the end", c.isClosed)
		if c.err != errOurs {
			s.Errorf("%v", c.err)
		}
	}},
	{"a connection whose peer is gone ends by itself when it is written to", func(s *stage) {
		c, v := s.pair()
		c.do(func() { c.close(nil) })
		s.until("EOF", v.sawEOF)
		var again func()
		again = func() {
			if v.closed == 0 {
				v.conn.Write([]byte("anybody there?"))
				s.after(v.conn.Loop(), ms, again)
			}
		}
		v.do(again)
		s.until("the end", v.isClosed)
		if v.err == nil {
			s.Error("without a reason")
		}
	}},
}

var drainCases = []testCase{
	{"CloseAfterDrain brings all across", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.onEOF = func() { v.closeAfterDrain(nil, dialTime) } })
		want := s.flood(c, v)
		c.do(func() {
			c.closeAfterDrain(errOurs, dialTime)
			c.conn.Write([]byte("too late"))
		})
		v.do(func() { v.conn.Resume() })
		s.until("both ends", func() bool { return c.closed > 0 && v.closed > 0 })
		v.wants(want)
		if c.err != errOurs || v.err != nil || v.eofs != 1 {
			s.Errorf("%v and %v, EOFs %d", c.err, v.err, v.eofs)
		}
	}},
	{"CloseAfterDrain throws away what still comes", func(s *stage) {
		c, v := s.pair()
		want := text(2<<20, 11)
		v.do(func() {
			v.onEOF = func() { v.conn.Write(text(1<<20, 12)); v.closeAfterDrain(nil, dialTime) }
			v.conn.Write(text(1<<20, 13))
		})
		c.do(func() {
			c.conn.Write(want)
			c.closeAfterDrain(errOurs, dialTime)
		})
		s.until("both ends", func() bool { return c.closed > 0 && v.closed > 0 })
		v.wants(want)
		if c.err != errOurs || v.err != nil {
			s.Errorf("%v and %v", c.err, v.err)
		}
	}},
	{"CloseAfterDrain on a paused connection still sees the peer's EOF", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.onEOF = func() { v.close(nil) } })
		var took time.Duration
		c.do(func() {
			begun := c.conn.Loop().Now()
			c.onClosed = func(error) { took = c.conn.Loop().Now() - begun }
			c.conn.Pause()
			c.conn.Write([]byte("bye"))
			c.closeAfterDrain(errOurs, 4*time.Second)
		})
		s.until("both ends", func() bool { return c.closed > 0 && v.closed > 0 })
		if took >= 4*time.Second {
			s.Error("only the linger time ended it")
		}
	}},
	{"CloseAfterDrain waits for a silent peer no longer than linger", func(s *stage) {
		c, v := s.pair()
		var took time.Duration
		c.do(func() {
			begun := c.conn.Loop().Now()
			c.onClosed = func(error) { took = c.conn.Loop().Now() - begun }
			c.conn.Write([]byte("bye"))
			c.closeAfterDrain(errOurs, 20*ms)
		})
		s.until("the end", c.isClosed)
		s.until("the data", v.hasGot("bye"))
		if c.err != errOurs || took < 20*ms {
			s.Errorf("%v after %v", c.err, took)
		}
	}},
	{"CloseAfterDrain waits for a peer that doesn't read no longer than linger", func(s *stage) {
		c, v := s.pair()
		s.flood(c, v)
		c.do(func() { c.closeAfterDrain(errOurs, 20*ms) })
		s.until("the end", c.isClosed)
		if c.err != errOurs {
			s.Errorf("%v", c.err)
		}
	}},
	{"Close cuts a CloseAfterDrain short", func(s *stage) {
		c, v := s.pair()
		s.flood(c, v)
		c.do(func() {
			c.closeAfterDrain(errOurs, time.Hour)
			s.after(c.conn.Loop(), 2*ms, func() { c.conn.Close(errOurs) })
		})
		s.until("the end", c.isClosed)
		if c.err != errOurs {
			s.Errorf("%v", c.err)
		}
	}},
	{"CloseAfterDrain after EOF closes when all is written", func(s *stage) {
		c, v := s.pair()
		want := text(1<<20, 14)
		c.do(func() { c.conn.CloseWrite() })
		s.until("EOF", v.sawEOF)
		v.do(func() { v.conn.Write(want); v.closeAfterDrain(errOurs, time.Hour) })
		s.until("the end", v.isClosed)
		c.wants(want)
		s.until("the other EOF", c.sawEOF)
	}},
}

var handlerCases = []testCase{
	{"SetHandler gives all that follows to the new handler", func(s *stage) {
		c, v := s.pair()
		w := s.end("second handler")
		v.do(func() {
			w.conn, w.loop, w.opened, w.up = v.conn, v.loop, 1, true
			v.onData = func([]byte) { v.conn.SetHandler(w) }
		})
		c.write("first")
		s.until("the first text", v.hasGotOctets(1))
		c.write(" second")
		c.do(func() { c.conn.CloseWrite() })
		s.until("EOF at the new handler", w.sawEOF)
		w.do(func() { w.close(errOurs) })
		s.until("the end", w.isClosed)
		if all := string(v.got) + string(w.got); all != "first second" || v.eofs+v.closed != 0 {
			s.Errorf("got %q; the old handler has EOFs %d, closed %d", all, v.eofs, v.closed)
		}
	}},
	{"SetHandler in Open is in time for the first octet", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		w := s.end("second handler")
		v.onOpen = func() {
			w.conn, w.loop, w.opened, w.up = v.conn, v.loop, 1, true
			v.conn.SetHandler(w)
		}
		c.onOpen = func() { c.conn.Write([]byte("hello")) }
		s.connect(c, v)
		s.until("the text", w.hasGot("hello"))
	}},
	{"NopHandler closes when the peer does", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.conn.SetHandler(loop.NopHandler{}) })
		c.do(func() { c.closeAfterDrain(errOurs, time.Hour) })
		s.until("the end", c.isClosed)
	}},
}
