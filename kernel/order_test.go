package kernel_test

import (
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestWhatAHandlerChangesIsInOrderWithItsMessages(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	got := 0
	a.do(func(self *kernel.Context) {
		p, err := self.NewPort()
		w.ok(err)
		p.On("x", func(*kernel.Context, codec.Message) { got++ })
		w.ok(self.Send(p.ID(), "x"))
		p.Kill()
		w.ok(self.Send(p.ID(), "x"))
	})
	w.settle()
	if got != 1 || a.drops().DeadPort != 1 {
		t.Errorf("%d messages were handled, not 1; %+v", got, a.drops())
	}
}

func TestAPortThatHasEndedItselfGetsNothingMore(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(1)
	got := 0
	p := b.port(func(self *kernel.Context, _ codec.Message) {
		got++
		self.Die("enough")
	})
	v, _ := a.monitor(p.ID())
	w.settle()
	a.do(func(self *kernel.Context) {
		for range 5 {
			w.ok(self.Send(p.ID(), "x"))
		}
	})
	v.is(`["enough"]`)
	if got != 1 {
		t.Errorf("%d messages were handled", got)
	}
}

func TestANodeMonitorThatIsSetAgainByItsCallbackDoesntHoldUpTheNextLink(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	target := b.port(nil).ID()
	var again func(*kernel.Context, kernel.Reason)
	fired := 0
	again = func(*kernel.Context, kernel.Reason) {
		if fired++; fired < 10_000 {
			_, _ = a.Monitor(target, again) // in the end a is closed
		}
	}
	for range 5 {
		_, err := a.Monitor(target, again)
		w.ok(err)
	}
	w.settle()
	b.crash()
	w.until("the barrier", func() bool { return len(a.events) == 2 })
	if fired > 100 {
		t.Errorf("they fired %d times", fired)
	}
}
