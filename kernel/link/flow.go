package link

import (
	"errors"
	"sync"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
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
	// ErrGone: the outbox is no longer in use.
	ErrGone = errors.New("outbox no longer in use")
)

// OutboxState says what happens to a message that is sent now.
type OutboxState uint8

const (
	Queueing OutboxState = iota // kept until a link is up
	Open                        // goes out on the link
	Failing                     // dropped: a link was lost and its monitors haven't all fired
	Gone                        // refused with ErrGone
)

// An Outbox holds what is to be sent to one peer: the queue while there is no
// link, and the link's outgoing buffer while there is one. Its lock is the one
// lock on the hot path; it is held for one append. Methods may be called from any
// goroutine unless they say otherwise.
//
// Each link, or failed attempt at one, is an epoch: what is accepted within one
// epoch arrives in order up to some message and not after it. A new epoch begins
// when a link is lost and again when its monitors have fired.
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
	buf     []byte // frames not yet given to the connection: in msgpack while Queueing
	spare   []byte // the buffer to use after buf
	scratch []byte // one msgpack frame, to be transcoded
	given   int    // octets that the connection still holds
	dirty   bool   // a Flush is on its way
	dropped uint64
	queued  int // messages in buf while Queueing
	waiters []func()
}

// NewOutbox is an empty queue. fit lists the framings that the peer might choose.
func NewOutbox(limits codec.Limits, marks Marks, fit []codec.Framing) *Outbox {
	return &Outbox{limits: limits, marks: marks, fit: fit}
}

// Accepted tells the sender of a message what became of it.
type Accepted struct {
	Epoch   uint64
	Wake    bool // the caller has to see to it that Flush is called on the peer's loop
	Dropped bool // the link is failing: nobody gets the message
	Queued  bool // there is no link yet
}

// Args accepts a message of plain arguments. bound is the queue length at which
// it is refused: with ErrFull at the high-water mark or ErrOverload at the hard limit.
func (o *Outbox) Args(port string, bound int, args []any) (Accepted, error) {
	o.mu.Lock()
	if err := o.admit(bound); err != nil {
		o.mu.Unlock()
		return Accepted{}, err
	}
	b := o.target()
	at := len(b)
	b, err := codec.AppendFrameArgs(b, port, o.limits, args)
	a, err := o.commit(b, at, err)
	o.mu.Unlock()
	return a, err
}

// Msg accepts a message of a generated type.
func (o *Outbox) Msg(port string, bound int, m msgp.Marshaler) (Accepted, error) {
	o.mu.Lock()
	defer o.mu.Unlock() // m's method is foreign code and may panic
	if err := o.admit(bound); err != nil {
		return Accepted{}, err
	}
	b := o.target()
	at := len(b)
	b, err := codec.AppendFrameMsg(b, port, m, o.limits)
	return o.commit(b, at, err)
}

// Message accepts a message that exists already.
func (o *Outbox) Message(port string, bound int, m codec.Message) (Accepted, error) {
	o.mu.Lock()
	if err := o.admit(bound); err != nil {
		o.mu.Unlock()
		return Accepted{}, err
	}
	b := o.target()
	at := len(b)
	b, err := codec.AppendFrameMessage(b, port, m, o.limits)
	a, err := o.commit(b, at, err)
	o.mu.Unlock()
	return a, err
}

// MessageIn accepts m if the epoch is still the given one; otherwise m has no addressee any more.
func (o *Outbox) MessageIn(epoch uint64, port string, m codec.Message) (a Accepted, ok bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.epoch != epoch || o.state == Failing || o.state == Gone {
		return Accepted{}, false, nil
	}
	b := o.target()
	at := len(b)
	b, err = codec.AppendFrameMessage(b, port, m, o.limits)
	a, err = o.commit(b, at, err)
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

func (o *Outbox) admit(bound int) error {
	switch n := len(o.buf) + o.given; {
	case o.state == Gone:
		return ErrGone
	case o.state == Failing:
		return nil // it is dropped anyway
	case n < bound:
		return nil
	case bound >= o.marks.Hard:
		return ErrOverload
	}
	return ErrFull
}

// target is where the next msgpack frame is written: right into the buffer where that is what goes out.
func (o *Outbox) target() []byte {
	if o.state == Queueing || o.state == Open && o.framing == codec.Msgpack {
		return o.buf
	}
	return o.scratch[:0]
}

const frameHeader = 4

// commit takes the frame b[at:] over, or what an encoder left when it failed.
func (o *Outbox) commit(b []byte, at int, err error) (Accepted, error) {
	direct := o.state == Queueing || o.state == Open && o.framing == codec.Msgpack
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
	switch o.state {
	case Failing:
		o.dropped++
		a.Dropped = true
	case Queueing:
		if err := codec.Fits(body, o.fit, o.limits); err != nil {
			o.buf = o.buf[:at]
			return Accepted{}, err
		}
		o.queued++
		a.Queued = true
	default:
		if !direct {
			if o.buf, err = codec.AppendFrame(o.buf, o.framing, body, o.limits); err != nil {
				return Accepted{}, err
			}
		}
	}
	if o.Trace != nil {
		o.Trace(o.epoch, a.Dropped, body)
	}
	if cap(o.scratch) > maxKeptBuffer {
		o.scratch = nil
	}
	if !o.dirty && !a.Dropped {
		o.dirty, a.Wake = true, true
	}
	return a, nil
}

// maxKeptBuffer: larger buffers go back to the collector once they are empty, so
// that one burst doesn't stay in memory for ever.
const maxKeptBuffer = 2 << 20

// WhenRoom calls f once the queue is below its low-water mark or the peer's fate
// has changed, and reports true; or it reports false, and there is no need to wait. f
// is called on another goroutine, under the outbox's lock: it must neither block nor send.
func (o *Outbox) WhenRoom(f func()) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state == Failing || o.state == Gone || len(o.buf)+o.given < o.marks.High {
		return false
	}
	o.waiters = append(o.waiters, f)
	return true
}

