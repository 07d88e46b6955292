package sim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// state is how far a conn is.
type state uint8

const (
	attempt  state = iota // dialled, no answer yet
	backlog               // established by the system, not yet accepted
	open                  //
	draining              // CloseAfterDrain was called
	detached              // belongs to a blockingConn
	closing               // gone for the network, Closed is to come
	closed                //
)

// conn is one end of a connection, or an attempt at one.
type conn struct {
	w     *World
	loop  *eventLoop
	group *Group
	host  *Host
	index int // in World.conns plus one

	local, remote netip.AddrPort
	peer          *conn // nil until the request has reached a listener
	ln            *listener
	h             loop.Handler
	state         state
	err           error // for Closed

	in      pipe
	out     []byte // to be written, from written on
	written int
	dirty   bool // in its loop's dirty list
	blocked bool // the network took less than it was given
	ending  bool // CloseWrite, after out

	paused    bool
	eof       bool // told, or not to be told any more
	resetSeen bool // while nobody looked
	mute      bool // gone, and doesn't even answer with a reset
	tries     int  // connection requests lost
	then      func()
	tls       *tlsEnd
	waiters   []*actor

	request event // the connection request arrives at the peer
	opening event // the answer arrives, or the accept
	reading event // there is something to read
	reset   event // a reset arrives
	ended   event // Closed
	moving  event // Move
	timer   event // dial timeout, linger
}

type requestOf conn
type openingOf conn
type readingOf conn
type resetOf conn
type closedOf conn
type movingOf conn
type timerOf conn

func (x *requestOf) fire() { (*conn)(x).onRequest() }
func (x *openingOf) fire() { (*conn)(x).onOpening() }
func (x *readingOf) fire() { (*conn)(x).onReading() }
func (x *resetOf) fire()   { (*conn)(x).onReset() }
func (x *closedOf) fire()  { (*conn)(x).onClosed() }
func (x *movingOf) fire()  { (*conn)(x).onMoving() }
func (x *timerOf) fire()   { (*conn)(x).onTimer() }

func (l *eventLoop) newConn(s state) *conn {
	c := &conn{w: l.w, loop: l, group: l.group, host: l.group.host, state: s}
	c.request.to = (*requestOf)(c)
	c.opening.to = (*openingOf)(c)
	c.reading.to = (*readingOf)(c)
	c.reset.to = (*resetOf)(c)
	c.ended.to = (*closedOf)(c)
	c.moving.to = (*movingOf)(c)
	c.timer.to = (*timerOf)(c)
	c.w.conns = append(c.w.conns, c)
	c.index = len(c.w.conns)
	return c
}

// remove takes c out of the world's list.
func (c *conn) remove() {
	if c.index == 0 {
		return
	}
	last := len(c.w.conns) - 1
	moved := c.w.conns[last]
	c.w.conns[c.index-1] = moved
	moved.index = c.index
	c.w.conns[last] = nil
	c.w.conns = c.w.conns[:last]
	c.index = 0
}

// gone says whether the system has no such connection any more.
func (c *conn) gone() bool { return c.state >= closing }

// own panics if the caller may not touch c.
func (c *conn) own(what string) {
	if c.state == detached {
		return // everything does nothing
	}
	c.loop.mine(what)
	if c.moving.isSet() {
		panic("sim: " + what + " on a connection that is moving")
	}
}

// deferred says whether e has to come again later: after a move, or when the loop
// goes on.
func (c *conn) deferred(e *event) bool {
	if c.moving.isSet() {
		c.w.Stats.MoveMeetings++
		c.w.set(e, c.moving.at+1)
		return true
	}
	return c.state != detached && !c.loop.ready(e)
}

func (c *conn) Loop() loop.Loop        { return c.loop }
func (c *conn) Local() netip.AddrPort  { return c.local }
func (c *conn) Remote() netip.AddrPort { return c.remote }

func (c *conn) SetHandler(h loop.Handler) {
	c.own("SetHandler")
	c.h = h
}

// writes says whether output is taken.
func (c *conn) writes() bool { return c.state == open && !c.ending }

func (c *conn) Write(p []byte) {
	c.own("Write")
	if !c.writes() || len(p) == 0 {
		return
	}
	if c.tls != nil {
		c.tls.write(p)
	} else {
		c.out = append(c.out, p...)
	}
	c.touch()
}

func (c *conn) Swap(p []byte) []byte {
	c.own("Swap")
	if !c.writes() || len(p) == 0 {
		return p[:0]
	}
	if c.tls != nil || len(c.out) > 0 {
		c.Write(p)
		return p[:0]
	}
	free := c.out
	c.out = p
	c.touch()
	return free[:0]
}

