package kernel_test

import (
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestStatsTellOfLinksQueuesDropsHandshakesAndLoops(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	raw := a.raw().greet(perlGreeting("stranger"))
	raw.out = codec.CBOR
	raw.write(raw.proof("wrong"))
	raw.ended()
	pending := a.raw()
	pending.greet(perlGreeting("slow"))
	if err := a.Send("a#nobody"); err != nil {
		t.Fatal(err)
	}
	if err := b.Send("a", "snd"); err != nil {
		t.Fatal(err)
	}
	p, err := a.NewPort()
	if err != nil {
		t.Fatal(err)
	}
	p.OnDefault(func(*kernel.Context, codec.Message) { panic(meant) })
	if err := a.Send(p.ID()); err != nil {
		t.Fatal(err)
	}
	_ = a.mailbox()
	a.until("all of it", func() bool {
		s := a.Stats()
		return s.Ports == 1 && s.Panics == 1 && s.Pending == 1 && s.Drops.UnknownPort == 1 && s.Drops.Ignored == 1 &&
			s.Handshakes["ok"] == 1 && s.Handshakes["wrong_secret"] == 1
	})
	s := a.Stats()
	if len(s.Loops) != 2 || len(s.Links) != 1 {
		t.Fatalf("%+v", s)
	}
	for i, l := range s.Loops {
		if l.Lag < 0 || l.Lag > time.Minute || l.Inbox < 0 {
			t.Errorf("loop %d: %+v", i, l)
		}
	}
	l := s.Links[0]
	if l.Node != "b" || l.Address != b.addr.String() || l.Auth != codec.AuthHMAC || l.In != "msgpack" || l.Out != "msgpack" ||
		l.Received == 0 || l.Up <= 0 || l.Queued < 0 || l.Dropped != 0 {
		t.Errorf("%+v", l)
	}
	// What waits for a link that can't be made is lost, and counted.
	if err := a.Send("unheard-of#x", block); err != nil {
		t.Fatal(err)
	}
	a.until("the loss", func() bool { return a.Stats().Drops.LostOctets >= uint64(len(block)) })
}

func TestMessagesToADeadPortAreCounted(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	p := a.port(func(self *kernel.Context, _ codec.Message) {
		w.ok(self.Send(self.ID(), "on its way at its end"))
		self.Die()
	})
	w.ok(a.Send(p.ID()))
	w.until("a drop", func() bool { return a.drops().DeadPort == 1 })
}

func TestWhatALaxPortIgnoresIsCounted(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	a.Register("f", func(self *kernel.Context, _ codec.Message) { self.On("known", func(*kernel.Context, codec.Message) {}) })
	id, err := a.Spawn("a", "f")
	w.ok(err)
	w.ok(a.Send(id, "unknown"))
	w.until("a drop", func() bool { return a.drops().Unhandled == 1 })
}
