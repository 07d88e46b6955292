package link

import "errors"

// Goroutines that send to one peer at the same time cost each other more than their messages
// do: each time the lock and the end of the buffer go to another core. So while large buffers
// are filled one after the other, a goroutine that finds the lock taken had better stand back
// until something has been given to the connection. The rest go on faster without it, and its
// core is left to who reads.

// ErrContended: others are sending; wait as WhenGiven tells, and send from Outside.
var ErrContended = errors.New("others are sending")

// lock takes the lock that was taken a moment ago, unless the sender is to stand back.
//
//go:noinline
func (o *Outbox) lock(from int) bool {
	if o.contended(from) {
		return false
	}
	o.mu.Lock()
	return true
}

// contended says whether a sender that has found the lock taken is to stand back.
func (o *Outbox) contended(from int) bool {
	if from != Patient || o.lastOctets.Load() < chunkSize/2 {
		return false
	}
	o.chunks.Lock()
	c := o.conn
	o.chunks.Unlock()
	return c != nil && !o.quiet(c.Loop().Now(), streamPause)
}

// WhenGiven calls f, as WhenRoom does, once some of what waits now has been given to the
// connection or couldn't be, unless CancelRoom gets the ID before; or the ID is 0, and nothing
// waits, or for the network.
func (o *Outbox) WhenGiven(f func()) (id int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock()
	defer o.chunks.Unlock()
	if o.state != Open || len(o.buf) == 0 || !o.posted && !o.timed || o.given.Load() > 0 {
		return 0
	}
	return o.waiters.AddSoon(f)
}