// Offer may be called by whoever plays a goroutine.
func (c *conn) Offer(p []byte) int {
	switch {
	case !c.writes(), c.tls != nil, c.Buffered() > 0, c.blocked, c.peer == nil, c.moving.isSet():
		return 0
	case !c.w.opt.Whole && c.w.oneIn(8):
		c.w.Stats.Declined++
		return 0
	}
	return c.peer.in.send(p)
}

// muchOutput is written without waiting for the end of the turn.
const muchOutput = 64 << 10

// touch sees to it that the output is written.
func (c *conn) touch() {
	if !c.dirty {
		c.dirty = true
		c.loop.dirty = append(c.loop.dirty, c)
	}
	if n := c.Buffered(); n > c.w.opt.MaxOutput {
		c.fail(loop.ErrOverflow)
	} else if n >= muchOutput && !c.blocked {
		c.write()
	}
}

func (c *conn) Buffered() int {
	n := len(c.out) - c.written
	if c.tls != nil {
		n += len(c.tls.plain)
	}
	return n
}

func (c *conn) Blocked() bool { return c.blocked }

// flush comes at the end of a turn.
func (c *conn) flush() {
	c.dirty = false
	c.write()
}

// write gives the network what it takes.
func (c *conn) write() {
	if c.peer == nil || c.gone() {
		return
	}
	to := &c.peer.in
	c.written += to.send(c.out[c.written:])
	switch {
	case c.written < len(c.out):
		if !c.blocked {
			c.blocked = true
			c.w.Stats.Blocked++
		}
		if c.written > 64<<10 && c.written > len(c.out)/2 {
			c.out = c.out[:copy(c.out, c.out[c.written:])]
			c.written = 0
		}
	case c.ending && !c.keepsPlain():
		to.sendFin()
		fallthrough
	default:
		c.out, c.written = c.out[:0], 0
	}
	c.noticeReset()
	if c.state == draining {
		c.finish()
	}
}

// keepsPlain says whether TLS still has to come before the output is complete.
func (c *conn) keepsPlain() bool { return c.tls != nil && c.tls.keeps() }

// writable happens when the network takes more.
func (c *conn) writable() {
	c.write()
	if c.state == detached {
		c.blocked = len(c.out) > 0
		c.wake()
		return
	}
	if len(c.out) > 0 || !c.blocked {
		return
	}
	c.blocked = false
	if c.state != open {
		return
	}
	c.w.Stats.Drained++
	c.w.note(didDrained, c.loop, 0)
	outer := c.loop.enter()
	defer c.loop.leave(outer)
	l := c.loop
	c.callDrained()
	l.runLater()
}

func (c *conn) callDrained() {
	defer c.loop.recovered(c)
	c.h.Drained(c)
}

func (c *conn) CloseWrite() {
	c.own("CloseWrite")
	if c.writes() {
		c.endOutput()
	}
}

// endOutput ends our direction after what is buffered.
func (c *conn) endOutput() {
	if c.ending {
		return
	}
	c.ending = true
	if c.tls != nil {
		c.tls.end()
	}
	c.touch()
}

func (c *conn) Pause() {
	c.own("Pause")
	c.paused = true
}

func (c *conn) Resume() {
	c.own("Resume")
	c.paused = false
	c.noticeReset()
	c.readSoon()
}

func (c *conn) Move(to loop.Loop, then func()) {
	c.own("Move")
	target, ok := to.(*eventLoop)
	if !ok || target.group != c.group {
		panic("sim: Move to a loop of another group")
	}
	if c.state == detached {
		panic("sim: Move of a detached connection")
	}
	c.write()
	if c.dirty {
		c.dirty = false
		i := slices.Index(c.loop.dirty, c)
		c.loop.dirty = slices.Delete(c.loop.dirty, i, i+1)
	}
	c.w.Stats.Moves++
	c.then = then
	c.loop = target
	c.w.soon(&c.moving)
}

func (c *conn) onMoving() {
	if !c.loop.ready(&c.moving) {
		return
	}
	c.w.note(didMove, c.loop, 0)
	then := c.then
	c.then = nil
	c.loop.turn(then)
	c.readSoon()
}

// onTimer happens when a dial or the lingering took too long.
func (c *conn) onTimer() {
	if c.deferred(&c.timer) {
		return
	}
	switch c.state {
	case attempt:
		c.w.Stats.TimedOut++
		c.end(loop.ErrDialTimeout)
	case draining:
		c.shut(false)
		c.end(c.err)
	}
}

// startTimer sets the one timer of a connection.
func (c *conn) startTimer(d time.Duration) { c.w.set(&c.timer, c.w.after(d)) }
