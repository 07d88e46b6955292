// Package turns is a flood from a handler of one sender to one receiver: the handler sends
// some messages in each of its turns, and has the next by a message to itself, so that it
// stays one among others.
package turns

import (
	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
)

const burst = 256 // messages of a turn at most

// Turns is the state of such a handler, used by that alone.
type Turns struct {
	source *play.Source
	share  int
	left   int // messages that may be under way, see package window
}

// New begins to warm up with the first turn.
func New(s play.Spec) *Turns {
	return &Turns{source: play.NewSources(s).Source(0), share: window.Share(s), left: window.All(s)}
}

// Turn sends, and says whether the handler is to have another turn at once.
func (t *Turns) Turn(send func(number int64)) (again bool) {
	for range min(burst, t.left) {
		_, number, ok := t.source.Next()
		if !ok {
			return false
		}
		t.left--
		send(number)
	}
	return t.left > 0
}

// Grant says that the receiver has taken a share, and whether the handler is to have
// a turn, for which it has been waiting.
func (t *Turns) Grant() (again bool) {
	again = t.left == 0
	t.left += t.share
	return again
}
