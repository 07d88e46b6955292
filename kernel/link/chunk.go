package link

import (
	"slices"

	"github.com/aemp-go/aemp/loop"
)

// chunkSize is where the outbox begins a new buffer: as much as is worth a write of its own, and
// waking who reads it; no more than stays in a core's cache, and than the peer's loop reads at once.
const chunkSize = 112 << 10

// maxFree bounds the empty chunks that an outbox in use keeps: what its senders fill
// between two writes, up to the high-water mark.
const maxFree = 10

// maxKeptBuffer: larger buffers, those of a single large message, go back to the
// collector once they are empty.
const maxKeptBuffer = 4 * chunkSize

// rotate puts the buffer to the finished ones and begins another.
func (o *Outbox) rotate() {
	o.chunks.Lock()
	o.finished.Add(int64(len(o.buf)))
	o.full = append(o.full, o.buf)
	if n := len(o.free); n > 0 {
		o.buf, o.free = o.free[n-1], o.free[:n-1]
	} else {
		o.buf = make([]byte, 0, chunkSize+chunkSize/8)
	}
	o.chunks.Unlock()
}

// next is the oldest finished buffer, or nil, and the connection that it is for.
func (o *Outbox) next() ([]byte, loop.Conn) {
	o.chunks.Lock()
	defer o.chunks.Unlock()
	if len(o.full) == 0 {
		return nil, o.conn
	}
	b := o.full[0]
	n := copy(o.full, o.full[1:])
	o.full[n] = nil
	o.full = o.full[:n]
	o.offered.Store(int64(len(b)))
	o.finished.Add(-int64(len(b)))
	return b, o.conn
}

// putBack makes b the oldest finished buffer again, but for the n octets that its connection has
// taken; or forgets it, if that was lost meanwhile.
func (o *Outbox) putBack(c loop.Conn, b []byte, n int) {
	o.chunks.Lock()
	defer o.chunks.Unlock()
	o.offered.Store(0)
	if o.conn != c {
		return
	}
	if n > 0 {
		b = b[:copy(b, b[n:])]
	}
	o.finished.Add(int64(len(b)))
	o.full = slices.Insert(o.full, 0, b)
}

// recycle keeps an empty buffer for later.
func (o *Outbox) recycle(b []byte) {
	if cap(b) == 0 || cap(b) > maxKeptBuffer {
		return
	}
	o.chunks.Lock()
	o.used = true
	if len(o.free) < maxFree {
		o.free = append(o.free, b[:0])
	}
	o.chunks.Unlock()
}

// Trim gives memory back that hasn't been used since the last Trim.
func (o *Outbox) Trim() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock()
	defer o.chunks.Unlock()
	if !o.used {
		o.full, o.free = released(o.full), nil
		o.buf = released(o.buf)
	}
	o.used = false
}

// released is a buffer, or none instead of an empty one.
func released[T any](b []T) []T {
	if len(b) == 0 {
		return nil
	}
	return b
}
