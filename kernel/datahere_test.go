package kernel

import (
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// stranger connects to what isn't meant for it.
type stranger struct {
	loop.NopHandler
	opened, closed bool
}

func (s *stranger) Open(loop.Conn)          { s.opened = true }
func (s *stranger) Closed(loop.Conn, error) { s.closed = true }

// A raw connection within a node takes a listener for a moment, to which anybody on the same
// host can connect.
func TestStrangersDontComeBetweenANodeAndItself(t *testing.T) {
	for strangers, ok := range map[int]bool{0: true, 3: true, maxCalled - 1: true, maxCalled: false, maxCalled + 3: false} {
		w := sim.New(sim.Options{Seed: uint64(strangers)})
		g := w.Host("a").Group(1)
		n, err := New(g, Options{Links: link.Config{Node: "a", Secret: []byte("geheim"), Extensions: true}})
		if err != nil {
			t.Fatal(err)
		}
		var called, calling net.Conn
		var failed error
		n.RegisterData("f", func(_ *Context, _ codec.Message, c net.Conn) { called = c })
		o, err := n.newOpening("a", 5*time.Second, "f", nil, func(_ *shard, c *DataConn, err error) {
			if failed = err; err == nil {
				calling = c
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		all := make([]*stranger, strangers)
		l := g.Loops()[0]
		var h *here
		w.Do(l, func() {
			if h, err = newHere(o); err != nil {
				t.Fatal(err)
			}
			for i := range all {
				all[i] = &stranger{}
				l.Dial(h.listener.Addr(), time.Second, all[i])
			}
		})
		w.Run(w.Now() + 100*time.Millisecond)
		w.Do(l, h.dial)
		w.Run(w.Now() + time.Second)
		switch {
		case ok && (called == nil || calling == nil):
			t.Errorf("%d strangers: %v", strangers, failed)
		case ok:
			if _, err := io.WriteString(calling, "hello"); err != nil {
				t.Error(err)
			}
			got := make([]byte, 5)
			if _, err := io.ReadFull(called, got); err != nil || string(got) != "hello" {
				t.Errorf("%d strangers: read %q, %v", strangers, got, err)
			}
			if err := errors.Join(calling.Close(), called.Close()); err != nil {
				t.Error(err)
			}
		case called != nil || calling != nil || failed == nil:
			t.Errorf("%d strangers don't make it fail", strangers)
		}
		for i, s := range all {
			if s.opened && !s.closed {
				t.Errorf("stranger %d of %d is still connected", i, strangers)
			}
		}
		if n.ports.len() > 1 {
			t.Errorf("%d ports are left", n.ports.len()-1)
		}
		for _, p := range w.Panics {
			t.Error(p)
		}
		w.Close()
	}
}

func TestARawConnectionWithinANodeHasATimeOut(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	defer w.Close()
	g := w.Host("a").Group(1)
	n, err := New(g, Options{Links: link.Config{Node: "a", Secret: []byte("geheim"), Extensions: true}})
	if err != nil {
		t.Fatal(err)
	}
	n.RegisterData("f", func(*Context, codec.Message, net.Conn) { t.Error("called") })
	var failed error
	if _, err := n.StartDialData("a", 0, "f", nil, func(_ *DataConn, err error) { failed = err }); err != nil {
		t.Fatal(err)
	}
	w.Run(time.Second)
	if e := new(dataconn.Error); !errors.As(failed, &e) || e.Kind != dataconn.TimedOut {
		t.Errorf("it ends with %v", failed)
	}
}
