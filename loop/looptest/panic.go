package looptest

import "github.com/aemp-go/aemp/loop"

// panicsIn makes a case: v panics in one callback, which ends v and nothing else.
func panicsIn(callback string, set func(v *end, bang func()), provoke func(s *stage, c, v *end)) testCase {
	return testCase{"a panic in " + callback + " ends that connection only", func(s *stage) {
		other, otherPeer := s.pair()
		c, v := s.end("client"), s.end("server")
		c.onEOF = func() { c.close(nil) }
		set(v, func() { v.quiet = true; panic(planned) })
		s.start(c, v)
		provoke(s, c, v)
		s.until("both ends to close", func() bool { return c.closed > 0 && v.closed > 0 })
		if v.err == nil {
			s.Error("it closed without a reason")
		}
		other.write("still here")
		s.until("data on another connection", otherPeer.hasGot("still here"))
	}}
}

var panicCases = []testCase{
	panicsIn("Open", func(v *end, bang func()) { v.onOpen = bang }, func(*stage, *end, *end) {}),
	panicsIn("Data", func(v *end, bang func()) { v.onData = func([]byte) { bang() } }, func(s *stage, c, v *end) {
		s.until("both ends to open", func() bool { return c.up && v.up })
		c.write("boo")
	}),
	panicsIn("EOF", func(v *end, bang func()) { v.onEOF = bang }, func(s *stage, c, v *end) {
		s.until("both ends to open", func() bool { return c.up && v.up })
		c.do(func() { c.conn.CloseWrite() })
	}),
	panicsIn("Drained", func(v *end, bang func()) { v.onDrained = bang }, func(s *stage, c, v *end) {
		s.until("both ends to open", func() bool { return c.up && v.up })
		s.flood(v, c)
		c.do(func() { c.conn.Resume() })
	}),
	{"a panic in Closed ends nothing else", func(s *stage) {
		other, otherPeer := s.pair()
		c, _ := s.pair()
		c.do(func() {
			c.onClosed = func(error) { panic(planned) }
			c.close(nil)
		})
		s.until("the end", c.isClosed)
		other.write("still here")
		s.until("data on another connection", otherPeer.hasGot("still here"))
	}},
	{"a panic in accept refuses that connection only", func(s *stage) {
		v := s.end("server")
		n := 0
		ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler {
			if n++; n == 1 {
				panic(planned)
			}
			return v
		})
		first, second := s.end("first"), s.end("second")
		second.tls = true
		s.on(s.a, func() { s.a.Dial(ln.Addr(), dialTime, discard{s, first}) })
		s.until("the first to end", func() bool { return first.closed > 0 })
		s.on(s.a, func() { second.conn = s.a.Dial(ln.Addr(), dialTime, second) })
		s.until("the second to open", func() bool { return second.up && v.up })
	}},
	{"a panic in a task, a timer or Later doesn't stop the loop", func(s *stage) {
		ran := 0
		bang := s.task(s.a, func() { ran++; panic(planned) })
		s.on(s.a, func() {
			s.a.Post(bang)
			loop.After(s.a, ms, bang)
			s.a.Later(bang)
			s.a.Later(s.task(s.a, func() { ran++ }))
			s.a.Offload(func() {}, bang)
		})
		s.until("all of them", func() bool { return ran == 5 })
		s.on(s.a, func() { ran++ })
	}},
}

// discard is a plain handler that closes at EOF, also where the stage uses TLS.
type discard struct {
	s *stage
	e *end
}

func (d discard) Open(loop.Conn)         {}
func (d discard) Data(loop.Conn, []byte) {}
func (d discard) Drained(loop.Conn)      {}
func (d discard) EOF(c loop.Conn)        { c.Close(nil) }
func (d discard) Closed(c loop.Conn, _ error) {
	d.s.call(c.Loop(), func() { d.e.closed++ })
}
