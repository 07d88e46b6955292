package kernel

import (
	"sync"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/spin"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// inbox is the way from other loops and from goroutines to one shard: first in,
// first out for everybody. A batch is swapped out whole and worked off; one
// wake-up serves all that came before it.
type inbox struct {
	shard *shard

	filled  atomic.Bool // there is something in q
	mu      sync.Mutex
	q       queue
	armed   bool    // a drain has been posted and hasn't begun
	held    bool    // what goroutines send waits: see hold.go
	outside bool    // a goroutine has sent something since the last batch
	working int     // octets of the batch being worked off
	feeds   []*feed // paused because of this inbox
	waiters link.Waiters
}

// put queues a message for a port that lives here. wake says that the caller must
// call wake, at the latest at the end of its turn.
func (b *inbox) put(p *Port, m codec.Message, bound int) (wake bool, err error) {
	b.mu.Lock()
	if err = b.admit(bound); err == nil {
		b.q.put(p, nil, m)
		wake = b.arm(b.presses(bound))
	}
	b.mu.Unlock()
	return wake, err
}

// hand is put for what came over a link. It is never refused: when the inbox is
// above its high-water mark the link is paused until there is room.
func (b *inbox) hand(p *Port, f *feed, m codec.Message) (wake bool) {
	b.mu.Lock()
	b.q.put(p, f, m)
	if b.q.size+b.working > b.shard.bounds.inbox.High && f.pause(b.shard.index) {
		b.feeds = append(b.feeds, f)
	}
	wake = b.arm(true)
	b.mu.Unlock()
	return wake
}

// putArgs is put for arguments that are still to be encoded.
func (b *inbox) putArgs(p *Port, args []any, bound int) (wake bool, err error) {
	b.mu.Lock()
	if err = b.admit(bound); err == nil {
		if err = b.q.putArgs(p, args); err == nil {
			wake = b.arm(b.presses(bound))
		}
	}
	b.mu.Unlock()
	return wake, err
}

func (b *inbox) admit(bound int) error {
	switch {
	case b.q.size+b.working < bound:
		return nil
	case bound >= b.shard.bounds.inbox.Hard:
		return ErrOverload
	}
	return ErrFull
}

// run queues a task. Tasks are never refused: they are the system's own and few.
func (b *inbox) run(t loop.Task) (wake bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.q.run(t)
	return b.arm(true)
}

// arm says whether the loop has to be woken for what has just been queued.
func (b *inbox) arm(presses bool) bool {
	if !b.filled.Load() {
		b.filled.Store(true)
	}
	if b.armed || b.held && !presses {
		return false
	}
	b.armed = true
	return true
}

// wake has the shard look into its inbox.
func (b *inbox) wake() {
	if b.shard.faults.has(lostWakeup) {
		return
	}
	b.shard.loop.Post((*drainTask)(b.shard))
}

// take swaps the waiting batch for an empty queue. outside says that some of it is from
// goroutines.
func (b *inbox) take(empty queue) (q queue, outside bool) {
	spin.Lock(&b.mu)
	defer b.mu.Unlock()
	b.filled.Store(false)
	q, outside = b.q, b.outside
	b.q, b.armed, b.held, b.outside, b.working = empty, false, true, false, q.size
	return q, outside
}

// done says that the batch has been worked off, and returns the links that may go on. hold
// says that what comes next may wait for more; held then that it does, and wake that
// the caller must call wake.
func (b *inbox) done(hold bool) (links []*feed, held, wake bool) {
	spin.Lock(&b.mu)
	defer b.mu.Unlock()
	b.working = 0
	b.held = hold && b.q.size < b.shard.bounds.enough
	if !b.held && !b.q.empty() {
		wake = b.arm(true)
	}
	if b.q.size >= b.shard.bounds.inbox.Low {
		return nil, b.held, wake
	}
	b.waiters.Wake()
	links, b.feeds = b.feeds, nil
	return links, b.held, wake
}

// WhenRoom calls f once there is room, under the lock, unless CancelRoom gets the ID before; or
// the ID is 0, and there is room.
func (b *inbox) WhenRoom(f func()) (id int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.q.size+b.working < b.shard.bounds.inbox.High {
		return 0
	}
	return b.waiters.Add(f)
}

func (b *inbox) CancelRoom(id int) {
	b.mu.Lock()
	b.waiters.Remove(id)
	b.mu.Unlock()
}

func (b *inbox) level() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.q.size + b.working
}