func (o *Outbox) wakeWaiters() {
	for _, f := range o.waiters {
		f()
	}
	clear(o.waiters)
	o.waiters = o.waiters[:0]
}

// Flush gives the connection what it can take. It reports true if somebody depends on
// how much of that the network takes at the end of the turn: then the caller sees to a
// Settle in a later one. On the peer's loop.
func (o *Outbox) Flush(c loop.Conn) (settle bool) {
	o.mu.Lock()
	o.dirty = false
	if o.state != Open || len(o.buf) == 0 || c.Blocked() {
		o.settle(c)
		o.mu.Unlock()
		return false
	}
	b := o.buf
	o.buf, o.spare = o.spare[:0], nil
	o.mu.Unlock()

	b = c.Swap(b)
	if cap(b) > maxKeptBuffer {
		b = nil
	}

	o.mu.Lock()
	o.spare = b
	o.settle(c)
	settle = o.given >= o.marks.Low
	o.mu.Unlock()
	return settle
}

// Settle learns how much the connection still holds, and wakes who waits for room. On the
// peer's loop.
func (o *Outbox) Settle(c loop.Conn) {
	o.mu.Lock()
	o.settle(c)
	o.mu.Unlock()
}

func (o *Outbox) settle(c loop.Conn) {
	if o.state == Open {
		o.given = c.Buffered()
	}
	if len(o.waiters) > 0 && len(o.buf)+o.given < o.marks.Low {
		o.wakeWaiters()
	}
}

// Up makes the link's connection the way out: what was queued is brought into
// its framing. On the peer's loop.
func (o *Outbox) Up(f codec.Framing) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.framing, o.state, o.queued = f, Open, 0
	if f == codec.Msgpack || len(o.buf) == 0 {
		return nil
	}
	var out []byte
	var err error
	for q := o.buf; len(q) >= frameHeader; {
		n := frameHeader + int(q[1])<<16 + int(q[2])<<8 + int(q[3])
		if out, err = codec.AppendFrame(out, f, q[frameHeader:n], o.limits); err != nil {
			return err // can't be: commit has tried
		}
		q = q[n:]
	}
	o.buf = out
	return nil
}

// Fail begins a new epoch: all that is queued is lost, and what is sent until
// Idle is dropped. It returns how many octets were lost. On the peer's loop.
func (o *Outbox) Fail() (lost int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	lost = len(o.buf) + o.given
	o.state, o.epoch = Failing, o.epoch+1
	o.buf, o.given, o.queued, o.dirty = nil, 0, 0, false
	o.wakeWaiters()
	return lost
}

// Idle begins a new epoch: all monitors of the lost one have fired, and messages
// are queued for the next link. On the peer's loop.
func (o *Outbox) Idle() {
	o.mu.Lock()
	o.state, o.epoch = Queueing, o.epoch+1
	o.mu.Unlock()
}

// Retire ends the outbox if it is idle and empty. On the peer's loop.
func (o *Outbox) Retire() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != Queueing || len(o.buf) > 0 {
		return false
	}
	o.state = Gone
	o.wakeWaiters()
	return true
}

// Shut ends the outbox whatever it holds.
func (o *Outbox) Shut() (lost int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	lost = len(o.buf) + o.given
	o.state, o.buf, o.given = Gone, nil, 0
	o.epoch++
	o.wakeWaiters()
	return lost
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
	return len(o.buf) + o.given, o.dropped
}
