package link

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// holding is a connection that holds some octets.
type holding struct {
	loop.Conn
	octets int
}

func (h holding) Buffered() int { return h.octets }

func TestWhoeverWaitsForRoomWhileItComesIsWoken(t *testing.T) {
	o := NewOutbox(&Rules{Limits: codec.DefaultLimits, Marks: Marks{Low: 10, High: 100, Hard: 1000}, Loops: 1})
	for range 20_000 {
		o.Settle(holding{octets: 100})
		var woken atomic.Bool
		var waits bool
		var both sync.WaitGroup
		both.Go(func() { o.Settle(holding{}) })
		both.Go(func() { waits = o.WhenRoom(func() { woken.Store(true) }) != 0 })
		both.Wait()
		if waits && !woken.Load() {
			t.Fatal("there is room, and nobody says so")
		}
	}
}

func TestAWaiterThatHasGivenUpIsForgotten(t *testing.T) {
	var w Waiters
	called := ""
	w.Add(func() { called += "a" })
	b := w.Add(func() { called += "b" })
	w.Add(func() { called += "c" })
	w.Remove(b)
	w.Remove(b)
	if w.Len() != 2 {
		t.Errorf("%d wait", w.Len())
	}
	w.Wake()
	w.Wake()
	if called != "ac" || w.Len() != 0 {
		t.Errorf("called %s, %d wait", called, w.Len())
	}
}
