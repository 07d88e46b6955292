package turns

import (
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/peers/window"
	"github.com/aemp-go/aemp/bench/play"
)

func TestAHandlerWithoutGrantsStopsAtTheWindowAndGoesOnWithOne(t *testing.T) {
	s := play.Spec{Pairs: 1, Ports: 1, Size: 32, Warm: time.Hour}
	turns, sent := New(s), 0
	send := func(number int64) {
		if number != play.Warm {
			t.Fatalf("sent %d while warming up", number)
		}
		sent++
	}
	for turns.Turn(send) {
	}
	if sent != window.All(s) {
		t.Fatalf("%d messages sent without a grant, the window has %d", sent, window.All(s))
	}
	if !turns.Grant() {
		t.Fatal("a grant didn't give the handler the turn that it waited for")
	}
	if turns.Grant() {
		t.Fatal("a grant gave a turn to a handler that has one already")
	}
	for turns.Turn(send) {
	}
	if want := window.All(s) + 2*window.Share(s); sent != want {
		t.Fatalf("%d messages sent after two grants, %d may be", sent, want)
	}
}
