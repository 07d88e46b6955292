package link

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/spin"
	"github.com/aemp-go/aemp/loop"
)

// Marks bound what waits to be sent to one peer, in octets.
type Marks struct {
	// Low lets goroutines that wait in Send go on. Well below High, so that
	// they are woken rarely and then have much to do.
	Low int
	// High makes goroutines wait. Enough for many writes of 64 KiB, little
	// enough that a thousand slow peers fit in memory.
	High int
	// Hard is where handlers, which never wait, get ErrOverload. Above the
	// largest message, so that one always fits into an empty queue.
	Hard int
}

// DefaultMarks are the marks of every outgoing queue.
var DefaultMarks = Marks{Low: 256 << 10, High: 1 << 20, Hard: 64 << 20}

var (
	// ErrOverload: a queue is at its hard limit; the message was not accepted.
	ErrOverload = errors.New("overload: queue at its hard limit")
	// ErrFull: a queue is above its high-water mark; wait and try again.
	ErrFull = errors.New("queue above its high-water mark")
	// ErrGone: the outbox is no longer in use; the peer may have a new one.
	ErrGone = errors.New("outbox no longer in use")
	// ErrClosed: the node is closed or closing.
	ErrClosed = errors.New("node is closed")
)

// OutboxState says what happens to a message that is sent now.
type OutboxState uint8

const (
	Queueing OutboxState = iota // kept until a link is up
	Open                        // goes out on the link
	Failing                     // dropped: a link was lost and its monitors haven't all fired
	Gone                        // refused with ErrGone
	Closed                      // refused with ErrClosed, for ever
)

// chunkSize is where the outbox begins a new buffer: as much as is worth a write of its
// own, and no more than stays in a core's cache.
const chunkSize = 64 << 10

// maxFree bounds the empty chunks that an outbox in use keeps: what its senders fill
// between two writes, up to the high-water mark.
const maxFree = 20

// An Outbox holds what is to be sent to one peer: the queue while there is no
// link, and the link's outgoing buffer while there is one. Methods may be called from
// any goroutine unless they say otherwise.
//
// Each link, or failed attempt at one, is an epoch: what is accepted within one
// epoch arrives in order up to some message and not after it. A new epoch begins
// when a link is lost and again when its monitors have fired.
//
// Senders append to one buffer under a lock that is held for one append, the one
// lock on the hot path. A buffer that is full goes to the finished ones, which the
// peer's loop takes without that lock.
type Outbox struct {
	limits codec.Limits
	marks  Marks
	fit    []codec.Framing // what the peer might choose
	// Trace, if set, is called under the lock for each accepted message.
	Trace func(epoch uint64, dropped bool, body []byte)

	mu      sync.Mutex
	state   OutboxState
	epoch   uint64
	framing codec.Framing
	buf     []byte // whole frames, in msgpack while Queueing
	scratch []byte // one msgpack frame, to be transcoded
	posted  bool   // a Flush is on its way
	timed   bool   // a Flush comes after streamPause
	dropped uint64
	joined  []bool // while Failing: loops whose monitors have all fired

	finished atomic.Int64 // octets in full
	given    atomic.Int64 // octets that the connection still holds
	chunks   sync.Mutex   // may be taken under mu
	full     [][]byte     // finished buffers, oldest first
	free     [][]byte
	used     bool // since the last Trim
	waiters  Waiters

	// The peer's loop's only.
	lastFlush  time.Duration
	lastOctets int
}

// NewOutbox is an empty queue. fit lists the framings that the peer might choose.
// Senders are loops, numbered below loops, and goroutines, which are Outside.
func NewOutbox(limits codec.Limits, marks Marks, fit []codec.Framing, loops int) *Outbox {
	return &Outbox{limits: limits, marks: marks, fit: fit, joined: make([]bool, loops)}
}

// Outside is where goroutines send from.
const Outside = -1

// Accepted tells the sender of a message what became of it.
type Accepted struct {
	Epoch   uint64
	Wake    bool // the caller has to see to it that Flush is called on the peer's loop
	Dropped bool // the link is failing: nobody gets the message
	Queued  bool // there is no link yet
}

// Args accepts a message of plain arguments. bound is the queue length at which
// it is refused: with ErrFull at the high-water mark or ErrOverload at the hard limit.
func (o *Outbox) Args(from int, port string, bound int, args []any) (Accepted, error) {
	o.mu.Lock()
	state, err := o.admit(from, bound)
	if err != nil {
		o.mu.Unlock()
		return Accepted{}, err
	}
	b := o.target(state)
	at := len(b)
	b, err = codec.AppendFrameArgs(b, port, o.limits, args)
	a, err := o.commit(state, b, at, err)
	o.mu.Unlock()
	return a, err
}

