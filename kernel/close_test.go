package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop/sim"
)

func TestAClosedNodeHasSentEverythingAndItsPeersSeeAnOrderlyEnd(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	count := 0
	sink := b.port(func(*kernel.Context, codec.Message) { count++ })
	p := a.port(nil)
	local, _ := a.monitor(p.ID())
	remote, _ := b.monitor(p.ID())
	w.settle()
	for range 500 {
		w.ok(a.Send(sink.ID(), block[:1000]))
	}
	var unsent map[string]int
	done := false
	if a.StartClose(func(u map[string]int) { unsent, done = u, true }) == nil {
		t.Fatal("not closed")
	}
	if a.StartClose(nil) != nil {
		t.Error("closed twice")
	}
	w.until("its end", func() bool { return done })
	w.settle()
	if len(unsent) > 0 || count != 500 {
		t.Errorf("unsent %v, %d of 500 arrived", unsent, count)
	}
	local.is(`["node_closed"]`)
	remote.is(`["transport_error", "a", "connection closed by peer"]`)
	if !slices.Equal(b.events, []string{"+a", "-a"}) || p.Alive() {
		t.Error(b.events)
	}
}

func TestAClosedNodeRefusesEverything(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	// What still runs on its loops must be refused, too.
	var late error
	tried := false
	a.do(func(self *kernel.Context) {
		self.After(time.Minute, func(self *kernel.Context) {
			late = errors.Join(self.Send("b#x", 1), self.Send("a#x", 1))
			_, err := self.NewPort()
			late = errors.Join(late, err, self.SendMsg("b#x", point{1, 2}), self.Forward("b#x", codec.Message{}), self.Kill("b#x"))
			tried = true
		})
	})
	a.close()
	for what, err := range map[string]error{
		"Send here":     a.Send("a#x", 1),
		"Send there":    a.Send("b#x", 1),
		"SendMsg here":  a.SendMsg("a#x", point{}),
		"SendMsg there": a.SendMsg("b#x", point{}),
		"TrySend":       a.TrySend("b#x", 1),
		"Forward":       a.Forward("b#x", codec.Message{}),
		"Kill here":     a.Kill("a#x"),
		"Kill there":    a.Kill("b#x"),
		"Do":            a.Do(func(*kernel.Context) { t.Error("done") }),
		"NewPort":       second(a.NewPort()),
		"NewMailbox":    second(a.NewMailbox()),
		"Named":         second(a.NewNamedPort("x")),
		"Monitor":       second(a.Monitor("b", nil)),
		"MonitorSend":   second(a.MonitorSend("b#x", "a#y")),
		"Guard":         second(a.Guard("b#x", nil)),
		"Spawn here":    second(a.Spawn("a", "f")),
		"Spawn there":   second(a.Spawn("b", "f")),
	} {
		if !errors.Is(err, kernel.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	w.until("a late timer", func() bool { return tried })
	if !errors.Is(late, kernel.ErrClosed) {
		t.Errorf("late: %v", late)
	}
	// Nobody gets in any more.
	v, _ := b.monitor("a")
	v.is(`["transport_error", "a", "unable to connect (1 of its addresses tried): dial tcp 10.0.0.1:4040: connect: connection refused"]`)
	// And it doesn't listen again.
	heard, err := false, error(nil)
	a.Listen([]netip.AddrPort{netip.AddrPortFrom(a.host.Addr(), 5050)}, func(_ []netip.AddrPort, e error) { heard, err = true, e })
	w.until("an answer", func() bool { return heard })
	if !errors.Is(err, kernel.ErrClosed) {
		t.Errorf("listening: %v", err)
	}
}

func second[T any](_ T, err error) error { return err }

func TestClosingWaitsForALinkThatIsBeingMade(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	r := b.recorder()
	w.ok(a.Send(r.ID(), "first and last"))
	a.close()
	r.gets(`["first and last"]`)
}

func TestClosingTellsWhatCouldNotBeSent(t *testing.T) {
	for name, c := range map[string]struct {
		arrange func(w *world, a, b *machine)
		to      string
		stop    bool // nothing ends by itself
	}{
		"the peer doesn't read": {func(w *world, a, b *machine) { w.Cut(a.host, b.host) }, "b", true},
		"the peer can't be reached": {func(w *world, a, b *machine) {
			w.ok(a.Send("b", "devnull"))
			b.crash()
			w.until("the end of the link", func() bool { return !a.NodeIsUp("b") })
			w.settle()
		}, "b", false},
		"the peer is unknown": {func(w *world, a, b *machine) {}, "unknown", false},
		"the link breaks meanwhile": {func(w *world, a, b *machine) {
			w.Cut(a.host, b.host)
			w.After(time.Second, func() { w.Reset(a.host, b.host, sim.OneEnd) })
		}, "b", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.linked(2)
			c.arrange(w, a, b)
			for range 100 {
				w.ok(a.TrySend(c.to+"#x", block[:5000]))
			}
			var unsent map[string]int
			done := false
			stop := a.StartClose(func(u map[string]int) { unsent, done = u, true })
			if c.stop {
				w.pass(4 * time.Second)
				if done {
					t.Error("it didn't wait")
				}
				stop()
			}
			w.until("its end", func() bool { return done })
			if n := unsent[c.to]; n < 100_000 || n > 600_000 || len(unsent) != 1 {
				t.Errorf("unsent: %v", unsent)
			}
		})
	}
}

func TestCloseOfARealNode(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	box := b.mailbox()
	onLoop := make(chan error, 1)
	if err := a.Do(func(*kernel.Context) { onLoop <- a.Close(context.Background()) }); err != nil {
		t.Fatal(err)
	}
	if err := <-onLoop; !errors.Is(err, kernel.ErrWouldBlock) {
		t.Errorf("on a loop: %v", err)
	}
	if err := a.Send(box.ID(), "bye"); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(inTime(t)); err != nil {
		t.Error(err)
	}
	if err := a.Close(inTime(t)); !errors.Is(err, kernel.ErrClosed) {
		t.Errorf("again: %v", err)
	}
	if m := b.receive(box); m.String() != `["bye"]` {
		t.Error(m)
	}
	if s := a.Stats(); s.Links != nil || s.Loops != nil {
		t.Errorf("statistics of a closed node: %+v", s)
	}
	// b can't get rid of what it has for c, which doesn't read.
	raw := b.raw().perl("c")
	huge := []byte(strings.Repeat("h", 8<<20))
	for range 4 {
		if err := b.Do(func(self *kernel.Context) { _ = self.Send("c#x", huge) }); err != nil {
			t.Fatal(err)
		}
	}
	raw.expectMatch(func(string) bool { return true }, "the first message")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := b.Close(ctx)
	var unflushed *kernel.UnflushedError
	if !errors.As(err, &unflushed) || unflushed.Octets["c"] == 0 {
		t.Fatalf("closed: %v", err)
	}
	if want := fmt.Sprintf("closed before everything was sent: c: %d octets", unflushed.Octets["c"]); err.Error() != want {
		t.Error(err)
	}
}
