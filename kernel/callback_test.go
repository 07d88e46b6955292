package kernel_test

import (
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestACallbackRunsAtOnceAndMayPanic(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	ran := false
	w.Do(a.group.Loops()[0], func() {
		if !a.Inside() {
			t.Error("it doesn't know that it is on a loop")
		}
		a.Callback(func(*kernel.Context) { panic(meant) })
		a.Callback(func(self *kernel.Context) { ran = self.Port() == nil })
		if !ran {
			t.Error("it didn't run at once, in the context of no port")
		}
	})
	if a.Inside() {
		t.Error("a test is on no loop")
	}
}

func TestACallbackInAPortRunsOnItsLoopWhileItLives(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 3)
	for range 3 {
		p := a.port(func(self *kernel.Context, _ codec.Message) { self.Die() })
		first := a.group.Loops()[0]
		ran := 0
		call := func(self *kernel.Context) {
			if self.Port() != p {
				t.Errorf("in the context of %v", self.Port())
			}
			ran++
		}
		w.Do(first, func() { a.CallbackIn(p, call); a.CallbackIn(p, call) })
		w.until("two calls", func() bool { return ran == 2 })
		w.ok(a.Send(p.ID(), "die"))
		w.until("its death", func() bool { return !p.Alive() })
		w.Do(first, func() { a.CallbackIn(p, call) })
		w.pass(time.Second)
		if ran != 2 {
			t.Error("a dead port is called")
		}
	}
}

func TestAPanicInACallbackInAPortKillsIt(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	p := a.port(nil)
	w.Do(a.group.Loops()[0], func() { a.CallbackIn(p, func(*kernel.Context) { panic(meant) }) })
	w.until("its death", func() bool { return !p.Alive() })
}
