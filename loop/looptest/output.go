package looptest

import (
	"bytes"
)

// flood pauses v and writes more to c than the network takes.
func (s *stage) flood(c, v *end) []byte {
	s.Helper()
	p := text(s.much, 3)
	v.do(func() { v.conn.Pause() })
	c.do(func() { c.conn.Write(p) })
	s.pass(10 * ms)
	c.do(func() {
		if c.conn.Buffered() == 0 {
			s.Error("the network took it all")
		}
	})
	return p
}

var outputCases = []testCase{
	{"the output of a turn keeps the order of its Write and Swap calls", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			c.conn.Write([]byte("one "))
			a := append(make([]byte, 0, 100), "two "...)
			b := c.conn.Swap(a)
			if len(b) != 0 {
				s.Errorf("Swap returned %d octets", len(b))
			}
			b = c.conn.Swap(append(b, "three "...))
			c.conn.Write([]byte("four "))
			c.conn.Swap(append(b, "five"...))
		})
		s.until("it", v.hasGotOctets(len("one two three four five")))
		if string(v.got) != "one two three four five" {
			s.Errorf("got %q", v.got)
		}
	}},
	{"Write copies", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			p := []byte("good")
			c.conn.Write(p)
			copy(p, "evil")
		})
		s.until("it", v.hasGot("good"))
	}},
	{"what Swap returns is the caller's until the next Swap", func(s *stage) {
		c, v := s.pair()
		var want []byte
		c.do(func() {
			var p []byte
			for i := range 50 {
				p = append(p, text(i*100, uint64(i))...)
				want = append(want, p...)
				p = c.conn.Swap(p)
			}
		})
		v.wants(want)
	}},
	{"writing nothing does nothing", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			c.conn.Write(nil)
			c.conn.Swap(nil)
			if n := c.conn.Buffered(); n != 0 {
				s.Errorf("%d octets are buffered", n)
			}
		})
		c.write("x")
		s.until("it", v.hasGot("x"))
	}},
	{"Buffered counts what isn't yet taken", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			c.conn.Write(make([]byte, 10))
			c.conn.Swap(make([]byte, 5))
			if n := c.conn.Buffered(); n < 15 || s.tls == nil && n != 15 {
				s.Errorf("%d octets are buffered, not 15", n)
			}
		})
		s.until("it", v.hasGotOctets(15))
		c.do(func() {
			if n := c.conn.Buffered(); n != 0 {
				s.Errorf("%d octets are still buffered", n)
			}
		})
		if c.drained != 0 {
			s.Error("Drained though the network took all at once")
		}
	}},
	{"Blocked is true from when the network took too little until Drained", func(s *stage) {
		c, v := s.pair()
		c.do(func() {
			c.conn.Write([]byte("x"))
			if c.conn.Blocked() {
				s.Error("blocked before the network was asked")
			}
			c.onDrained = func() {
				if c.conn.Blocked() {
					s.Error("blocked in Drained")
				}
			}
		})
		s.until("it", v.hasGot("x"))
		s.flood(c, v)
		c.do(func() {
			if !c.conn.Blocked() {
				s.Error("not blocked in a flood")
			}
		})
		v.do(func() { v.conn.Resume() })
		s.until("Drained", func() bool { return c.drained > 0 })
		c.do(func() {
			if c.conn.Blocked() {
				s.Error("blocked after Drained")
			}
		})
	}},
	{"Drained comes once when a flood is through", func(s *stage) {
		c, v := s.pair()
		p := s.flood(c, v)
		if c.drained != 0 {
			s.Error("Drained while nobody reads")
		}
		v.do(func() { v.conn.Resume() })
		s.until("Drained", func() bool { return c.drained > 0 })
		v.wants(p)
		s.pass(5 * ms)
		if c.drained != 1 {
			s.Errorf("%d times", c.drained)
		}
	}},
	{"writing in Drained goes on", func(s *stage) {
		c, v := s.pair()
		var more [][]byte
		for i := range 3 {
			more = append(more, text(s.much/8, uint64(i)))
		}
		want := bytes.Join(more, nil)
		c.do(func() {
			c.onDrained = func() {
				for len(more) > 0 && !c.conn.Blocked() { // else it comes again
					c.conn.Write(more[0])
					more = more[1:]
				}
			}
		})
		want = append(s.flood(c, v), want...)
		v.do(func() { v.conn.Resume() })
		v.wants(want)
		s.until("the last Drained", func() bool { return c.drained > 0 && len(more) == 0 })
	}},
	{"a flood one way doesn't hold up the other", func(s *stage) {
		c, v := s.pair()
		s.flood(c, v)
		v.write("still here")
		s.until("data against the flood", c.hasGot("still here"))
	}},
}
