package sim

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

type noted struct {
	event
	n   int
	ran *[]int
}

func (x *noted) fire() { *x.ran = append(*x.ran, x.n) }

func TestTheQueueGivesTheEarliestAndAmongEqualsTheFirstSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type model struct {
			at  time.Duration
			seq int
			set bool
		}
		const n = 40
		var q queue
		var ran []int
		events := make([]*noted, n)
		models := make([]model, n)
		for i := range events {
			events[i] = &noted{n: i, ran: &ran}
			events[i].to = events[i]
		}
		pop := func() {
			best := -1
			for i, m := range models {
				if m.set && (best < 0 || m.at < models[best].at || m.at == models[best].at && m.seq < models[best].seq) {
					best = i
				}
			}
			if best < 0 {
				return
			}
			models[best].set = false
			if q.pop().to.fire(); ran[len(ran)-1] != best {
				t.Fatalf("popped %d instead of %d", ran[len(ran)-1], best)
			}
		}
		for seq := range rapid.IntRange(1, 300).Draw(t, "steps") {
			i := rapid.IntRange(0, n-1).Draw(t, "event")
			switch rapid.IntRange(0, 5).Draw(t, "what") {
			case 0:
				pop()
			case 1:
				if q.unset(&events[i].event) != models[i].set {
					t.Fatal("unset doesn't know whether it was set")
				}
				models[i].set = false
			default:
				at := time.Duration(rapid.IntRange(0, 20).Draw(t, "at"))
				q.set(&events[i].event, at)
				models[i] = model{at, seq, true}
			}
			for i, m := range models {
				if events[i].isSet() != m.set {
					t.Fatalf("event %d: set %v", i, events[i].isSet())
				}
			}
		}
		for len(q.entries) > 0 {
			pop()
		}
	})
}
