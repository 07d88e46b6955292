package looptest

var pauseCases = []testCase{
	{"a paused connection gets no data, and all of it when it resumes", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.conn.Pause(); v.conn.Pause() })
		c.write("hello")
		s.pass(10 * ms)
		if len(v.got) != 0 {
			s.Errorf("got %q while paused", v.got)
		}
		v.do(func() { v.conn.Resume(); v.conn.Resume() })
		s.until("the data", v.hasGot("hello"))
		c.write(" world")
		s.until("more data", v.hasGot("hello world"))
	}},
	{"Pause in Data holds back what follows", func(s *stage) {
		c, v := s.pair()
		want := text(1<<20, 5)
		pauses := 0
		paused := false
		v.do(func() {
			v.onData = func([]byte) {
				if paused {
					s.Error("Data while paused")
				}
				if pauses < 20 {
					pauses++
					paused = true
					v.conn.Pause()
					s.after(v.conn.Loop(), ms/2, func() {
						paused = false
						v.conn.Resume()
						if paused {
							s.Error("Data inside Resume")
						}
					})
				}
			}
		})
		c.do(func() { c.send(want) })
		v.wants(want)
	}},
	{"Pause and Resume in one callback change nothing", func(s *stage) {
		c, v := s.pair()
		want := text(300000, 6)
		v.do(func() {
			v.onData = func([]byte) { v.conn.Pause(); v.conn.Resume() }
			v.conn.Pause()
			v.conn.Resume()
		})
		c.do(func() { c.send(want) })
		v.wants(want)
	}},
	{"Pause in Open holds from the first octet", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		v.onOpen = func() { v.conn.Pause() }
		c.onOpen = func() { c.conn.Write([]byte("hello")) }
		s.connect(c, v)
		s.pass(5 * ms)
		if len(v.got) != 0 {
			s.Errorf("got %q", v.got)
		}
		v.do(func() { v.conn.Resume() })
		s.until("the data", v.hasGot("hello"))
	}},
	{"data and EOF that came while paused are delivered in that order", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.conn.Pause() })
		c.do(func() {
			c.conn.Write([]byte("last words"))
			c.conn.CloseWrite()
		})
		s.pass(10 * ms)
		if len(v.got) != 0 {
			s.Errorf("got %q", v.got)
		}
		v.do(func() { v.conn.Resume() })
		s.until("EOF", v.sawEOF)
		if string(v.got) != "last words" {
			s.Errorf("got %q", v.got)
		}
	}},
	{"a paused connection still writes", func(s *stage) {
		c, v := s.pair()
		want := text(1<<20, 7)
		c.do(func() { c.conn.Pause() })
		c.do(func() { c.send(want) })
		v.wants(want)
	}},
	{"a paused connection can be closed", func(s *stage) {
		c, v := s.pair()
		v.do(func() { v.conn.Pause() })
		c.write("never read")
		s.pass(5 * ms)
		v.do(func() { v.close(errOurs) })
		s.until("the end", v.isClosed)
		s.pass(5 * ms)
		if v.err != errOurs || len(v.got) != 0 {
			s.Errorf("%v, got %q", v.err, v.got)
		}
	}},
}
