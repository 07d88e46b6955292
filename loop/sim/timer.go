package sim

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

type timer struct {
	event
	l   *eventLoop
	due time.Duration
	t   loop.Task
}

func (l *eventLoop) NewTimer(t loop.Task) loop.Timer {
	l.mine("NewTimer")
	x := &timer{l: l, t: t}
	x.to = x
	return x
}

func (t *timer) Reset(d time.Duration) {
	t.l.mine("Reset of a timer")
	t.Stop()
	// Never in the same instant, or a timer that resets itself stops the clock.
	t.due = t.l.w.after(max(d, time.Microsecond))
	t.l.w.set(&t.event, t.due)
}

func (t *timer) Stop() bool {
	t.l.mine("Stop of a timer")
	if !t.l.w.queue.unset(&t.event) {
		return false
	}
	if t.due <= t.l.w.now {
		t.l.w.Stats.LateStops++
	}
	return true
}

func (t *timer) fire() {
	if !t.l.ready(&t.event) {
		return
	}
	t.l.w.Stats.Timers++
	t.l.w.note(didTimer, t.l, 0)
	outer := t.l.enter()
	defer t.l.leave(outer)
	t.l.run(t.t)
	t.l.runLater()
}
