package looptest

import (
	"bytes"

	"github.com/aemp-go/aemp/loop"
)

// startTLS starts TLS on e's connection, and notes how it came out.
func (e *end) startTLS(id *loop.Identity, client bool, ahead []byte, r *tlsResult) {
	e.up = false
	c := e.conn
	c.StartTLS(id, client, ahead, func(session loop.Session, err error) {
		e.s.call(c.Loop(), func() {
			r.calls++
			r.session, r.err = session, err
			if r.calls != 1 || (session == nil) == (err == nil) || e.closed != 0 {
				e.s.Errorf("%s: TLS done call %d, %v, %v, closed %d", e.name, r.calls, session, err, e.closed)
			}
			e.up = err == nil
		})
	})
	if r.calls != 0 {
		e.s.Errorf("%s: done was called inside StartTLS", e.name)
	}
}

type tlsResult struct {
	calls   int
	session loop.Session
	err     error
}

// secure connects and starts TLS on both ends; the dialler is the client or not.
func (s *stage) secure(ours, theirs *loop.Identity, diallerIsClient bool) (c, v *end, cr, vr *tlsResult) {
	s.Helper()
	c, v = s.pair()
	cr, vr = new(tlsResult), new(tlsResult)
	c.do(func() { c.startTLS(ours, diallerIsClient, nil, cr) })
	v.do(func() {
		ahead := v.got // the other side has begun
		v.got = nil
		v.startTLS(theirs, !diallerIsClient, ahead, vr)
	})
	return c, v, cr, vr
}

var startTLSCases = []testCase{
	{"the same identity on both ends makes a session, whoever is the client", func(s *stage) {
		for _, client := range []bool{true, false} {
			c, v, cr, vr := s.secure(s.net.Identity("ours"), s.net.Identity("ours"), client)
			s.until("both sessions", func() bool { return cr.calls > 0 && vr.calls > 0 })
			if cr.err != nil || vr.err != nil {
				s.Fatalf("%v and %v", cr.err, vr.err)
			}
			c.write("up")
			v.write("down")
			s.until("data both ways", func() bool { return string(c.got) == "down" && string(v.got) == "up" })
		}
	}},
	{"a foreign identity fails at both ends", func(s *stage) {
		for _, client := range []bool{true, false} {
			c, v, cr, vr := s.secure(s.net.Identity("ours"), s.net.Identity("theirs"), client)
			for e, r := range map[*end]*tlsResult{c: cr, v: vr} {
				e.do(func() {
					e.onEOF = func() { e.close(nil) }
					s.after(e.loop, 50*ms, func() { e.close(errOurs) })
				})
				s.until("the end of "+e.name, func() bool { return r.calls > 0 && e.closed > 0 })
				if r.err == nil || len(e.got) != 0 {
					s.Errorf("%s: %v, got %q", e.name, r.err, e.got)
				}
			}
		}
	}},
	{"octets read ahead belong to TLS, and writes before done come after it", func(s *stage) {
		c, v := s.pair()
		cr, vr := new(tlsResult), new(tlsResult)
		const plain = "plain text\n"
		id := s.net.Identity("ours")
		v.do(func() {
			v.onData = func([]byte) {
				if len(v.got) >= len(plain) {
					v.onData = nil
					ahead := bytes.Clone(v.got[len(plain):])
					v.got = v.got[:len(plain)]
					v.conn.Write([]byte("plain answer\n"))
					v.startTLS(id, false, ahead, vr)
					clear(ahead) // it was only borrowed
					v.conn.Write([]byte("secret answer"))
				}
			}
		})
		c.do(func() {
			c.conn.Write([]byte(plain))
			// The peer's plain octets come first here too.
			c.onData = func([]byte) {
				if len(c.got) >= len("plain answer\n") {
					c.onData = nil
					ahead := bytes.Clone(c.got[len("plain answer\n"):])
					c.got = c.got[:len("plain answer\n")]
					c.startTLS(id, true, ahead, cr)
					c.conn.Write([]byte("secret text"))
				}
			}
		})
		s.until("the secrets", func() bool {
			return string(v.got) == plain+"secret text" && string(c.got) == "plain answer\nsecret answer"
		})
		if cr.err != nil || vr.err != nil {
			s.Errorf("%v and %v", cr.err, vr.err)
		}
	}},
	{"the client's first TLS octets may come together with plain ones", func(s *stage) {
		for pieces := range 2 {
			c, v := s.pair()
			cr, vr := new(tlsResult), new(tlsResult)
			id := s.net.Identity("ours")
			v.do(func() {
				v.onData = func(p []byte) {
					if len(v.got) >= 5 {
						v.onData = nil
						ahead := bytes.Clone(v.got[5:])
						v.got = v.got[:5]
						v.startTLS(id, false, ahead, vr)
					}
				}
				v.conn.Pause()
			})
			c.do(func() {
				if pieces == 1 {
					c.conn.Write([]byte("he"))
					c.conn.Write([]byte("llo"))
				} else {
					c.conn.Write([]byte("hello"))
				}
				c.startTLS(id, true, nil, cr)
				c.conn.Write([]byte(" world"))
			})
			s.pass(5 * ms)
			v.do(func() { v.conn.Resume() })
			s.until("all", v.hasGot("hello world"))
		}
	}},
	{"Export is the same on both sides, and another for another label, context or session", func(s *stage) {
		var seen [][]byte
		for range 2 {
			_, _, cr, vr := s.secure(s.net.Identity("ours"), s.net.Identity("ours"), true)
			s.until("both sessions", func() bool { return cr.session != nil && vr.session != nil })
			for _, label := range []string{"EXPORTER-one", "EXPORTER-two"} {
				for _, context := range []string{"", "context"} {
					x, errX := cr.session.Export(label, []byte(context), 64)
					y, errY := vr.session.Export(label, []byte(context), 64)
					if errX != nil || errY != nil || !bytes.Equal(x, y) || len(x) != 64 {
						s.Errorf("%x, %v and %x, %v", x, errX, y, errY)
					}
					for _, before := range seen {
						if bytes.Equal(before, x) {
							s.Error("the same octets again")
						}
					}
					seen = append(seen, x)
				}
			}
		}
	}},
	{"a peer that speaks no TLS fails it", func(s *stage) {
		for _, client := range []bool{true, false} {
			c, v := s.pair()
			cr := new(tlsResult)
			c.do(func() { c.startTLS(s.net.Identity("ours"), client, nil, cr) })
			v.write("this is no TLS record at all, and long enough to say so")
			s.until("done", func() bool { return cr.calls > 0 })
			if cr.err == nil {
				s.Error("it didn't fail")
			}
			c.do(func() { c.close(cr.err) })
			s.until("the end", c.isClosed)
		}
	}},
	{"a peer that goes away in the handshake fails it", func(s *stage) {
		c, v := s.pair()
		cr := new(tlsResult)
		c.do(func() { c.startTLS(s.net.Identity("ours"), false, nil, cr) })
		v.do(func() { v.close(nil) })
		s.until("done", func() bool { return cr.calls > 0 })
		if cr.err == nil {
			s.Error("it didn't fail")
		}
	}},
	{"a handshake that the peer never answers is ended by closing", func(s *stage) {
		c, _ := s.pair()
		cr := new(tlsResult)
		c.do(func() {
			c.startTLS(s.net.Identity("ours"), false, nil, cr)
			s.after(c.loop, 5*ms, func() { c.close(errOurs) })
		})
		s.until("the end", c.isClosed)
		if c.err != errOurs || cr.session != nil {
			s.Errorf("%v, session %v", c.err, cr.session)
		}
	}},
}
