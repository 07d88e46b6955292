package looptest

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// detach detaches e and then runs f with the blocking connection on a goroutine.
func (s *stage) detach(e *end, ahead []byte, f func(nc net.Conn) error) {
	nc, err := e.conn.Detach(ahead)
	if err != nil {
		s.Errorf("%s: %v", e.name, err)
		return
	}
	e.quiet = true
	e.onClosed = func(err error) { s.Errorf("%s: Closed after Detach: %v", e.name, err) }
	s.net.Go(func() {
		err := f(nc)
		if cerr := nc.Close(); err == nil {
			err = cerr
		}
		s.locked(func() {
			if err != nil {
				s.Errorf("%s, detached: %v", e.name, err)
			}
			e.up = false
		})
	})
}

func (e *end) finished() bool { return !e.up }

var detachCases = []testCase{
	{"a detached connection reads first what was read ahead, and has written what was unsent", func(s *stage) {
		c, v := s.end("client"), s.end("server")
		v.onData = func([]byte) {
			if len(v.got) < len("head ") {
				return
			}
			v.conn.Write([]byte("unsent "))
			s.detach(v, v.got[len("head "):], func(nc net.Conn) error {
				p, err := io.ReadAll(nc)
				if err == nil && string(p) != "ahead and the rest" {
					err = errors.New("read " + string(p))
				}
				if err == nil {
					_, err = nc.Write([]byte("answer"))
				}
				return err
			})
		}
		s.connect(c, v)
		c.do(func() { c.conn.Write([]byte("head ahead ")) })
		s.until("the detached one", func() bool { return v.quiet })
		c.do(func() { c.conn.Write([]byte("and the rest")); c.conn.CloseWrite() })
		s.until("EOF", c.sawEOF)
		s.until("the goroutine", v.finished)
		if string(c.got) != "unsent answer" {
			s.Errorf("client got %q", c.got)
		}
	}},
	{"much output that is unsent at Detach goes before anything else", func(s *stage) {
		c, v := s.pair()
		want := s.flood(v, c)
		more := text(1<<20, 30)
		v.do(func() {
			s.detach(v, nil, func(nc net.Conn) error {
				_, err := nc.Write(more)
				return err
			})
			c.loop.Post(s.task(c.loop, func() { c.conn.Resume() }))
		})
		s.until("EOF", c.sawEOF)
		c.wants(append(want, more...))
		s.until("the goroutine", v.finished)
	}},
	{"a paused connection can be detached with data waiting", func(s *stage) {
		c, v := s.pair()
		want := text(100000, 31)
		v.do(func() { v.conn.Pause() })
		c.do(func() { c.conn.Write(want); c.conn.CloseWrite() })
		s.pass(5 * ms)
		v.do(func() {
			s.detach(v, nil, func(nc net.Conn) error {
				p, err := io.ReadAll(nc)
				if err == nil && !bytes.Equal(p, want) {
					err = errors.New("wrong data")
				}
				return err
			})
		})
		s.until("the goroutine", v.finished)
	}},
	{"both ends can be detached and talk", func(s *stage) {
		c, v := s.pair()
		up, down := text(300000, 32), text(200000, 33)
		write := func(nc net.Conn, p []byte) error { _, err := nc.Write(p); return err }
		read := func(nc net.Conn, want []byte) error {
			p := make([]byte, len(want))
			if _, err := io.ReadFull(nc, p); err != nil {
				return err
			}
			if !bytes.Equal(p, want) {
				return errors.New("wrong data")
			}
			return nil
		}
		c.do(func() {
			s.detach(c, nil, func(nc net.Conn) error {
				return errors.Join(write(nc, up), read(nc, down), write(nc, []byte{1}), read(nc, []byte{2}))
			})
		})
		v.do(func() {
			s.detach(v, v.got, func(nc net.Conn) error { // the other end has begun
				return errors.Join(read(nc, up), write(nc, down), read(nc, []byte{1}), write(nc, []byte{2}))
			})
		})
		s.until("both", func() bool { return c.finished() && v.finished() })
	}},
	{"a detached connection honours its deadline and knows its addresses", func(s *stage) {
		c, v := s.pair()
		v.do(func() {
			local, remote := v.conn.Local().String(), v.conn.Remote().String()
			l := v.conn.Loop()
			s.detach(v, nil, func(nc net.Conn) error {
				if nc.LocalAddr().String() != local || nc.RemoteAddr().String() != remote {
					return errors.New("wrong addresses")
				}
				if err := nc.SetReadDeadline(l.Wall().Add(20 * time.Millisecond)); err != nil {
					return err
				}
				if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					return errors.New("no deadline error")
				}
				if err := nc.SetDeadline(time.Time{}); err != nil {
					return err
				}
				_, err := nc.Write([]byte("late"))
				return err
			})
		})
		s.until("data", c.hasGot("late"))
		s.until("the goroutine", v.finished)
	}},
	{"an attempt can't be detached", func(s *stage) {
		e := s.end("dialler")
		s.on(s.a, func() {
			e.conn = s.a.Dial(s.net.Refused(), dialTime, e)
			if nc, err := e.conn.Detach(nil); err == nil || nc != nil {
				s.Error("it was detached")
			}
		})
		s.until("the end", e.isClosed)
	}},
	{"the loop goes on without a detached connection", func(s *stage) {
		c, v := s.pair()
		v.do(func() {
			s.detach(v, nil, func(nc net.Conn) error { return nil })
		})
		s.until("EOF", c.sawEOF)
		var again loop.Conn
		v.do(func() { again = v.conn; again.Write([]byte("x")); again.Close(nil) })
		s.pass(5 * ms)
		if len(c.got) != 0 {
			s.Errorf("got %q", c.got)
		}
	}},
}
