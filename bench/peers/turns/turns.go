// Package turns is a flood from a handler: the handler sends a burst in each of its turns,
// and has its next one by a message to itself, so that it stays one among others.
package turns

import (
	"time"

	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
)

// Burst is how many messages a turn has.
const Burst = 256

// Turns is the state of one such handler; it is used by that alone.
type Turns struct {
	spec    play.Spec
	start   time.Time // of the warming up, and then of what is measured
	warmed  bool
	number  int64
	mallocs uint64
	left    int  // messages that may be under way, see package window
	parked  bool // until there is a grant
}

// New begins to warm up with the first turn.
func New(s play.Spec) *Turns { return &Turns{spec: s, left: window.All(s)} }

// Grant says that the receiver has taken a share, and whether the handler is to have
// its next turn, for which it has been waiting.
func (t *Turns) Grant() (again bool) {
	t.left += window.Share(t.spec)
	again, t.parked = t.parked, false
	return again
}

// Turn sends the next burst and says whether there is to be another at once. With the last
// the harness is told how many there were.
func (t *Turns) Turn(send func(number int64)) (again bool) {
	if t.left < Burst {
		t.parked = true
		return false
	}
	now := time.Now()
	if t.start.IsZero() {
		t.start = now
	}
	switch {
	case t.warmed && now.Sub(t.start) >= t.spec.For:
		t.left--
		send(play.End)
		mallocs := play.Mallocs() - t.mallocs
		play.Say(play.Line{Result: &play.Result{Counts: []int64{t.number}, Mallocs: &mallocs}})
		return false
	case t.warmed:
		t.left -= Burst
		for range Burst {
			t.number++
			send(t.number)
		}
	case now.Sub(t.start) >= t.spec.Warm:
		t.warmed, t.start, t.mallocs = true, now, play.Mallocs()
		t.left--
		send(play.Begin)
	default:
		t.left -= Burst
		for range Burst {
			send(play.Warm)
		}
	}
	return true
}
