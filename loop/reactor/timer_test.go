package reactor

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aemp-go/aemp/loop"
)

// The heap against a list that is searched.
func TestTheHeapOfTimersKeepsTheirOrder(t *testing.T) {
	g := &Group{began: time.Now()}
	rapid.Check(t, func(t *rapid.T) {
		l := &eventLoop{group: g, stopping: true} // sets no alarm
		q := &l.timers
		var model []*timer
		for range rapid.IntRange(0, 200).Draw(t, "steps") {
			pick := rapid.IntRange(0, max(len(model)-1, 0)).Draw(t, "which")
			switch rapid.IntRange(0, 3).Draw(t, "what") {
			case 0, 1:
				tm := &timer{loop: l}
				model = append(model, tm)
				tm.Reset(time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond)
			case 2:
				if len(model) > 0 {
					model[pick].Reset(time.Duration(rapid.IntRange(0, 50).Draw(t, "ms")) * time.Millisecond)
				}
			case 3:
				if len(model) > 0 {
					tm := model[pick]
					set := tm.slot != 0
					if tm.Stop() != set || tm.slot != 0 {
						t.Fatal("Stop is wrong about whether it was set")
					}
				}
			}
			for i, tm := range q.heap {
				if tm.slot != i+1 {
					t.Fatalf("the timer at %d believes to be at %d", i, tm.slot-1)
				}
			}
		}
		want := slices.DeleteFunc(model, func(tm *timer) bool { return tm.slot == 0 })
		slices.SortFunc(want, func(a, b *timer) int {
			if a.due != b.due {
				return int(a.due - b.due)
			}
			return int(a.seq) - int(b.seq)
		})
		for i, w := range want {
			top := q.heap[0]
			if top != w {
				t.Fatalf("timer %d of %d comes out of order", i, len(want))
			}
			q.remove(top)
		}
		if len(q.heap) != 0 {
			t.Fatalf("%d timers too many", len(q.heap))
		}
	})
}

func TestTimersRunInOrderAndNeverEarly(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		l := loops[0]
		const n = 200
		var late []time.Duration
		var last time.Duration
		done := make(chan struct{})
		on(l, func() {
			for i := range n {
				d := time.Duration(i*37%n) * 100 * time.Microsecond
				due := l.Now() + d // at the earliest
				latest := due
				loop.After(l, d, func() {
					if latest < last {
						t.Errorf("a timer due at %v ran after one due at %v", latest, last)
					}
					last = due
					if late = append(late, l.Now()-due); len(late) == n {
						close(done)
					}
				})
				latest = l.Now() + d
			}
		})
		receive(t, "all timers", done)
		slices.Sort(late)
		t.Logf("late: median %v, worst %v", late[n/2], late[n-1])
		if late[0] < 0 {
			t.Errorf("%v early", -late[0])
		}
	})
}

func TestOnlyAnEarlierTimerSetsTheAlarm(t *testing.T) {
	l := &eventLoop{group: &Group{began: time.Now()}}
	a := &countingAlarm{}
	l.alarm = a
	first, second := l.NewTimer(nil), l.NewTimer(nil)
	for _, step := range []struct {
		name string
		do   func()
		sets int
	}{
		{"the first timer", func() { first.Reset(time.Minute) }, 1},
		{"a later one", func() { second.Reset(time.Hour) }, 1},
		{"putting the first off", func() { first.Reset(2 * time.Minute) }, 1},
		{"stopping it", func() { first.Stop() }, 1},
		{"an earlier one", func() { first.Reset(time.Second) }, 2},
		{"the same once more", func() { first.Reset(2 * time.Second) }, 2},
	} {
		step.do()
		if a.sets != step.sets {
			t.Fatalf("%s: the alarm was set %d times, not %d", step.name, a.sets, step.sets)
		}
	}
}

type countingAlarm struct{ sets int }

func (a *countingAlarm) set(time.Duration) { a.sets++ }
func (a *countingAlarm) fd() int           { return -1 }
func (a *countingAlarm) close()            {}
