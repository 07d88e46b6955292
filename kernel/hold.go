package kernel

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A loop is faster than a goroutine that keeps sending to it, and would be woken for
// every few messages, which costs both more than the messages do. So where many come
// within a short time, what goroutines send waits for holdTime, or until it is enough
// to be worth a wake-up. What other loops send comes in batches anyhow and doesn't
// wait, nor do tasks, nor a message to an inbox that is quiet.
//
// Where goroutines wait for answers, they are held up in vain: when holdTime is over, little
// has come. They are then left alone for a while, twice as long each time up to maxRest.
const (
	holdTime = 100 * time.Microsecond
	maxRest  = 100 * holdTime
)

// holder is a shard's part in it; of the loop only.
type holder struct {
	timer loop.Timer
	set   bool // the timer is
	due   bool // the timer has just run

	rest  time.Duration // after the last wait in vain; 0: it wasn't in vain
	until time.Duration // when the rest ends

	since  time.Duration // what has been taken since then,
	octets int           // within holdTime
}

// holdTask is the shard as the task of its timer.
type holdTask shard

func (t *holdTask) Run() {
	s := (*shard)(t)
	s.hold.set, s.hold.due = false, true
	s.drain()
}

// mayHold says whether messages may be held after a batch of so many octets.
func (s *shard) mayHold(octets int) bool {
	h, now := &s.hold, s.loop.Now()
	switch {
	case (h.set || h.due) && octets >= s.bounds.enough/4:
		h.rest = 0
	case h.due:
		h.rest = min(max(2*h.rest, holdTime), maxRest)
		h.until = now + h.rest
	}
	h.due = false
	if now-h.since > holdTime {
		h.since, h.octets = now, 0
	}
	h.octets += octets
	return h.octets >= s.bounds.busy && (h.rest == 0 || now >= h.until)
}

// setHold has held messages taken when holdTime is over.
func (s *shard) setHold(held bool) {
	switch {
	case held:
		if s.hold.timer == nil {
			s.hold.timer = s.loop.NewTimer((*holdTask)(s))
		}
		s.hold.timer.Reset(holdTime)
	case s.hold.set:
		s.hold.timer.Stop()
	}
	s.hold.set = held
}

// presses says whether a message that has just been queued doesn't wait. Handlers, whose
// bound is the hard one, can't.
func (b *inbox) presses(bound int) bool {
	if bound >= b.shard.bounds.inbox.Hard {
		return true
	}
	b.outside = true
	return b.q.size >= b.shard.bounds.enough
}
