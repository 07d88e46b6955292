package looptest

import (
	"bytes"
)

var openCases = []testCase{
	{"what is written comes back from an echo, and closing one side ends both", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		v.onData = func(p []byte) { v.conn.Write(p) }
		v.onEOF = func() { v.close(errOurs) }
		c.onOpen = func() { c.conn.Write([]byte("hello")) }
		s.connect(c, v)
		s.until("the echo", c.hasGot("hello"))
		c.do(func() { c.close(nil) })
		s.until("both to close", func() bool { return c.closed > 0 && v.closed > 0 })
		if c.err != nil || v.err != errOurs {
			s.Errorf("client: %v, server: %v", c.err, v.err)
		}
	}},
	{"both sides can write in Open", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		c.onOpen = func() { c.conn.Write([]byte("from client")) }
		v.onOpen = func() { v.conn.Write([]byte("from server")) }
		s.connect(c, v)
		s.until("both texts", func() bool { return string(c.got) == "from server" && string(v.got) == "from client" })
	}},
	{"a big transfer arrives whole in both directions at once", func(s *stage) {
		c, v := s.pair()
		up, down := text(3<<20, 1), text(2<<20, 2)
		c.do(func() { c.send(up) })
		v.do(func() { v.send(down) })
		v.wants(up)
		c.wants(down)
	}},
	{"many small exchanges keep their order", func(s *stage) {
		c, v := s.pair()
		const rounds = 300
		var want []byte
		s.on(s.a, func() {
			n := 0
			next := func() {
				if n++; n <= rounds {
					p := text(n%7+1, uint64(n))
					want = append(want, p...)
					c.conn.Write(p)
				}
			}
			c.onData = func([]byte) {
				if len(c.got) == len(want) {
					next()
				}
			}
			next()
		})
		v.do(func() {
			v.onData = func(p []byte) { v.conn.Write(p) }
			v.conn.Write(v.got)
		})
		total := 0
		for n := 1; n <= rounds; n++ {
			total += n%7 + 1
		}
		s.until("all echoes", func() bool { return len(c.got) == total })
		if !bytes.Equal(c.got, want) {
			s.Error("the echo differs")
		}
	}},
	{"several connections don't mix", func(s *stage) {
		const n = 10
		var all [n][2]*end
		for i := range all {
			c, v := s.pair()
			all[i] = [2]*end{c, v}
			c.do(func() { c.send(text(40000, uint64(i))) })
			v.do(func() { v.send(text(30000, uint64(i+n))) })
		}
		for i, ends := range all {
			ends[1].wants(text(40000, uint64(i)))
			ends[0].wants(text(30000, uint64(i+n)))
		}
	}},
}
