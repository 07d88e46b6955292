package reactor

import (
	"sync"
	"sync/atomic"
	"time"
)

// An offering is what goroutines beside the loop's need to write to a connection. They may
// while the loop has nothing to write itself, so that the order is that of the calls.
type offering struct {
	mu   sync.Mutex // held while one of them writes, and while the loop changes open
	open bool
}

// Offer writes what the network takes of p at once. Any goroutine.
func (c *conn) Offer(p []byte) int {
	o := &c.offering
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.open || len(p) == 0 || len(p) < flushSize && !c.loop.offers.allow(c, c.loop.Now()) {
		return 0
	}
	n, err := writeNow(c.fd, p)
	if err != nil {
		return 0 // the loop will see for itself
	}
	if len(p) < flushSize && !c.loop.offers.made.Load() {
		c.loop.offers.made.Store(true)
	}
	c.loop.counts.writes.Add(1)
	c.loop.counts.writtenOctets.Add(uint64(n))
	return n
}

// offers are the small ones that goroutines make to a loop's connections. Who goes on from one
// to the next without a pause had better leave that to the loop: while it writes to the
// first ones, more is queued for the others, so that one write takes many messages.
type offers struct {
	last atomic.Pointer[conn]
	at   atomic.Int64 // the last offer, on the loop's clock
	made atomic.Bool  // one was taken since the loop looked
}

// offerPause is how long there must have been no offer for another connection: some writes' time.
const offerPause = 10 * time.Microsecond

func (t *offers) allow(c *conn, now time.Duration) bool {
	if c == t.last.Load() {
		t.at.Store(int64(now))
		return true
	}
	quiet := now-time.Duration(t.at.Swap(int64(now))) > offerPause
	if quiet {
		t.last.Store(c)
	}
	return quiet
}

// claim: the loop is about to write, or to do something else that goroutines mustn't write
// into. It waits for one that does.
func (c *conn) claim() {
	if c.offering.open { // only the loop changes it
		c.setOffering(false)
	}
}

// share: the loop has written everything.
func (c *conn) share() {
	if !c.offering.open && c.state == open && !c.shut && c.secure == nil {
		c.setOffering(true)
	}
}

func (c *conn) setOffering(open bool) {
	c.offering.mu.Lock()
	c.offering.open = open
	c.offering.mu.Unlock()
}
