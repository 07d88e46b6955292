package looptest

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

var moveCases = []testCase{
	{"a connection moves to another loop with data in flight both ways", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.pairOn(target[0])
		up, down := text(2<<20, 20), text(2<<20, 21)
		moves := 0
		var move func()
		move = func() {
			if moves++; moves <= 20 {
				here := v.loop.Index()
				v.move(target[1-here], func() { s.after(target[1-here], ms/4, move) })
			}
		}
		v.do(func() {
			v.conn.Write(down)
			move()
		})
		c.do(func() { c.send(up) })
		v.wants(up)
		c.wants(down)
		s.until("the last move", func() bool { return moves > 20 })
		v.write("after")
		s.until("data from the new place", c.hasGotOctets(len(down)+5))
	}},
	{"a connection moves in its Data and the rest comes on the new loop", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.pairOn(target[0])
		want := text(1<<20, 22)
		v.do(func() {
			v.onData = func([]byte) {
				v.onData = nil
				v.conn.Write([]byte("moving "))
				v.move(target[1], func() { v.conn.Write([]byte("moved")) })
			}
		})
		c.do(func() { c.send(want) })
		v.wants(want)
		s.until("output from before and after", c.hasGot("moving moved"))
		if v.loop != target[1] {
			s.Error("it didn't move")
		}
	}},
	{"a dialled connection moves in its Open", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.end("client"), s.end("server")
		v.onOpen = func() { v.conn.Write([]byte("hello")) }
		c.onOpen = func() {
			c.move(target[1], func() { c.conn.Write([]byte("moved")) })
		}
		c.tls = true
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return v })
		s.on(target[0], func() { c.conn = target[0].Dial(ln.Addr(), dialTime, c) })
		s.until("both texts", func() bool { return string(c.got) == "hello" && string(v.got) == "moved" })
	}},
	{"a connection can move to the loop where it is", func(s *stage) {
		c, v := s.pair()
		moved := false
		v.do(func() { v.move(s.b, func() { moved = true }) })
		s.until("the move", func() bool { return moved })
		c.write("hello")
		s.until("data", v.hasGot("hello"))
	}},
	{"a paused connection stays paused when it moves", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.pairOn(target[0])
		moved := false
		v.do(func() { v.conn.Pause() })
		c.write("hello")
		s.pass(5 * ms)
		v.do(func() { v.move(target[1], func() { moved = true }) })
		s.until("the move", func() bool { return moved })
		s.pass(5 * ms)
		if len(v.got) != 0 {
			s.Errorf("got %q while paused", v.got)
		}
		v.do(func() { v.conn.Resume() })
		s.until("the data", v.hasGot("hello"))
	}},
	{"unwritten output moves along, and Drained comes on the new loop", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.end("client"), s.end("server")
		c.tls = true
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return v })
		s.on(target[0], func() { c.conn = target[0].Dial(ln.Addr(), dialTime, c) })
		s.until("both ends to open", func() bool { return c.up && v.up })
		want := s.flood(c, v)
		c.do(func() {
			c.move(target[1], func() {
				if c.conn.Buffered() == 0 {
					s.Error("nothing is buffered after the move")
				}
			})
		})
		s.until("the move", func() bool { return c.loop == target[1] })
		v.do(func() { v.conn.Resume() })
		v.wants(want)
		s.until("Drained", func() bool { return c.drained == 1 })
	}},
	{"what ended during a move is told on the new loop, after it", func(s *stage) {
		target := s.group(2).Loops()
		c, v := s.pairOn(target[0])
		c.do(func() { c.conn.Write([]byte("bye")); c.conn.CloseWrite() })
		moved := false
		v.do(func() { v.move(target[1], func() { moved = true }) })
		s.until("EOF and the move", func() bool { return v.sawEOF() && moved })
		if string(v.got) != "bye" {
			s.Errorf("got %q", v.got)
		}
		v.do(func() { v.close(errOurs) })
		s.until("the end", v.isClosed)
		c.do(func() { c.closeAfterDrain(nil, time.Hour) })
		s.until("the other end", c.isClosed)
	}},
}

// pairOn is like pair with the server on l.
func (s *stage) pairOn(l loop.Loop) (c, v *end) {
	s.Helper()
	s.b = l
	return s.pair()
}
