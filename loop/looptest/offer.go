package looptest

import "bytes"

// offer offers p again and again, from outside of all loops, and returns what isn't taken.
func (c *end) offer(p []byte) (rest []byte) {
	for i := 0; i < 100 && len(p) > 0; i++ {
		n := c.conn.Offer(p[:min(len(p), 1<<16)])
		if p = p[n:]; n > 0 {
			i = 0
		}
	}
	return p
}

// offerAll offers p until it is taken, once the loop has no output of its own.
func (s *stage) offerAll(c *end, p []byte) {
	s.Helper()
	c.do(func() {}) // the turn before is over
	s.until("an offer to be taken", func() bool {
		p = c.offer(p)
		return len(p) == 0
	})
}

var offerCases = []testCase{
	{"what is offered comes behind what was written before", func(s *stage) {
		c, v := s.pair()
		c.write("one ")
		if s.tls != nil {
			if n := c.conn.Offer([]byte("clear")); n != 0 {
				s.Fatalf("%d octets of an offer were taken by an encrypted connection", n)
			}
			return
		}
		s.until("the first", v.hasGot("one "))
		s.offerAll(c, []byte("two "))
		c.write("three")
		s.until("all", v.hasGot("one two three"))
	}},
	{"an offer is copied", func(s *stage) {
		c, v := s.pair()
		if s.tls != nil {
			return
		}
		c.write("very ")
		s.until("the first", v.hasGot("very "))
		p := []byte("good")
		s.offerAll(c, p)
		copy(p, "evil")
		s.until("it", v.hasGot("very good"))
	}},
	{"an offer takes as much as the network does, and none while output waits", func(s *stage) {
		c, v := s.pair()
		if s.tls != nil {
			return
		}
		c.write("begin")
		s.until("the first", v.hasGot("begin"))
		v.do(func() { v.conn.Pause() })
		p := text(s.much, 3)
		s.offerAll(c, p[:1])
		rest := c.offer(p[1:])
		if len(rest) == 0 || len(rest) == len(p)-1 {
			s.Fatalf("the network took all but %d of %d octets", len(rest), len(p))
		}
		c.do(func() { c.conn.Write(rest) })
		if n := c.conn.Offer([]byte("between")); n != 0 {
			s.Errorf("%d octets of an offer were taken before what was written", n)
		}
		v.do(func() { v.conn.Resume() })
		s.until("all", func() bool { return len(v.got) == len("begin")+len(p) })
		if !bytes.Equal(v.got[len("begin"):], p) {
			s.Error("it came in another order")
		}
	}},
	{"an offer is declined once our direction has ended", func(s *stage) {
		c, v := s.pair()
		c.write("all")
		s.until("the first", v.hasGot("all"))
		c.do(func() {
			c.conn.CloseWrite()
			if n := c.conn.Offer([]byte("more")); n != 0 {
				s.Errorf("%d octets were taken after CloseWrite", n)
			}
		})
		s.until("the end", func() bool { return v.eofs == 1 })
		c.do(func() { c.conn.Close(nil) })
		if n := c.conn.Offer([]byte("more")); n != 0 {
			s.Errorf("%d octets were taken after Close", n)
		}
		if string(v.got) != "all" {
			s.Errorf("got %q", v.got)
		}
	}},
}
