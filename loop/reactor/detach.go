package reactor

import (
	"crypto/tls"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// detachLinger is how long unsent output is still written after Close.
const detachLinger = 10 * time.Second

// Detach makes the connection a blocking net.Conn. It fails if the connection isn't
// open or is about to shake hands. The result also has CloseWrite.
//
// The descriptor itself is given away, so it works with none left.
func (c *conn) Detach(ahead []byte) (net.Conn, error) {
	if c.state != open || c.secure.shaking() || c.secure.broken() {
		return nil, net.ErrClosed
	}
	if c.flush(); c.state != open {
		return nil, c.reason
	}
	if err := c.sealUpTo(math.MaxInt); err != nil {
		c.fail(err)
		return nil, err
	}
	socket := c.giveAway()
	d := &detachedConn{halfConn: socket, ahead: slices.Clone(ahead)}
	if s := c.secure; s != nil {
		s.pipe.detach(socket)
		d.halfConn = &tlsConn{s.tls, socket}
	}
	return d, nil
}

// giveAway takes the socket off the loop, with what is still to be written to it.
func (c *conn) giveAway() *socketConn {
	c.claim()
	c.leaveLoop()
	c.forgetOutput()
	c.state = detached
	s := &socketConn{
		file:   os.NewFile(uintptr(c.fd), "connection"),
		local:  net.TCPAddrFromAddrPort(c.local),
		remote: net.TCPAddrFromAddrPort(c.remote),
		unsent: slices.Clone(c.out.bytes()),
		fin:    c.shut && !c.finSent,
	}
	c.fd = -1
	c.out.release(c.loop)
	if len(s.unsent) > 0 {
		s.pending.Store(true)
		go s.settle()
	}
	return s
}

// A halfConn can end its own direction.
type halfConn interface {
	net.Conn
	CloseWrite() error
}

// A detachedConn reads first what was read too far.
type detachedConn struct {
	halfConn
	mu    sync.Mutex
	ahead []byte
}

func (d *detachedConn) Read(p []byte) (int, error) {
	if n := d.readAhead(p); n > 0 {
		return n, nil
	}
	return d.halfConn.Read(p)
}

func (d *detachedConn) readAhead(p []byte) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := copy(p, d.ahead)
	d.ahead = d.ahead[n:]
	return n
}

// A tlsConn ends its direction in TLS and in TCP.
type tlsConn struct {
	*tls.Conn
	socket *socketConn
}

func (t *tlsConn) CloseWrite() error {
	if err := t.Conn.CloseWrite(); err != nil {
		return err
	}
	return t.socket.CloseWrite()
}

// A socketConn is a socket in the Go runtime's poller. net.FileConn would need a
// second descriptor for a moment.
type socketConn struct {
	file          *os.File
	local, remote net.Addr
	closed        atomic.Bool

	// Output from before, which is written by a goroutine: whoever only reads
	// waits for the answer to it. It goes before anything else.
	pending atomic.Bool
	mu      sync.Mutex
	unsent  []byte
	fin     bool // end our direction after it
}

var _ net.Conn = (*socketConn)(nil)

// settle writes what is unsent. If it runs into a deadline, the next one goes on.
func (s *socketConn) settle() error {
	if !s.pending.Load() {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unsent) > 0 {
		n, err := s.file.Write(s.unsent)
		s.unsent = s.unsent[n:]
		if err != nil {
			return err
		}
	}
	s.unsent = nil
	s.pending.Store(false)
	if s.fin {
		return s.shutdown()
	}
	return nil
}

func (s *socketConn) Read(p []byte) (int, error) {
	n, err := s.file.Read(p)
	return n, s.wrap("read", err)
}

func (s *socketConn) Write(p []byte) (int, error) {
	if s.closed.Load() {
		return 0, s.wrap("write", net.ErrClosed)
	}
	if err := s.settle(); err != nil {
		return 0, s.wrap("write", err)
	}
	n, err := s.file.Write(p)
	return n, s.wrap("write", err)
}

// CloseWrite ends our direction.
func (s *socketConn) CloseWrite() error {
	if err := s.settle(); err != nil {
		return s.wrap("close", err)
	}
	return s.wrap("close", s.shutdown())
}

func (s *socketConn) shutdown() error {
	raw, err := s.file.SyscallConn()
	if err != nil {
		return err
	}
	if e := raw.Control(func(fd uintptr) { err = unix.Shutdown(int(fd), unix.SHUT_WR) }); e != nil {
		return e
	}
	return os.NewSyscallError("shutdown", err)
}

// Close closes; output from before Detach is still written, for a while.
func (s *socketConn) Close() error {
	if s.closed.Swap(true) {
		return s.wrap("close", net.ErrClosed)
	}
	if !s.pending.Load() {
		return s.file.Close()
	}
	_ = s.file.SetReadDeadline(time.Unix(0, 1)) // wakes readers
	_ = s.file.SetWriteDeadline(time.Now().Add(detachLinger))
	go func() {
		_ = s.settle()
		_ = s.file.Close()
	}()
	return nil
}

func (s *socketConn) LocalAddr() net.Addr  { return s.local }
func (s *socketConn) RemoteAddr() net.Addr { return s.remote }

func (s *socketConn) SetDeadline(t time.Time) error     { return s.deadline(s.file.SetDeadline, t) }
func (s *socketConn) SetReadDeadline(t time.Time) error { return s.deadline(s.file.SetReadDeadline, t) }
func (s *socketConn) SetWriteDeadline(t time.Time) error {
	return s.deadline(s.file.SetWriteDeadline, t)
}

// deadline: those after Close are Close's own.
func (s *socketConn) deadline(set func(time.Time) error, t time.Time) error {
	if s.closed.Load() {
		return s.wrap("set", net.ErrClosed)
	}
	return s.wrap("set", set(t))
}

// wrap turns a file's errors into a socket's: crypto/tls and others expect a
// net.Error.
func (s *socketConn) wrap(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if pathErr := (*os.PathError)(nil); errors.As(err, &pathErr) {
		err = pathErr.Err
	}
	if s.closed.Load() { // the file calls it something else
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Source: s.local, Addr: s.remote, Err: err}
}
