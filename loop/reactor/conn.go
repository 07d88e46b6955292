package reactor

import (
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

type state uint8

const (
	connecting state = iota
	open
	closing // told to close after drain
	moving  // on its way to another loop
	dead    // the descriptor is closed; Closed is called or will be
	detached
)

// A conn is one connection or attempt. It belongs to its loop; on the way between
// two loops it belongs to nobody.
type conn struct {
	loop    *eventLoop
	handler loop.Handler
	fd      int // -1: none any more
	state   state
	watched interest

	paused  bool
	ended   bool // the peer sends no more: its end was read
	blocked bool // the network takes no more for now
	owed    bool // Drained is to be called when all is written
	dirty   bool // in the loop's list of those with output to be written
	shut    bool // told to end our direction
	finSent bool

	out output // for the network
	offering
	secure *secure
	timer  *timer // deadline of connecting or of lingering

	reason        error // for Closed; while moving: failed meanwhile, ends on the other loop
	local, remote netip.AddrPort
}

var _ loop.Conn = (*conn)(nil)

// newConn makes the connection the owner of fd; -1 if there is none.
func newConn(l *eventLoop, fd int, h loop.Handler, s state) *conn {
	c := &conn{loop: l, handler: h, fd: fd, state: s}
	if fd >= 0 {
		l.attach(fd, c)
		l.counts.conns.Add(1)
	}
	return c
}

// event is what the poller saw, or a stale hint.
func (c *conn) event(readable, writable bool) {
	if c.state == connecting {
		c.connected()
		return
	}
	if writable && c.watched&writing != 0 {
		c.flush()
	}
	if readable && c.watched&reading != 0 {
		c.read()
	}
}

// watch tells the poller what the connection waits for now.
func (c *conn) watch() {
	if c.state >= moving {
		return
	}
	want := c.interest()
	if want == c.watched {
		return
	}
	err := c.loop.poll.change(c.fd, c.watched, want)
	c.watched = want
	if err != nil {
		c.fail(err)
	}
}

func (c *conn) interest() (want interest) {
	switch c.state {
	case connecting:
		return writing
	case open:
		// After the peer's end the descriptor stays readable for ever.
		if !c.paused && !c.ended && !c.secure.stalled() {
			want |= reading
		}
	case closing: // what comes is thrown away, paused or not
		if !c.ended {
			want |= reading
		}
	}
	if c.blocked {
		want |= writing
	}
	return want
}

// Loop is the loop that the connection lives on.
func (c *conn) Loop() loop.Loop { return c.loop }

// Local is our address; invalid before Open.
func (c *conn) Local() netip.AddrPort { return c.local }

// Remote is the peer's address.
func (c *conn) Remote() netip.AddrPort { return c.remote }

// SetHandler replaces the handler.
func (c *conn) SetHandler(h loop.Handler) { c.handler = h }

// Pause stops reading.
func (c *conn) Pause() {
	c.paused = true
	if c.state == open {
		c.watch()
	}
}

// Resume continues reading. What TLS has already taken from the socket is
// delivered after the running callback.
func (c *conn) Resume() {
	if !c.paused {
		return
	}
	c.paused = false
	if c.state != open {
		return
	}
	c.watch()
	if c.secure != nil {
		c.loop.Later((*pumpTask)(c))
	}
}

// leaveLoop takes the connection out of its loop's poller and table. It must happen
// before the descriptor is closed or somebody else's: a copy of it, or another
// loop's poller, would keep the old registration alive.
func (c *conn) leaveLoop() {
	if c.watched != 0 {
		_ = c.loop.poll.drop(c.fd, c.watched)
		c.watched = 0
	}
	c.loop.sources[c.fd] = nil
	c.loop.counts.conns.Add(-1)
}

// forgetOutput takes the connection out of the list of those with output, where it
// can be more than once. Only needed when the loop must not look at it any more.
func (c *conn) forgetOutput() {
	kept := c.loop.dirty[:0]
	for _, d := range c.loop.dirty {
		if d != c {
			kept = append(kept, d)
		}
	}
	clear(c.loop.dirty[len(kept):])
	c.loop.dirty = kept
	c.dirty = false
}

// fail ends the connection now; Closed is called after the running callback. The
// first reason counts.
func (c *conn) fail(reason error) {
	if c.state >= dead {
		return
	}
	if c.state == moving {
		c.reason = reason
		return
	}
	if c.state != closing {
		c.reason = reason
	}
	c.claim()
	c.state = dead
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	c.leaveLoop()
	unix.Close(c.fd)
	c.fd = -1
	c.out.release(c.loop)
	if c.secure.abort(c.reason) {
		return // Closed comes when the handshake's goroutine is through
	}
	c.secure.release(c.loop)
	c.loop.closed = append(c.loop.closed, c)
}

// stop: the loop ends.
func (c *conn) stop() { c.fail(loop.ErrStopped) }
