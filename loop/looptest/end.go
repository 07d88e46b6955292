package looptest

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// An end is the handler of one end of a connection. It writes down what happens,
// checks that it may happen, and passes it on to what a case has set.
type end struct {
	s    *stage
	name string
	conn loop.Conn
	loop loop.Loop // where conn lives
	tls  bool      // plays the TLS client; set by connect

	opened, drained, eofs, closed int // calls
	err                           error
	got                           []byte
	up                            bool // open, and TLS done where the stage wants it
	quiet                         bool // told to close: nothing but Closed may follow

	onOpen, onDrained, onEOF func()
	onData                   func(p []byte)
	onClosed                 func(err error)
}

func (s *stage) end(name string) *end { return &end{s: s, name: name} }

func (e *end) Open(c loop.Conn) {
	e.s.call(c.Loop(), func() {
		e.opened++
		if e.opened != 1 || e.closed != 0 || e.quiet {
			e.s.Errorf("%s: Open call %d, closed %d, told to close %v", e.name, e.opened, e.closed, e.quiet)
		}
		if e.conn != nil && e.conn != c {
			e.s.Errorf("%s: Open with another Conn than Dial gave", e.name)
		}
		e.conn, e.loop = c, c.Loop()
		if e.s.tls == nil {
			e.open()
			return
		}
		c.StartTLS(e.s.tls, e.tls, nil, func(_ loop.Session, err error) {
			e.s.call(c.Loop(), func() {
				if err == nil {
					e.open()
				} else if !e.quiet {
					c.Close(err)
				}
			})
		})
	})
}

func (e *end) open() {
	e.up = true
	if e.onOpen != nil {
		e.onOpen()
	}
}

func (e *end) alive(c loop.Conn, what string) {
	if e.opened != 1 || e.closed != 0 || c != e.conn {
		e.s.Errorf("%s: %s with opened %d, closed %d, same Conn %v", e.name, what, e.opened, e.closed, c == e.conn)
	}
	if e.opened == 1 && !e.up {
		e.s.Errorf("%s: %s before TLS was done", e.name, what)
	}
}

func (e *end) Data(c loop.Conn, p []byte) {
	e.s.call(c.Loop(), func() {
		e.alive(c, "Data")
		if e.quiet || e.eofs != 0 || len(p) == 0 {
			e.s.Errorf("%s: Data with %d octets, EOFs %d, told to close %v", e.name, len(p), e.eofs, e.quiet)
		}
		e.got = append(e.got, p...)
		if e.onData != nil {
			e.onData(p)
		}
	})
}

func (e *end) Drained(c loop.Conn) {
	e.s.call(c.Loop(), func() {
		if e.up || e.s.tls == nil {
			e.alive(c, "Drained")
		}
		e.drained++
		if n := c.Buffered(); n != 0 {
			e.s.Errorf("%s: Drained with %d octets buffered", e.name, n)
		}
		if e.onDrained != nil && !e.quiet {
			e.onDrained()
		}
	})
}

func (e *end) EOF(c loop.Conn) {
	e.s.call(c.Loop(), func() {
		e.alive(c, "EOF")
		e.eofs++
		if e.eofs != 1 || e.quiet {
			e.s.Errorf("%s: EOF call %d, told to close %v", e.name, e.eofs, e.quiet)
		}
		if e.onEOF != nil {
			e.onEOF()
		}
	})
}

func (e *end) Closed(c loop.Conn, err error) {
	e.s.call(c.Loop(), func() {
		e.closed++
		if e.closed != 1 {
			e.s.Errorf("%s: Closed call %d", e.name, e.closed)
		}
		e.err = err
		if e.onClosed != nil {
			e.onClosed(err)
		}
	})
}

// close, closeAfterDrain and move are called on the end's loop.

func (e *end) close(err error) {
	e.quiet = true
	e.conn.Close(err)
}

func (e *end) closeAfterDrain(err error, linger time.Duration) {
	e.quiet = true
	e.conn.CloseAfterDrain(err, linger)
}

