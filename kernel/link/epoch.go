package link

import (
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Up makes the link's connection the way out: what was queued is brought into
// its framing. On the peer's loop.
func (o *Outbox) Up(c loop.Conn, f codec.Framing) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock()
	defer o.chunks.Unlock()
	o.conn, o.framing, o.state = c, f, Open
	if f == codec.Msgpack {
		return nil
	}
	for i, b := range append(o.full, o.buf) {
		b, err := transcode(b, f, o.rules.Limits)
		if err != nil {
			return err // can't be: commit has tried
		}
		if i == len(o.full) {
			o.buf = b
			break
		}
		o.finished.Add(int64(len(b) - len(o.full[i])))
		o.full[i] = b
	}
	return nil
}

// transcode brings msgpack frames into another framing.
func transcode(frames []byte, f codec.Framing, lim codec.Limits) (out []byte, err error) {
	for len(frames) >= frameHeader {
		n := frameHeader + int(frames[1])<<16 + int(frames[2])<<8 + int(frames[3])
		if out, err = codec.AppendFrame(out, f, frames[frameHeader:n], lim); err != nil {
			return nil, err
		}
		frames = frames[n:]
	}
	return out, nil
}

// Fail begins a new epoch: all that is queued is lost, and what is sent until
// Idle is dropped. It returns how many octets were lost. On the peer's loop.
func (o *Outbox) Fail() (lost int) { return o.end(Failing) }

// Shut ends the outbox whatever it holds, and returns how many octets that is.
func (o *Outbox) Shut() (lost int) { return o.end(Closed) }

func (o *Outbox) end(s OutboxState) (lost int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == Closed {
		return 0
	}
	lost = o.level() + int(o.offered.Swap(0))
	o.state, o.epoch = s, o.epoch+1
	o.buf, o.posted, o.timed, o.nudged = nil, false, false, false
	o.joined = nil
	if s == Failing {
		o.joined = make([]bool, o.rules.Loops)
	}
	o.chunks.Lock()
	o.conn, o.full, o.free = nil, nil, nil
	o.chunks.Unlock()
	o.finished.Store(0)
	o.given.Store(0)
	o.wakeWaiters()
	return lost
}

// Join: all monitors of a loop have fired. What is sent from there is queued for the
// next link. On that loop.
func (o *Outbox) Join(loop int) {
	o.mu.Lock()
	if o.state == Failing { // it may have been shut meanwhile
		o.joined[loop] = true
	}
	o.mu.Unlock()
}

// Idle begins a new epoch: all monitors of the lost one have fired, and all messages
// are queued for the next link. It does nothing and reports false if may, called
// under the lock, says so. On the peer's loop.
func (o *Outbox) Idle(may func() bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !may() {
		return false
	}
	if o.state == Failing { // it may have been shut meanwhile
		o.state, o.epoch, o.joined = Queueing, o.epoch+1, nil
	}
	return true
}

// Retire ends the outbox if it is idle and empty. On the peer's loop.
func (o *Outbox) Retire() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != Queueing || o.level() > 0 {
		return false
	}
	o.state = Gone
	o.wakeWaiters()
	return true
}

// Epoch is the present epoch and what happens to a message in it.
func (o *Outbox) Epoch() (uint64, OutboxState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.epoch, o.state
}
