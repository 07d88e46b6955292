package reactor

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

const (
	eventsPerAttendedTurn = 16

	// A goroutine attends for about so long, which is longer than most answers take. It is the
	// same tick that ends it, so the loop's own goroutine is woken as often.
	attendance = 4 * time.Millisecond
)

// Attend runs the loop while its own goroutine waits at the gate. Any goroutine.
//
// Who waits for an answer gets it by running the loop that it comes to. To wake him would take
// longer than all the rest: Go's scheduler starts another thread to look for work whenever a
// goroutine becomes ready, and on few cores that gets into the way of the peer. The gate is
// shut before anything begins, since the answer may be there before this goroutine goes on.
func (l *eventLoop) Attend(w loop.Waiter) {
	if !attending.CompareAndSwap(false, true) {
		return
	}
	defer attending.Store(false)
	// One processor is for who runs the loop, and another one for who is to answer.
	if !l.turns.TryLock() {
		l.asked.Store(l.group.leaves() >= 1)
		return
	}
	if l.group.leaves() < 2 {
		l.turns.Unlock()
		return
	}
	l.attended.Store(true)
	l.group.holding.Add(1)
	ended := false
	defer func() {
		if !ended {
			l.group.log.Error("a callback ended the goroutine that ran its event loop", "loop", l.index)
			l.stopping = true
		}
		l.leave()
	}()
	if l.gate.shut() == nil {
		l.attend(w)
	}
	ended = true
}

// attend takes turns until it is over, or for too long.
func (l *eventLoop) attend(w loop.Waiter) {
	var events [eventsPerAttendedTurn]unix.EpollEvent
	l.inbox.stayAwake()
	w.Begin()
	start := l.Now()
	for now := start; now-start < attendance && !l.stopping && !w.Over(); {
		wait := forever
		if !l.inbox.rest() {
			wait = 0
		}
		l.tick(attendance)
		n, err := l.poll.events(events[:], wait)
		if err != nil {
			return // the loop's goroutine will find out
		}
		now = l.Now()
		l.turn(now, events[:n])
		l.pulse.end(l.Now())
	}
}

// leave lets the loop's own goroutine go on.
func (l *eventLoop) leave() {
	if !l.inbox.rest() || l.stopping {
		l.bell.ring()
	}
	_ = l.gate.open() // can't fail: it was shut
	l.reopened = true
	l.group.holding.Add(-1)
	l.attended.Store(false)
	l.turns.Unlock()
}