// Msg accepts a message of a generated type, with a tag in front if that isn't empty.
func (o *Outbox) Msg(from int, port string, bound int, tag string, m msgp.Marshaler) (Accepted, error) {
	o.mu.Lock()
	defer o.mu.Unlock() // m's method is foreign code and may panic
	state, err := o.admit(from, bound)
	if err != nil {
		return Accepted{}, err
	}
	b := o.target(state)
	at := len(b)
	b, err = codec.AppendFrameMsg(b, port, tag, m, o.limits)
	return o.commit(state, b, at, err)
}

// Message accepts a message that exists already.
func (o *Outbox) Message(from int, port string, bound int, m codec.Message) (Accepted, error) {
	o.mu.Lock()
	state, err := o.admit(from, bound)
	if err != nil {
		o.mu.Unlock()
		return Accepted{}, err
	}
	b := o.target(state)
	at := len(b)
	b, err = codec.AppendFrameMessage(b, port, m, o.limits)
	a, err := o.commit(state, b, at, err)
	o.mu.Unlock()
	return a, err
}

// MessageIn accepts m if the epoch is still the given one; otherwise m has no addressee any
// more. It is refused with ErrOverload at the hard limit.
func (o *Outbox) MessageIn(epoch uint64, port string, m codec.Message) (a Accepted, ok bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.epoch != epoch || o.state >= Failing {
		return Accepted{}, false, nil
	}
	if o.level() >= o.marks.Hard {
		return Accepted{}, true, ErrOverload
	}
	b := o.target(o.state)
	at := len(b)
	b, err = codec.AppendFrameMessage(b, port, m, o.limits)
	a, err = o.commit(o.state, b, at, err)
	return a, true, err
}

// Control puts a control frame behind what is there. Only on msgpack links.
func (o *Outbox) Control(c codec.Control) {
	o.mu.Lock()
	if o.state == Open && o.framing == codec.Msgpack {
		o.buf = codec.AppendControl(o.buf, c)
	}
	o.mu.Unlock()
}

// admit says what happens to the next message of a loop or a goroutine.
func (o *Outbox) admit(from, bound int) (state OutboxState, err error) {
	state = o.state
	if state == Failing && from != Outside && o.joined[from] {
		state = Queueing
	}
	switch n := o.level(); {
	case state == Gone:
		err = ErrGone
	case state == Closed:
		err = ErrClosed
	case state == Failing: // it is dropped anyway
	case n < bound:
	case bound >= o.marks.Hard:
		err = ErrOverload
	default:
		err = ErrFull
	}
	return state, err
}

// level is how many octets wait, under the lock.
func (o *Outbox) level() int { return len(o.buf) + int(o.finished.Load()+o.given.Load()) }

// target is where the next msgpack frame is written: right into the buffer where that is what goes out.
func (o *Outbox) target(state OutboxState) []byte {
	if state == Queueing || state == Open && o.framing == codec.Msgpack {
		return o.buf
	}
	return o.scratch[:0]
}

const frameHeader = 4

// commit takes the frame b[at:] over, or what an encoder left when it failed.
func (o *Outbox) commit(state OutboxState, b []byte, at int, err error) (Accepted, error) {
	direct := state == Queueing || state == Open && o.framing == codec.Msgpack
	if direct {
		o.buf = b
	} else {
		o.scratch = b
	}
	if err != nil {
		return Accepted{}, err
	}
	body := b[at+frameHeader:]
	a := Accepted{Epoch: o.epoch}
	switch state {
	case Failing:
		o.dropped++
		a.Dropped = true
	case Queueing:
		if err := codec.Fits(body, o.fit, o.limits); err != nil {
			o.buf = o.buf[:at]
			return Accepted{}, err
		}
		a.Queued = true
		if o.state == Failing {
			a.Epoch++ // that of the next link
		}
	default:
		if !direct {
			if o.buf, err = codec.AppendFrame(o.buf, o.framing, body, o.limits); err != nil {
				return Accepted{}, err
			}
		}
	}
	if o.Trace != nil {
		o.Trace(a.Epoch, a.Dropped, body)
	}
	if cap(o.scratch) > maxKeptBuffer {
		o.scratch = nil
	}
	if a.Dropped {
		return a, nil
	}
	urgent := !o.timed
	if len(o.buf) >= chunkSize {
		o.rotate()
		urgent = true
	}
	if urgent && !o.posted {
		o.posted, a.Wake = true, true
	}
	return a, nil
}

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

