package sim

import (
	"net"
	"os"
	"syscall"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func (c *conn) Close(err error) {
	c.own("Close")
	switch c.state {
	case attempt:
		c.end(err)
	case open, draining:
		if c.state == open && !c.ending && c.tls != nil {
			c.tls.end()
		}
		c.state = open // writing must not finish a draining
		c.write()
		c.shut(false)
		c.end(err)
	}
}

func (c *conn) CloseAfterDrain(err error, linger time.Duration) {
	c.own("CloseAfterDrain")
	switch {
	case c.state == attempt || c.state == open && c.tls != nil && !c.tls.up():
		c.Close(err)
	case c.state == open:
		c.endOutput()
		if c.state != open {
			return // the closing record was too much
		}
		c.state = draining
		c.err = err
		c.startTimer(linger)
		c.readSoon()
		if !c.dirty { // all is written already
			c.dirty = true
			c.loop.dirty = append(c.loop.dirty, c)
		}
	}
}

// finish ends a draining that has come to its end.
func (c *conn) finish() {
	if c.eof && len(c.out) == 0 {
		c.shut(false)
		c.end(c.err)
	}
}

// shut closes the socket: the peer gets the end, or a reset if it wrote what nobody
// has read.
func (c *conn) shut(abort bool) {
	if abort || c.in.arrived > 0 {
		c.resetPeer()
	} else {
		c.peer.in.sendFin()
	}
}

// resetPeer sends a reset.
func (c *conn) resetPeer() {
	if v := c.peer; !v.gone() && !v.reset.isSet() && !v.reset.held {
		c.w.set(&v.reset, c.w.now+v.in.link.delay())
	}
}

// fail ends the connection with an error that happened here.
func (c *conn) fail(err error) {
	switch c.state {
	case open:
		c.shut(true)
		c.end(err)
	case draining:
		c.shut(true)
		c.end(c.err)
	}
}

// end is the end for the network; Closed follows.
func (c *conn) end(err error) {
	c.state = closing
	c.err = err
	c.out, c.written, c.blocked = nil, 0, false
	if c.tls != nil {
		c.tls.plain = nil
	}
	c.w.queue.unset(&c.timer)
	c.w.soon(&c.ended)
}

func (c *conn) onClosed() {
	if !c.deferred(&c.ended) {
		c.tellClosed()
	}
}

// tellClosed is the last turn of a connection.
func (c *conn) tellClosed() {
	if c.state != closing {
		return
	}
	c.remove()
	c.state = closed
	l := c.loop
	outer := l.enter()
	defer l.leave(outer)
	if c.tls != nil {
		c.tls.abandon(c.err)
	}
	c.w.note(didClosed, l, 0)
	c.callClosed()
	l.runLater()
}

func (c *conn) callClosed() {
	defer c.loop.recovered(nil)
	c.h.Closed(c, c.err)
}

// stop ends the connection because its group is closed.
func (c *conn) stop() {
	switch c.state {
	case detached:
		return
	case backlog:
		c.resetPeer()
		c.remove()
		c.state = closed
		return
	case open, draining:
		c.shut(false)
	}
	if !c.gone() {
		c.end(loop.ErrStopped)
	}
	c.w.queue.unset(&c.ended)
	c.w.queue.unset(&c.moving)
	c.tellClosed()
}

// onReset happens when a reset arrives.
func (c *conn) onReset() {
	if !c.in.link.passes(&c.reset) || c.gone() {
		return
	}
	switch {
	case c.state == attempt && c.peer == nil:
		if !c.deferred(&c.reset) {
			c.w.Stats.Refused++
			c.end(c.ioError("dial", "connect", syscall.ECONNREFUSED))
		}
		return
	case c.state == attempt || c.state == backlog:
		c.resetSeen = true // it comes after Open
		return
	case c.state == detached:
		c.remove()
		c.w.Stats.Resets++
		c.err = c.ioError("read", "read", syscall.ECONNRESET)
		c.state = closed
		c.wake()
		return
	}
	if c.deferred(&c.reset) {
		return
	}
	if c.paused && c.state == open && c.w.oneIn(2) {
		c.resetSeen = true // nobody looks
		return
	}
	if c.readable() && c.in.arrived > 0 && c.w.oneIn(2) {
		c.w.soon(&c.reset) // the octets that came before may be read first
		return
	}
	c.w.Stats.Resets++
	if c.state == draining {
		c.end(c.err)
	} else {
		c.end(c.ioError("read", "read", syscall.ECONNRESET))
	}
}

// noticeReset lets a reset that came unnoticed arrive once more.
func (c *conn) noticeReset() {
	if c.resetSeen {
		c.resetSeen = false
		c.w.soon(&c.reset)
	}
}

func (c *conn) ioError(op, call string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Source: tcpAddr(c.local), Addr: tcpAddr(c.remote), Err: os.NewSyscallError(call, err)}
}
