package looptest

var halfCloseCases = []testCase{
	{"CloseWrite sends all that is buffered and then EOF", func(s *stage) {
		c, v := s.pair()
		want := text(4<<20, 8)
		c.do(func() {
			c.conn.Write(want)
			c.conn.CloseWrite()
			c.conn.Write([]byte("too late"))
			c.conn.CloseWrite()
		})
		s.until("EOF", v.sawEOF)
		v.wants(want)
	}},
	{"after EOF a connection still writes, whoever dialled", func(s *stage) {
		for range 2 {
			c, v := s.pair()
			s.halfClose(c, v)
			c, v = s.pair()
			s.halfClose(v, c)
		}
	}},
	{"both directions end on their own", func(s *stage) {
		c, v := s.pair()
		c.do(func() { c.conn.Write([]byte("up")); c.conn.CloseWrite() })
		s.until("EOF", v.sawEOF)
		v.do(func() { v.conn.Write([]byte("down")); v.conn.CloseWrite() })
		s.until("the other EOF", c.sawEOF)
		s.pass(5 * ms)
		if c.closed+v.closed != 0 || string(c.got) != "down" || string(v.got) != "up" {
			s.Errorf("closed %d and %d, got %q and %q", c.closed, v.closed, c.got, v.got)
		}
		c.do(func() { c.close(nil) })
		v.do(func() { v.close(nil) })
		s.until("both to close", func() bool { return c.closed > 0 && v.closed > 0 })
	}},
	{"EOF that meets EOF ends both directions", func(s *stage) {
		c, v := s.pair()
		both := []*end{c, v}
		for _, e := range both {
			e.do(func() { e.onEOF = func() { e.close(errOurs) } })
		}
		for _, e := range both {
			e.do(func() { e.conn.CloseWrite() })
		}
		s.until("both to close", func() bool { return c.closed > 0 && v.closed > 0 })
		if c.err != errOurs || v.err != errOurs {
			s.Errorf("%v and %v", c.err, v.err)
		}
	}},
}

// halfClose ends the direction from x and uses the other one.
func (s *stage) halfClose(x, y *end) {
	s.Helper()
	want := text(1<<20, 9)
	x.do(func() { x.conn.Write([]byte("question")); x.conn.CloseWrite() })
	s.until("EOF", y.sawEOF)
	if string(y.got) != "question" {
		s.Errorf("got %q", y.got)
	}
	y.do(func() { y.send(want) })
	x.wants(want)
	y.do(func() { y.close(nil) })
	s.until("the other EOF", x.sawEOF)
}
