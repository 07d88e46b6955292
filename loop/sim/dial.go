package sim

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A Fate is what happens to dials to an address.
type Fate uint8

const (
	Normal    Fate = iota // whatever listens there decides
	Refuse                // as if nobody listened
	BlackHole             // no answer
)

// SetFate says what happens from now on to dials to an address; port 0 means all
// ports. An address that no host has is a black hole anyway.
func (w *World) SetFate(addr netip.AddrPort, f Fate) { w.fates[addr] = f }

func (w *World) fate(addr netip.AddrPort) Fate {
	if f := w.fates[addr]; f != Normal {
		return f
	}
	return w.fates[netip.AddrPortFrom(addr.Addr(), 0)]
}

func (l *eventLoop) Dial(addr netip.AddrPort, timeout time.Duration, h loop.Handler) loop.Conn {
	l.mine("Dial")
	c := l.newConn(attempt)
	c.h, c.remote = h, addr
	l.w.Stats.Dials++
	switch {
	case l.group.stopping:
		c.end(loop.ErrStopped)
	case !addr.IsValid() || addr.Port() == 0:
		c.end(c.ioError("dial", "connect", syscall.EADDRNOTAVAIL))
	default:
		c.startTimer(timeout)
		l.w.set(&c.request, l.w.now+c.way().delay())
	}
	return c
}

// way is the link to the dialled address; to nowhere, one as good as any.
func (c *conn) way() *Link {
	to := c.host.find(c.remote.Addr())
	if to == nil {
		to = c.host
	}
	return c.w.Link(c.host, to)
}

// onRequest happens when a connection request arrives. One that is lost is sent
// again, at growing intervals.
func (c *conn) onRequest() {
	if c.state != attempt {
		return
	}
	w, addr := c.w, c.remote
	to, fate := c.host.find(addr.Addr()), w.fate(addr)
	if to == nil || fate == BlackHole || c.way().broken() {
		w.Stats.Retried++
		c.tries++
		w.set(&c.request, w.after(time.Second<<min(c.tries-1, 6)))
		return
	}
	back := w.Link(to, c.host)
	ln := to.listener(addr)
	if ln == nil || fate == Refuse {
		c.in.link = back
		w.set(&c.reset, w.now+back.delay())
		return
	}
	v := ln.l.newConn(backlog)
	v.ln = ln
	c.local = netip.AddrPortFrom(c.host.source(addr.Addr()), c.host.port())
	v.local, v.remote = addr, c.local
	join(c, v)
	w.soon(&v.opening)
	w.set(&c.opening, w.now+back.delay())
}

// onOpening happens when the answer to a dial arrives, and when an accept is due.
func (c *conn) onOpening() {
	switch c.state {
	case backlog:
		c.onAccept()
	case attempt:
		if !c.in.link.passes(&c.opening) || c.deferred(&c.opening) {
			return
		}
		c.w.queue.unset(&c.timer)
		c.w.Stats.Opened++
		outer := c.loop.enter()
		defer c.loop.leave(outer)
		c.open()
	case closing, closed: // the dial was given up
		if c.in.link.passes(&c.opening) {
			c.w.Stats.LateCancels++
			c.resetPeer()
		}
	}
}

// open tells the handler, within a turn.
func (c *conn) open() {
	l := c.loop
	c.state = open
	c.w.note(didOpen, l, 0)
	c.callOpen()
	l.runLater()
	c.noticeReset()
	c.readSoon()
}

func (c *conn) callOpen() {
	defer c.loop.recovered(c)
	c.h.Open(c)
}