// next is the oldest finished buffer, or nil.
func (o *Outbox) next() []byte {
	o.chunks.Lock()
	defer o.chunks.Unlock()
	if len(o.full) == 0 {
		return nil
	}
	b := o.full[0]
	n := copy(o.full, o.full[1:])
	o.full[n] = nil
	o.full = o.full[:n]
	o.finished.Add(-int64(len(b)))
	return b
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
	o.chunks.Lock()
	if !o.used {
		o.free = nil
	}
	o.used = false
	o.chunks.Unlock()
}

// WhenRoom calls f once the queue is below its low-water mark or the peer's fate
// has changed, unless it is cancelled before; or cancel is nil, and there is no need to
// wait. f is called on another goroutine, under a lock of the outbox: it must neither
// block nor send.
func (o *Outbox) WhenRoom(f func()) (cancel func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock() // before looking: Settle first says that there is room, and then looks for waiters
	defer o.chunks.Unlock()
	if o.state >= Failing || o.level() < o.marks.High {
		return nil
	}
	id := o.waiters.Add(f)
	return func() {
		o.chunks.Lock()
		o.waiters.Remove(id)
		o.chunks.Unlock()
	}
}

func (o *Outbox) wakeWaiters() {
	o.chunks.Lock()
	o.waiters.Wake()
	o.chunks.Unlock()
}

// flushChunks bounds the finished buffers of one Flush: other connections want their
// turn, too.
const flushChunks = 16

// While goroutines keep a link busy, a buffer that isn't full waits a little for more:
// large writes are what throughput depends on. A message on a quiet link doesn't wait.
const (
	streamPause  = 100 * time.Microsecond
	streamOctets = 4 << 10 // of the previous flush
)

// Flushed says what is left to do after a Flush.
type Flushed uint8

const (
	Done    Flushed = iota // nothing; or the connection is blocked, and Drained comes
	Unknown                // Settle in a later turn: how much the network takes shows at this one's end, and somebody may wait for it
	More                   // Flush again in a later turn
	Wait                   // Flush again after streamPause, with all
)

// Flush gives the connection what it can take. With all, that is everything; without, what
// isn't worth a write may be kept back for a moment. On the peer's loop.
func (o *Outbox) Flush(c loop.Conn, all bool) Flushed {
	now := c.Loop().Now()
	all = all || now-o.lastFlush > 2*streamPause || o.lastOctets < streamOctets
	octets := 0
	result := More
	for range flushChunks {
		if c.Blocked() {
			result = Done
			break
		}
		b := o.next()
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
	if octets > 0 {
		o.lastFlush, o.lastOctets = now, octets
	}
	o.Settle(c)
	if result == Done && int(o.given.Load()) >= o.marks.Low && !c.Blocked() {
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
	o.posted, o.timed = false, false
	if len(o.buf) == 0 {
		return nil, false, Done
	}
	if !all {
		o.timed = true
		return nil, false, Wait
	}
	b, o.buf = o.buf, nil
	o.chunks.Lock()
	if n := len(o.free); n > 0 {
		o.buf, o.free = o.free[n-1], o.free[:n-1]
	}
	o.chunks.Unlock()
	return b, false, Done
}

// Settle learns how much the connection still holds, and wakes who waits for room. On the
// peer's loop.
func (o *Outbox) Settle(c loop.Conn) {
	given := int64(c.Buffered())
	o.given.Store(given)
	if given+o.finished.Load() < int64(o.marks.Low) {
		o.wakeWaiters()
	}
}

// Up makes the link's connection the way out: what was queued is brought into
// its framing. On the peer's loop.
func (o *Outbox) Up(f codec.Framing) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.framing, o.state = f, Open
	if f == codec.Msgpack {
		return nil
	}
	o.chunks.Lock()
	defer o.chunks.Unlock()
	for i, b := range append(o.full, o.buf) {
		b, err := transcode(b, f, o.limits)
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
	lost = o.level()
	o.state, o.epoch = s, o.epoch+1
	o.buf, o.posted, o.timed = nil, false, false
	clear(o.joined)
	o.chunks.Lock()
	o.full, o.free = nil, nil
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
	o.joined[loop] = true
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
		o.state, o.epoch = Queueing, o.epoch+1
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

// Level is the number of octets that wait here and in the connection, and
// how many messages have been dropped so far.
func (o *Outbox) Level() (octets int, dropped uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.level(), o.dropped
}
