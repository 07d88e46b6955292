package link

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// givePause is how long a link must have been quiet for a sender to write a buffer that isn't
// full: a first message leaves at once, and those close behind it become a batch on the loop.
const givePause = 10 * time.Microsecond

// Give writes what is to be sent from where it was sent, which saves the way to the peer's
// loop. It is worth it for full buffers, and for a message on a quiet link. It reports
// false if Flush has to be called on the peer's loop. Any goroutine.
func (o *Outbox) Give() (done bool) {
	if !o.claim() {
		return true
	}
	done = o.give()
	return !o.disclaim() && done
}

// claim makes the caller the one who gives to the connection. If somebody else is, that one
// will learn from disclaim that he was wanted meanwhile.
func (o *Outbox) claim() bool {
	if o.giving.TryLock() {
		return true
	}
	o.wanted.Store(true)
	return o.giving.TryLock()
}

func (o *Outbox) disclaim() (wanted bool) {
	o.giving.Unlock()
	return o.wanted.Swap(false)
}

func (o *Outbox) give() (done bool) {
	for range flushChunks {
		b, c := o.next()
		if c == nil {
			return false // the loop makes a link
		}
		if b == nil {
			if b, done = o.rest(c, c.Loop().Now()); b == nil {
				return done
			}
		}
		when := c.Loop().Now() // the peer may run before this goroutine goes on
		n := c.Offer(b)
		if n >= streamOctets {
			when = c.Loop().Now() // which has taken long by itself
		}
		o.gave(when, n)
		if n < len(b) {
			o.putBack(c, b, n)
			o.makeRoom()
			return false
		}
		o.offered.Store(0)
		o.recycle(b)
		o.makeRoom()
	}
	return false
}

// rest takes the buffer that isn't full if the link is quiet. If it doesn't, done says
// whether there is nothing left to do. What is sent by now may be for another link than c's.
func (o *Outbox) rest(c loop.Conn, now time.Duration) (b []byte, done bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case o.conn != c || o.finished.Load() > 0:
		return nil, false
	case len(o.buf) == 0 || o.timed && !o.nudged:
		o.posted = false
		return nil, true
	case o.nudged: // and timed, as before
	case !o.quiet(now, givePause):
		return nil, false
	}
	o.posted, o.nudged = false, false
	o.offered.Store(int64(len(o.buf)))
	return o.swap(), true
}

// Beat writes p, a whole frame, to the connection if nothing waits to be written, and reports
// false if something does. While somebody else gives to the connection it leaves it at that: a
// goroutine may have written a part of a buffer whose rest it is just putting back. On the peer's loop.
func (o *Outbox) Beat(c loop.Conn, p []byte) (done bool) {
	if !o.claim() {
		return true
	}
	n, _ := o.Level()
	if n == 0 {
		c.Write(p)
	}
	return !o.disclaim() && n == 0 // else a Flush is wanted
}
