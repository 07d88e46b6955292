package link

import (
	"errors"
	"sync"
	"sync/atomic"

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

// An Outbox holds what is to be sent to one peer: the queue while there is no
// link, and the link's outgoing buffer while there is one. Methods may be called from
// any goroutine unless they say otherwise.
//
// Each link, or failed attempt at one, is an epoch: what is accepted within one
// epoch arrives in order up to some message and not after it. A new epoch begins
// when a link is lost and again when its monitors have fired.
//
// Senders append to one buffer under a lock that is held for one append, the one
// lock on the hot path. A buffer that is full goes to the finished ones, which are
// given to the connection without that lock: by the goroutine that has filled it (Give), so
// that what is in its core's cache needn't go to another one, or by the peer's loop (Flush).
type Outbox struct {
	rules *Rules
	// Trace, if set, is called under the lock for each accepted message.
	Trace func(epoch uint64, dropped bool, body []byte)

	mu      sync.Mutex
	state   OutboxState
	framing codec.Framing
	posted  bool // a Flush is on its way
	timed   bool // a Flush comes after streamPause
	nudged  bool // timed, but the next sender may see to it
	epoch   uint64
	buf     []byte // whole frames, in msgpack while Queueing
	scratch []byte // one msgpack frame, to be transcoded
	dropped uint64
	joined  []bool // while Failing: loops whose monitors have all fired

	finished atomic.Int64 // octets in full
	given    atomic.Int64 // octets that the connection still holds
	offered  atomic.Int64 // octets that somebody is giving to it right now

	giving sync.Mutex  // held by whoever gives buffers to the connection
	wanted atomic.Bool // somebody else wanted to meanwhile

	used    bool       // since the last Trim; from here on under chunks
	chunks  sync.Mutex // may be taken under mu
	conn    loop.Conn  // that of the link, if there is one
	full    [][]byte   // finished buffers, oldest first
	free    [][]byte
	waiters Waiters

	lastFlush  atomic.Int64 // when something was given, on the loop's clock
	lastOctets atomic.Int64 // how much; changed under giving
}

// Rules are what all outboxes of a node have in common.
type Rules struct {
	Limits codec.Limits
	Marks  Marks
	Fit    []codec.Framing // what a peer might choose
	Loops  int             // senders are loops, numbered below this, and goroutines
}

// NewOutbox is an empty queue.
func NewOutbox(r *Rules) *Outbox { return &Outbox{rules: r} }

// Where goroutines send from, in place of a loop's number.
const (
	Outside = -1
	Patient = -2 // they may be told to stand back: ErrContended
)

// Accepted tells the sender of a message what became of it.
type Accepted struct {
	Epoch   uint64
	Wake    bool // the caller has to see to it that Give or, on the peer's loop, Flush is called
	Dropped bool // the link is failing: nobody gets the message
	Queued  bool // there is no link yet
}

// Args accepts a message of plain arguments. bound is the queue length at which
// it is refused: with ErrFull at the high-water mark or ErrOverload at the hard limit.
func (o *Outbox) Args(from int, port string, bound int, args []any) (a Accepted, err error) {
	if !o.mu.TryLock() && !o.lock(from) {
		return a, ErrContended
	}
	if o.ready(bound) && o.append(port, args, &err) {
		if a.Epoch = o.epoch; err == nil && !o.waits() {
			a.Wake = o.press()
		}
	} else if state, refused := o.admit(from, bound); refused != nil {
		err = refused
	} else {
		b := o.target(state)
		at := len(b)
		b, err = codec.AppendFrameArgs(b, port, o.rules.Limits, args)
		a, err = o.commit(state, b, at, o.rules.Limits, err)
	}
	o.mu.Unlock()
	return a, err
}

// ready says whether a message that is refused at that bound goes right into what the link takes.
func (o *Outbox) ready(bound int) bool {
	return o.state == Open && o.level() < bound && o.Trace == nil
}

// append encodes a message into the buffer as it goes out, and reports false if the link's
// framing has no short way for it.
func (o *Outbox) append(port string, args []any, err *error) (done bool) {
	if o.framing == codec.Msgpack {
		o.buf, *err = codec.AppendFrameArgs(o.buf, port, o.rules.Limits, args)
		return true
	}
	o.buf, done = codec.AppendPlain(o.buf, o.framing, port, o.rules.Limits, args)
	return done
}

// Msg accepts a message of a generated type, with a tag in front if that isn't empty.
func (o *Outbox) Msg(from int, port string, bound int, tag string, m msgp.Marshaler) (Accepted, error) {
	if !o.mu.TryLock() && !o.lock(from) {
		return Accepted{}, ErrContended
	}
	defer o.mu.Unlock() // m's method is foreign code and may panic
	state, err := o.admit(from, bound)
	if err != nil {
		return Accepted{}, err
	}
	b := o.target(state)
	at := len(b)
	b, err = codec.AppendFrameMsg(b, port, tag, m, o.rules.Limits)
	return o.commit(state, b, at, o.rules.Limits, err)
}

// Led is Msg for a message that begins with a lead, for the usual case that it goes right into
// what the link takes. It reports false otherwise, and Msg has to be called.
func (o *Outbox) Led(lead []byte, bound int, m msgp.Marshaler) (a Accepted, done bool, err error) {
	if !o.mu.TryLock() {
		return a, false, nil
	}
	locked := true
	defer func() { // as in Msg, but the lock is given back before
		if locked {
			o.mu.Unlock()
		}
	}()
	if done = o.ready(bound) && o.framing == codec.Msgpack; done {
		o.buf, err = codec.AppendFrameLed(o.buf, lead, m, &o.rules.Limits)
		if a.Epoch = o.epoch; err == nil && !o.waits() {
			a.Wake = o.press()
		}
	}
	locked = false
	o.mu.Unlock()
	return a, done, err
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
	b, err = codec.AppendFrameMessage(b, port, m, o.rules.Limits)
	a, err := o.commit(state, b, at, o.rules.Limits, err)
	o.mu.Unlock()
	return a, err
}

// MessageIn accepts m if the epoch is still the given one; otherwise m has no addressee any
// more. It is refused with ErrOverload at the hard limit. In the original's framings m may
// be larger than other messages.
func (o *Outbox) MessageIn(epoch uint64, port string, m codec.Message) (a Accepted, ok bool, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.epoch != epoch || o.state >= Failing {
		return Accepted{}, false, nil
	}
	if o.level() >= o.rules.Marks.Hard {
		return Accepted{}, true, ErrOverload
	}
	lim := o.rules.Limits
	if o.state == Open && o.framing != codec.Msgpack {
		lim = originalLimits
	}
	b := o.target(o.state)
	at := len(b)
	b, err = codec.AppendFrameMessage(b, port, m, lim)
	a, err = o.commit(o.state, b, at, lim, err)
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
	switch {
	case o.state == Gone:
		return Gone, ErrGone
	case o.state == Closed:
		return Closed, ErrClosed
	case o.state == Failing && (from < 0 || !o.joined[from]):
		return Failing, nil // it is dropped
	case o.level() < bound:
	case bound >= o.rules.Marks.Hard:
		err = ErrOverload
	default:
		err = ErrFull
	}
	if o.state == Failing {
		return Queueing, err // for the next link
	}
	return o.state, err
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
func (o *Outbox) commit(state OutboxState, b []byte, at int, lim codec.Limits, err error) (Accepted, error) {
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
		if err := codec.Fits(body, o.rules.Fit, lim); err != nil {
			o.buf = o.buf[:at]
			return Accepted{}, err
		}
		a.Queued = true
		if o.state == Failing {
			a.Epoch++ // that of the next link
		}
	default:
		if !direct {
			if o.buf, err = codec.AppendFrame(o.buf, o.framing, body, lim); err != nil {
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
	if !a.Dropped && !o.waits() {
		a.Wake = o.press()
	}
	return a, nil
}

// waits says that what has come into the buffer just waits there with the rest.
func (o *Outbox) waits() bool {
	return len(o.buf) < chunkSize && (o.posted || o.timed && !o.nudged)
}

// press is for a message that doesn't, and says whether the caller has to see to it.
//
//go:noinline
func (o *Outbox) press() (wake bool) {
	if len(o.buf) >= chunkSize {
		o.rotate()
	}
	wake = !o.posted
	o.posted = true
	return wake
}

// Level is the number of octets that wait here and in the connection, and
// how many messages have been dropped so far.
func (o *Outbox) Level() (octets int, dropped uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.chunks.Lock()
	defer o.chunks.Unlock()
	return o.level() + int(o.offered.Load()), o.dropped
}
