package link

import (
	"time"

	"github.com/aemp-go/aemp/internal/spin"
	"github.com/aemp-go/aemp/loop"
)

// flushChunks bounds the finished buffers of one Flush: other connections want their
// turn, too.
const flushChunks = 16

// While goroutines keep a link busy, a buffer that isn't full waits a little for more:
// large writes are what throughput depends on. A message on a quiet link doesn't wait.
const (
	streamPause    = 200 * time.Microsecond
	maxStreamPause = 4 * streamPause // to look again, while full buffers are given all the time
	streamOctets   = 4 << 10         // of the previous flush
)

// Flushed says what is left to do after a Flush.
type Flushed uint8

const (
	Done    Flushed = iota // nothing; or the connection is blocked, and Drained comes
	Unknown                // Settle in a later turn: how much the network takes shows at this one's end, and somebody may wait for it
	More                   // Flush again in a later turn
	Wait                   // Flush again after streamPause, with all, unless Postpone says later
)

// Flush gives the connection what it can take. With all, that is everything; without, what
// isn't worth a write may be kept back for a moment. On the peer's loop. A goroutine that is
// in the middle of Give has it called again.
func (o *Outbox) Flush(c loop.Conn, all bool) Flushed {
	if !o.claim() {
		return Done
	}
	result := o.flush(c, all)
	if o.disclaim() {
		return More
	}
	return result
}

// FlushLast is Flush before the connection is closed: it waits for a goroutine that writes.
func (o *Outbox) FlushLast(c loop.Conn) {
	o.giving.Lock()
	defer o.giving.Unlock()
	for o.flush(c, true) == More {
	}
}

func (o *Outbox) flush(c loop.Conn, all bool) Flushed {
	now := c.Loop().Now()
	all = all || o.quiet(now, 2*streamPause) || o.lastOctets.Load() < streamOctets
	octets := 0
	result := More
	for range flushChunks {
		if c.Blocked() {
			result = Done
			break
		}
		b, _ := o.next()
		if b == nil {
			var again bool
			if b, again, result = o.takeLast(all); again {
				continue
			}
		}
		octets += len(b)
		o.recycle(c.Swap(b))
		if result != More {
			break
		}
	}
	o.gave(now, octets)
	o.Settle(c)
	o.offered.Store(0)
	if result == Done && int(o.given.Load()) >= o.rules.Marks.Low && !c.Blocked() {
		return Unknown
	}
	return result
}

// takeLast takes the buffer that senders append to; the next message asks for a Flush
// then. again is true if another has been finished meanwhile, which comes first.
func (o *Outbox) takeLast(all bool) (b []byte, again bool, result Flushed) {
	spin.Lock(&o.mu)
	defer o.mu.Unlock()
	if o.finished.Load() > 0 {
		return nil, true, More
	}
	o.posted, o.timed, o.nudged = false, false, false
	if len(o.buf) == 0 {
		return nil, false, Done
	}
	if !all {
		o.timed = true
		return nil, false, Wait
	}
	return o.swap(), false, Done
}

// swap puts an empty buffer in the place of the one that senders append to. Under the lock.
func (o *Outbox) swap() (b []byte) {
	b, o.buf = o.buf, nil
	o.chunks.Lock()
	if n := len(o.free); n > 0 {
		o.buf, o.free = o.free[n-1], o.free[:n-1]
	}
	o.chunks.Unlock()
	return b
}

// quiet says whether nothing has been given for d.
func (o *Outbox) quiet(now, d time.Duration) bool {
	return now-time.Duration(o.lastFlush.Load()) > d
}

// gave notes how much was given.
func (o *Outbox) gave(now time.Duration, octets int) {
	if octets > 0 {
		o.lastFlush.Store(int64(now))
		o.lastOctets.Store(int64(octets))
	}
}

// Postpone is asked when a pause is over, and says how long what waits can wait again: 0, it
// can't. If full buffers are being given all the time, of which it will soon be part, it is
// looked at less and less often; else it waits once more for a sender to write it, which finds
// it in its own core's cache. On the peer's loop.
func (o *Outbox) Postpone(now, pause time.Duration) time.Duration {
	if !o.quiet(now, streamPause) {
		return min(2*pause, maxStreamPause)
	}
	spin.Lock(&o.mu)
	defer o.mu.Unlock()
	o.nudged = o.timed && !o.nudged && len(o.buf) > 0
	if o.nudged {
		return streamPause
	}
	return 0
}

// Settle learns how much the connection still holds, and wakes who waits for room. On the
// peer's loop.
func (o *Outbox) Settle(c loop.Conn) {
	o.given.Store(int64(c.Buffered()))
	o.makeRoom()
}

// makeRoom is called when something has been given, or the network takes no more. It wakes who
// stands back and, if there is any, who waits for room.
func (o *Outbox) makeRoom() {
	room := o.given.Load()+o.finished.Load() < int64(o.rules.Marks.Low)
	o.chunks.Lock()
	if room {
		o.waiters.Wake()
	} else {
		o.waiters.WakeSoon()
	}
	o.chunks.Unlock()
}

// WhenRoom calls f once the queue is below its low-water mark or the peer's fate
// has changed, unless CancelRoom gets the ID before; or the ID is 0, and there is no need to
// wait. f is called on another goroutine, under a lock of the outbox: it must neither
// block nor send.
func (o *Outbox) WhenRoom(f func()) (id int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock() // before looking: Settle first says that there is room, and then looks for waiters
	defer o.chunks.Unlock()
	if o.state >= Failing || o.level() < o.rules.Marks.High {
		return 0
	}
	return o.waiters.Add(f)
}

// CancelRoom undoes WhenRoom.
func (o *Outbox) CancelRoom(id int) {
	o.chunks.Lock()
	o.waiters.Remove(id)
	o.chunks.Unlock()
}

func (o *Outbox) wakeWaiters() {
	o.chunks.Lock()
	o.waiters.Wake()
	o.chunks.Unlock()
}
