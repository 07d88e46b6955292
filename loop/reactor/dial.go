package reactor

import (
	"errors"
	"net/netip"
	"os"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

// Dial starts to connect.
func (l *eventLoop) Dial(addr netip.AddrPort, timeout time.Duration, h loop.Handler) loop.Conn {
	fd, err := l.connect(addr)
	c := newConn(l, fd, h, connecting)
	c.remote = unmap(addr)
	if err != nil {
		// Told in another turn: a handler that dials again at once must not
		// keep the loop from everything else.
		c.state, c.reason = dead, err
		l.Post(loop.Func(func() { l.closed = append(l.closed, c) }))
		return c
	}
	setOptions(fd)
	c.timer = &timer{loop: l, task: loop.Func(func() { c.fail(loop.ErrDialTimeout) })}
	c.timer.Reset(timeout)
	c.watch()
	return c
}

// connect returns a socket that is connecting, or connected already.
func (l *eventLoop) connect(addr netip.AddrPort) (fd int, err error) {
	if l.stopping {
		return -1, loop.ErrStopped
	}
	if !addr.IsValid() { // gnet would go and resolve the text of it
		return -1, &os.SyscallError{Syscall: "connect", Err: errNoAddress}
	}
	fd, _, err = socket.TCPSocket("tcp", unmap(addr).String(), false, nil, nil)
	if err == nil || errors.Is(err, unix.EINPROGRESS) {
		return fd, nil
	}
	return -1, err
}

// connected finds out how the attempt stands. The event may be one for a former
// owner of the descriptor's number: then there is neither an error nor a peer yet.
func (c *conn) connected() {
	code, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err == nil && code != 0 {
		err = unix.Errno(code)
	}
	if err != nil {
		c.fail(os.NewSyscallError("connect", err))
		return
	}
	peer, err := unix.Getpeername(c.fd)
	if err != nil {
		return
	}
	if c.local, err = localAddr(c.fd); err != nil {
		c.fail(err)
		return
	}
	// A socket that dials a free port of its own host can meet itself.
	if c.local == addrPort(peer) {
		c.fail(loop.ErrSelf)
		return
	}
	c.timer.Stop()
	c.timer = nil
	c.state = open
	c.watch()
	if c.state == open {
		c.handler.Open(c)
	}
}
