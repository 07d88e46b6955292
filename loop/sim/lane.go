package sim

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A lane is the way of posted tasks from one source to one loop: in order, with a
// delay that differs from lane to lane.
type lane struct {
	event
	l     *eventLoop
	tasks []posted
	head  int
	last  time.Duration
}

type posted struct {
	at time.Duration
	t  loop.Task
}

// newSource numbers the loops and actors, which tasks come from.
func (w *World) newSource() int {
	if n := len(w.freed); n > 0 {
		s := w.freed[n-1]
		w.freed = w.freed[:n-1]
		return s
	}
	w.sources++
	return w.sources - 1
}

// source is whoever is running.
func (w *World) source() int {
	switch {
	case w.running != nil:
		return w.running.source
	case w.actor != nil:
		return w.actor.source
	}
	return 0
}

func (l *eventLoop) Post(t loop.Task) bool {
	if l.dead {
		return false
	}
	w := l.w
	w.Stats.Posts++
	n := l.laneFrom(w.source())
	n.last = max(n.last, w.now+w.moment())
	n.tasks = append(n.tasks, posted{n.last, t})
	if !n.isSet() {
		w.set(&n.event, n.tasks[n.head].at)
	}
	return true
}

func (l *eventLoop) laneFrom(source int) *lane {
	n := l.lanes[source]
	if n == nil {
		n = &lane{l: l}
		n.to = n
		if l.lanes == nil {
			l.lanes = make(map[int]*lane)
		}
		l.lanes[source] = n
	}
	return n
}

// fire runs the tasks that have come by now in one turn.
func (n *lane) fire() {
	if !n.l.ready(&n.event) {
		return
	}
	w := n.l.w
	outer := n.l.enter()
	defer n.l.leave(outer)
	for n.head < len(n.tasks) && n.tasks[n.head].at <= w.now && !n.l.dead {
		t := n.tasks[n.head].t
		n.tasks[n.head].t = nil
		n.head++
		w.note(didTask, n.l, 0)
		n.l.run(t)
		n.l.runLater()
	}
	if n.head == len(n.tasks) {
		n.tasks, n.head = n.tasks[:0], 0
		return
	}
	if n.head > 1024 && n.head > len(n.tasks)/2 {
		n.tasks = n.tasks[:copy(n.tasks, n.tasks[n.head:])]
		n.head = 0
	}
	w.set(&n.event, n.tasks[n.head].at)
}
