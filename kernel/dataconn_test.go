package kernel_test

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
)

// A dialling is a StartDialData and what came of it.
type dialling struct {
	w      *world
	conn   *kernel.DataConn
	err    error
	over   int
	cancel func()
}

func (m *machine) dial(to string, timeout time.Duration, function string, args ...any) *dialling {
	m.w.t.Helper()
	d := &dialling{w: m.w}
	var err error
	d.cancel, err = m.StartDialData(to, timeout, function, args, func(c *kernel.DataConn, err error) {
		d.conn, d.err = c, err
		d.over++
	})
	m.w.ok(err)
	return d
}

// connects waits for the connection.
func (d *dialling) connects() net.Conn {
	d.w.t.Helper()
	d.w.until("the end of a dial", func() bool { return d.over > 0 })
	if d.err != nil {
		d.w.t.Fatalf("no connection: %v", d.err)
	}
	return d.conn
}

// fails waits for the error.
func (d *dialling) fails(kind dataconn.ErrorKind, text string) {
	d.w.t.Helper()
	d.w.until("the end of a dial", func() bool { return d.over > 0 })
	var e *dataconn.Error
	if !errors.As(d.err, &e) || e.Kind != kind || e.Error() != text {
		d.w.t.Fatalf("failed with %v, want %s", d.err, text)
	}
}

// A service collects the raw connections that others open with its name.
type service struct {
	w     *world
	conns []net.Conn
	args  []string
	ids   []string
}

func (m *machine) serve(name string) *service {
	s := &service{w: m.w}
	m.RegisterData(name, func(self *kernel.Context, msg codec.Message, c net.Conn) {
		s.conns = append(s.conns, c)
		s.args = append(s.args, msg.String())
		s.ids = append(s.ids, self.ID())
	})
	return s
}

func (s *service) gets() net.Conn {
	s.w.t.Helper()
	s.w.until("a connection", func() bool { return len(s.conns) > 0 })
	c := s.conns[0]
	s.conns = s.conns[1:]
	return c
}

// talks says something in both directions and closes.
func (w *world) talks(a, b net.Conn) {
	w.t.Helper()
	for _, x := range [][2]net.Conn{{a, b}, {b, a}} {
		_, err := io.WriteString(x[0], "hello there")
		w.ok(err)
		got := make([]byte, 11)
		_, err = io.ReadFull(x[1], got)
		if err != nil || string(got) != "hello there" {
			w.t.Fatalf("read %q, %v", got, err)
		}
	}
	w.ok(a.(*kernel.DataConn).CloseWrite())
	if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
		w.t.Fatalf("read %q, %v at the end", rest, err)
	}
	w.ok(b.Close())
	if rest, err := io.ReadAll(a); len(rest) > 0 || err != nil {
		w.t.Fatalf("read %q, %v at the end", rest, err)
	}
	w.ok(a.Close())
}

func TestARawConnectionIsMadeToANodeThatListens(t *testing.T) {
	for _, loops := range []int{1, 3} {
		w := newWorld(t)
		a, b := w.pair(loops)
		s := b.serve("Pkg::receive")
		d := a.dial("b#some port", 5*time.Second, "Pkg::receive", 1, "two")
		w.talks(d.connects(), s.gets())
		if s.args[0] != `[1, "two"]` || s.ids[0] != "b" {
			t.Errorf("called with %s in the context of %s", s.args[0], s.ids[0])
		}
	}
}

func TestANodeWithoutListenersDialsBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	a.SetAddresses("b")
	b.Unlisten()
	s := b.serve("f")
	d := a.dial("b", 5*time.Second, "f")
	w.talks(d.connects(), s.gets())
}

func TestANodeHasRawConnectionsWithItself(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	a.Unlisten()
	s := a.serve("f")
	d := a.dial("a", 5*time.Second, "f", "x")
	w.talks(d.connects(), s.gets())
	if s.args[0] != `["x"]` {
		t.Errorf("called with %s", s.args[0])
	}
}