// move moves the connection and then runs f there.
func (e *end) move(to loop.Loop, f func()) {
	moved := false
	e.conn.Move(to, func() {
		e.s.call(to, func() {
			if e.conn.Loop() != to || moved {
				e.s.Errorf("%s: moved to the wrong loop or twice", e.name)
			}
			moved = true
			e.loop = to
			f()
		})
	})
	if moved {
		e.s.Errorf("%s: moved inside the call of Move", e.name)
	}
}

// do runs f on the end's loop and waits.
func (e *end) do(f func()) {
	e.s.Helper()
	var l loop.Loop
	e.s.locked(func() { l = e.loop })
	e.s.on(l, f)
}

func (e *end) write(text string) {
	e.s.Helper()
	e.do(func() { e.conn.Write([]byte(text)) })
}

// Conditions to wait for.

func (e *end) isClosed() bool                 { return e.closed > 0 }
func (e *end) sawEOF() bool                   { return e.eofs > 0 }
func (e *end) hasGot(text string) func() bool { return func() bool { return string(e.got) == text } }
func (e *end) hasGotOctets(n int) func() bool { return func() bool { return len(e.got) >= n } }

// wants checks what arrived in all.
func (e *end) wants(p []byte) {
	e.s.Helper()
	e.s.until("all data at "+e.name, e.hasGotOctets(len(p)))
	e.s.locked(func() {
		if !bytes.Equal(e.got, p) {
			e.s.Errorf("%s got %d octets that differ from the %d sent", e.name, len(e.got), len(p))
		}
	})
}

const dialTime = 5 * time.Second

// listen accepts connections on l with what accept returns.
func (s *stage) listen(l loop.Loop, at netip.AddrPort, accept func() loop.Handler) loop.Listener {
	s.Helper()
	var ln loop.Listener
	s.on(l, func() {
		var err error
		ln, err = l.Listen(at, func(netip.AddrPort) (h loop.Handler) {
			s.call(l, func() { h = accept() })
			return h
		})
		if err != nil {
			s.Errorf("listening on %v: %v", at, err)
		}
	})
	if ln == nil {
		s.FailNow()
	}
	return ln
}

// start listens on b with handler v and dials from a with handler c.
func (s *stage) start(c, v *end) {
	s.Helper()
	c.tls = true
	ln := s.listen(s.b, s.net.Bind4(s.b), func() loop.Handler { return v })
	s.on(s.a, func() { c.conn = s.a.Dial(ln.Addr(), dialTime, c) })
}

// connect starts and waits until both ends are open.
func (s *stage) connect(c, v *end) {
	s.Helper()
	s.start(c, v)
	s.until("both ends to open", func() bool { return c.up && v.up })
}

// pair is two connected ends without any special behaviour.
func (s *stage) pair() (c, v *end) {
	s.Helper()
	c, v = s.end("client"), s.end("server")
	s.connect(c, v)
	return c, v
}

// text is n octets without a pattern that a lost piece could hide in.
func text(n int, seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, uint64(n)))
	p := make([]byte, 0, n+8)
	for len(p) < n {
		x := r.Uint64()
		p = append(p, byte(x), byte(x>>8), byte(x>>16), byte(x>>24), byte(x>>32), byte(x>>40), byte(x>>48), byte(x>>56))
	}
	return p[:n]
}

// send writes p from e's loop in pieces of all sizes, a little at a time, with
// Write and Swap in turns.
func (e *end) send(p []byte) {
	const enough = 256 << 10
	sizes := [...]int{1, 37, 5000, 70000, 900}
	buffer := []byte{}
	turn := 0
	var more func()
	more = func() {
		for len(p) > 0 && e.conn.Buffered() < enough {
			n := min(sizes[turn%len(sizes)], len(p))
			if turn%2 == 0 {
				e.conn.Write(p[:n])
			} else {
				buffer = e.conn.Swap(append(buffer, p[:n]...))
				if len(buffer) != 0 {
					e.s.Errorf("%s: Swap returned a buffer with %d octets in it", e.name, len(buffer))
				}
			}
			p = p[n:]
			turn++
		}
		if len(p) > 0 { // Drained comes only if the network didn't take all at once
			e.s.after(e.conn.Loop(), time.Millisecond, more)
		}
	}
	more()
}
