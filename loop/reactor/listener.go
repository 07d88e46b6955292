package reactor

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

const (
	acceptsPerEvent = 64 // then other events get their turn

	// How long a listener rests that ran out of descriptors: twice as long
	// each time until it could accept again.
	firstRest = 10 * time.Millisecond
	lastRest  = time.Second
)

var errNoAddress = errors.New("no address")

type listener struct {
	loop    *eventLoop
	fd      int // -1: closed
	addr    netip.AddrPort
	accept  func(netip.AddrPort) loop.Handler
	watched interest
	rest    time.Duration // 0: has not run out of descriptors
	resume  *timer
}

var _ loop.Listener = (*listener)(nil)

// Listen binds to addr. An IPv6 address is for IPv6 only.
func (l *eventLoop) Listen(addr netip.AddrPort, accept func(netip.AddrPort) loop.Handler) (loop.Listener, error) {
	if l.stopping {
		return nil, loop.ErrStopped
	}
	n, err := l.listen(addr, accept)
	if err != nil {
		return nil, fmt.Errorf("listen on %v: %w", addr, err)
	}
	return n, nil
}

func (l *eventLoop) listen(addr netip.AddrPort, accept func(netip.AddrPort) loop.Handler) (*listener, error) {
	if !addr.IsValid() { // gnet would go and resolve the text of it
		return nil, errNoAddress
	}
	reuse := []socket.Option[int]{{SetSockOpt: socket.SetReuseAddr, Opt: 1}}
	fd, _, err := socket.TCPSocket("tcp", unmap(addr).String(), true, reuse, nil)
	if err != nil {
		return nil, err
	}
	n := &listener{loop: l, fd: fd, accept: accept}
	if n.addr, err = localAddr(fd); err == nil {
		err = n.watch(reading)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	n.resume = &timer{loop: l, task: loop.Func(n.goOn)}
	l.attach(fd, n)
	return n, nil
}

func (n *listener) watch(want interest) error {
	err := n.loop.poll.change(n.fd, n.watched, want)
	if err == nil {
		n.watched = want
	}
	return err
}

// Addr is the address with the real port.
func (n *listener) Addr() netip.AddrPort { return n.addr }

// Close ends listening. Connections that were accepted stay.
func (n *listener) Close() {
	if n.fd < 0 {
		return
	}
	n.resume.Stop()
	_ = n.watch(0)
	n.loop.sources[n.fd] = nil
	unix.Close(n.fd)
	n.fd = -1
}

func (n *listener) stop() { n.Close() }

func (n *listener) event(bool, bool) {
	for i := 0; i < acceptsPerEvent && n.fd >= 0; i++ {
		fd, from, err := socket.Accept(n.fd)
		switch err {
		case nil:
			n.accepted()
			n.open(fd, addrPort(from))
		case unix.EAGAIN:
			return
		case unix.EINTR, unix.ECONNABORTED, unix.EPROTO, unix.EPERM, unix.ENETDOWN, unix.ENETUNREACH,
			unix.EHOSTDOWN, unix.EHOSTUNREACH, unix.ENOPROTOOPT, unix.EOPNOTSUPP:
			// of one connection, not of the listener
		default:
			n.backOff(err)
			return
		}
	}
}

// backOff leaves the backlog alone for a while: without descriptors or memory the
// poller would report it again and again.
func (n *listener) backOff(err error) {
	n.loop.counts.acceptPauses.Add(1)
	if n.rest == 0 {
		n.loop.group.log.Warn("accepting no connections for a while", "bind", n.addr, "reason", os.NewSyscallError("accept", err))
		n.rest = firstRest
	} else {
		n.rest = min(2*n.rest, lastRest)
	}
	_ = n.watch(0)
	n.resume.Reset(n.rest)
}

// goOn is the timer's.
func (n *listener) goOn() {
	if err := n.watch(reading); err != nil {
		n.resume.Reset(n.rest)
	}
}

func (n *listener) accepted() {
	if n.rest > 0 {
		n.loop.group.log.Info("accepting connections again", "bind", n.addr)
		n.rest = 0
	}
}

// open asks for a handler and makes fd a connection. A panic refuses it.
func (n *listener) open(fd int, from netip.AddrPort) {
	h := n.handler(from)
	if h == nil {
		unix.Close(fd)
		return
	}
	local := n.addr
	if local.Addr().IsUnspecified() {
		local, _ = localAddr(fd) // fails only if the peer is gone already
	}
	setOptions(fd)
	c := newConn(n.loop, fd, h, open)
	c.local, c.remote = local, from
	c.watch()
	if c.state == open {
		c.call(func() { h.Open(c) })
	}
	n.loop.runLater()
}

func (n *listener) handler(from netip.AddrPort) (h loop.Handler) {
	defer n.loop.rescue(nil)
	return n.accept(from)
}
