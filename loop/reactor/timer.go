package reactor

import (
	"math"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A timer is in the heap of its loop while it is set.
type timer struct {
	loop *eventLoop
	task loop.Task
	due  time.Duration
	seq  uint64 // timers due at the same time run in the order they were set
	slot int    // index in the heap + 1; 0: not set
}

// timers is an indexed heap with the next one due on top. The alarm is set only
// when an earlier timer gets there; stopping a timer or putting it off leaves the
// alarm alone, which costs one idle wake-up at most.
type timers struct {
	heap    []*timer
	seq     uint64
	alarmAt time.Duration // what the alarm is set to; 0: not set
	firing  bool
}

// NewTimer makes a stopped timer.
func (l *eventLoop) NewTimer(t loop.Task) loop.Timer { return &timer{loop: l, task: t} }

// Reset sets the timer to d from now.
func (t *timer) Reset(d time.Duration) {
	l := t.loop
	q := &l.timers
	q.seq++
	t.seq = q.seq
	t.due = l.Now() + max(d, 0)
	if t.due < 0 { // beyond the end of time
		t.due = math.MaxInt64
	}
	if t.slot == 0 {
		q.heap = append(q.heap, t)
		t.slot = len(q.heap)
	} else {
		q.down(t.slot - 1)
	}
	q.up(t.slot - 1)
	if t.slot == 1 {
		l.setAlarm()
	}
}

// Stop unsets the timer.
func (t *timer) Stop() bool {
	if t.slot == 0 {
		return false
	}
	t.loop.timers.remove(t)
	return true
}

// setAlarm makes the alarm go off when the first timer is due, or earlier.
func (l *eventLoop) setAlarm() {
	q := &l.timers
	if len(q.heap) == 0 || q.firing || l.stopping {
		return
	}
	due := q.heap[0].due
	if q.alarmAt != 0 && q.alarmAt <= due {
		return
	}
	q.alarmAt = due
	l.alarm.set(max(due-l.Now(), 1)) // 0 would unset it
}

// fire runs the timers that were due when it was called. What is set meanwhile,
// even to 0, waits for the next alarm, so that I/O gets its turn.
func (l *eventLoop) fire() {
	q := &l.timers
	now, last := l.Now(), q.seq
	q.alarmAt = 0
	if len(q.heap) > 0 && q.heap[0].due <= now {
		l.pulse.note(now - q.heap[0].due)
	}
	q.firing = true
	for len(q.heap) > 0 {
		t := q.heap[0]
		if t.due > now || t.seq > last {
			break
		}
		q.remove(t)
		l.run1(t.task)
	}
	q.firing = false
	l.setAlarm()
}

// A fireTask is posted by an alarm that has no descriptor.
type fireTask eventLoop

func (f *fireTask) Run() { (*eventLoop)(f).fire() }

func (q *timers) before(i, j int) bool {
	a, b := q.heap[i], q.heap[j]
	if a.due != b.due {
		return a.due < b.due
	}
	return a.seq < b.seq
}

func (q *timers) swap(i, j int) {
	h := q.heap
	h[i], h[j] = h[j], h[i]
	h[i].slot, h[j].slot = i+1, j+1
}

func (q *timers) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !q.before(i, parent) {
			return
		}
		q.swap(i, parent)
		i = parent
	}
}

func (q *timers) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(q.heap) {
			return
		}
		if child+1 < len(q.heap) && q.before(child+1, child) {
			child++
		}
		if !q.before(child, i) {
			return
		}
		q.swap(i, child)
		i = child
	}
}

func (q *timers) remove(t *timer) {
	i, last := t.slot-1, len(q.heap)-1
	q.swap(i, last)
	q.heap[last] = nil
	q.heap = q.heap[:last]
	t.slot = 0
	if i < last {
		q.down(i)
		q.up(i)
	}
}
