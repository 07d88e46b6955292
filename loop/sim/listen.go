package sim

import (
	"net"
	"net/netip"
	"os"
	"slices"
	"syscall"

	"github.com/aemp-go/aemp/loop"
)

type listener struct {
	l      *eventLoop
	addr   netip.AddrPort
	accept func(remote netip.AddrPort) loop.Handler
	closed bool
}

func (l *eventLoop) Listen(addr netip.AddrPort, accept func(remote netip.AddrPort) loop.Handler) (loop.Listener, error) {
	l.mine("Listen")
	h := l.group.host
	fail := func(err error) (loop.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: "tcp", Addr: tcpAddr(addr), Err: err}
	}
	switch {
	case l.group.stopping:
		return fail(loop.ErrStopped)
	case !addr.IsValid():
		return fail(os.NewSyscallError("bind", syscall.EINVAL))
	case !addr.Addr().IsUnspecified() && !h.owns(addr.Addr()):
		return fail(os.NewSyscallError("bind", syscall.EADDRNOTAVAIL))
	case addr.Port() == 0:
		addr = netip.AddrPortFrom(addr.Addr(), h.port())
	case h.inUse(addr):
		return fail(os.NewSyscallError("bind", syscall.EADDRINUSE))
	}
	ln := &listener{l: l, addr: addr, accept: accept}
	h.listeners[addr] = ln
	l.listeners = append(l.listeners, ln)
	return ln, nil
}

// inUse says whether addr, or a wildcard that includes it or is included, is taken.
func (h *Host) inUse(addr netip.AddrPort) bool {
	for _, a := range h.bindable() {
		same := a.Is4() == addr.Addr().Is4()
		overlaps := a == addr.Addr() || same && (a.IsUnspecified() || addr.Addr().IsUnspecified())
		if overlaps && h.listeners[netip.AddrPortFrom(a, addr.Port())] != nil {
			return true
		}
	}
	return false
}

// listener is who gets connections to addr.
func (h *Host) listener(addr netip.AddrPort) *listener {
	if ln := h.listeners[addr]; ln != nil {
		return ln
	}
	wildcard := netip.IPv6Unspecified()
	if addr.Addr().Is4() {
		wildcard = netip.IPv4Unspecified()
	}
	return h.listeners[netip.AddrPortFrom(wildcard, addr.Port())]
}

func (ln *listener) Addr() netip.AddrPort { return ln.addr }

func (ln *listener) Close() {
	ln.l.mine("Close of a listener")
	if i := slices.Index(ln.l.listeners, ln); i >= 0 {
		ln.l.listeners = slices.Delete(ln.l.listeners, i, i+1)
		ln.close()
	}
}

func (ln *listener) close() {
	ln.closed = true
	delete(ln.l.group.host.listeners, ln.addr)
}

// onAccept happens when the loop gets at a connection in the backlog.
func (c *conn) onAccept() {
	if c.deferred(&c.opening) {
		return
	}
	if c.ln.closed || c.resetSeen && c.w.oneIn(2) {
		c.refuse(true)
		return
	}
	l := c.loop
	outer := l.enter()
	defer l.leave(outer)
	c.h = l.callAccept(c.ln, c.remote)
	l.runLater()
	switch {
	case c.state != backlog:
		return // the group crashed
	case c.h == nil:
		c.refuse(c.w.oneIn(2))
		return
	}
	c.open()
}

func (c *conn) refuse(abort bool) {
	c.shut(abort)
	c.remove()
	c.state = closed
}

func (l *eventLoop) callAccept(ln *listener, remote netip.AddrPort) loop.Handler {
	defer l.recovered(nil)
	return ln.accept(remote)
}

func tcpAddr(a netip.AddrPort) net.Addr {
	if !a.IsValid() {
		return nil
	}
	return net.TCPAddrFromAddrPort(a)
}
