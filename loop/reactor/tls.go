package reactor

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/aemp-go/aemp/loop"
)

// sealSize is how much is encrypted before it is written: a whole turn's output as
// a rule, but not so much that the loop is held up.
const sealSize = 256 << 10

var errTLSTwice = errors.New("reactor: the connection has TLS already")

type phase uint8

const (
	shaking phase = iota // the handshake runs on its goroutine
	up
	over   // the peer has ended the session
	broken // no session: nothing is read or encrypted any more
)

// A secure is the TLS side of a connection: crypto/tls over a pipe in memory. Only
// the handshake, which may compute for milliseconds and waits for the peer, has a
// goroutine. Afterwards everything is done on the loop: what was read is decrypted
// at once, what is to be written is encrypted once per flush.
type secure struct {
	conn    *conn
	tls     *tls.Conn
	pipe    tlsPipe
	phase   phase
	plain   output // to be encrypted
	goodbye bool   // close_notify is sent
	full    bool   // enough ciphertext waits for the handshake
	done    func(loop.Session, error)
	moveTo  func() // a Move that waits for the handshake
}

// A session is an established TLS session.
type session struct{ state tls.ConnectionState }

// Export returns n octets of keying material (RFC 5705).
func (s *session) Export(label string, context []byte, n int) ([]byte, error) {
	return s.state.ExportKeyingMaterial(label, context, n)
}

// StartTLS turns the connection to TLS.
func (c *conn) StartTLS(id *loop.Identity, client bool, ahead []byte, done func(loop.Session, error)) {
	var refused error
	switch {
	case c.state != open || c.loop.stopping:
		refused = net.ErrClosed
	case c.secure != nil:
		refused = errTLSTwice
	}
	if refused != nil {
		c.loop.Later(loop.Func(func() { done(nil, refused) }))
		return
	}
	c.claim()
	s := &secure{conn: c, done: done}
	s.pipe.open(s, ahead, c.ended)
	if client {
		s.tls = tls.Client(&s.pipe, id.Config)
	} else {
		s.tls = tls.Server(&s.pipe, id.Config)
	}
	c.secure = s
	c.loop.helpers.Go(s.shakeHands)
}

// shakeHands runs on its own goroutine.
func (s *secure) shakeHands() {
	err := errors.New("panic in the handshake")
	defer func() {
		if r := recover(); r != nil {
			err = &PanicError{r}
		}
		s.pipe.finish(err)
	}()
	err = s.tls.Handshake()
}

// Run is posted by the pipe when the handshake has something for the loop.
func (s *secure) Run() {
	c := s.conn
	p, finished, err := s.pipe.fetch()
	if c.state == dead {
		if finished {
			s.phase = broken
			c.call(func() { s.done(nil, c.reason) })
			s.release(c.loop)
			c.loop.closed = append(c.loop.closed, c)
		}
		return
	}
	if len(p) > 0 {
		c.out.append(c.loop, p)
		c.finishOutput()
	}
	s.full = !finished && s.pipe.waiting() >= maxAhead
	if finished {
		s.established(err)
	}
	c.watch()
}

// established: the handshake is through, well or not.
func (s *secure) established(err error) {
	c := s.conn
	if err != nil {
		s.phase = broken
		s.plain.release(c.loop)
		c.call(func() { s.done(nil, fmt.Errorf("tls handshake: %w", err)) })
	} else {
		s.phase = up
		s.pipe.onLoop()
		if s.plain.len() > 0 || c.shut {
			c.finishOutput()
		}
		c.call(func() { s.done(&session{s.tls.ConnectionState()}, nil) })
		c.call(c.pump)
	}
	if s.moveTo != nil && c.state == open {
		s.moveTo()
	}
}

// The following may be called without TLS, that is, on a nil secure.

func (s *secure) shaking() bool { return s != nil && s.phase == shaking }
func (s *secure) broken() bool  { return s != nil && s.phase == broken }
func (s *secure) canSeal() bool { return s != nil && (s.phase == up || s.phase == over) }
func (s *secure) stalled() bool { return s != nil && (s.full || s.phase == broken) }

// abort makes a handshake end; it reports false if there is none.
func (s *secure) abort(reason error) bool {
	if !s.shaking() {
		return false
	}
	s.pipe.abort(reason)
	return true
}

func (s *secure) release(l *eventLoop) {
	if s != nil {
		s.plain.release(l)
	}
}

// unsealed: there is something left to encrypt.
func (c *conn) unsealed() bool {
	s := c.secure
	return s.canSeal() && (s.plain.len() > 0 || c.shut && !s.goodbye)
}

// seal encrypts some of the plain output, unless enough waits to be written.
func (c *conn) seal() error {
	if c.out.len() >= flushSize {
		return nil
	}
	return c.sealUpTo(sealSize)
}

// sealUpTo encrypts up to n octets of the plain output, and the end of our
// direction after all of it.
func (c *conn) sealUpTo(n int) error {
	s := c.secure
	if !s.canSeal() {
		return nil
	}
	if n = min(n, s.plain.len()); n > 0 {
		if _, err := s.tls.Write(s.plain.bytes()[:n]); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
		s.plain.skip(c.loop, n)
	}
	if s.plain.len() == 0 && c.shut && !s.goodbye {
		s.goodbye = true
		if err := s.tls.CloseWrite(); err != nil {
			return fmt.Errorf("tls: %w", err)
		}
	}
	return nil
}

// decrypt gets p, which is the loop's input buffer.
func (c *conn) decrypt(p []byte) {
	s := c.secure
	if s.phase == shaking {
		s.full = s.pipe.feed(p) >= maxAhead
		if s.full {
			c.watch()
		}
		return
	}
	s.pipe.lend(p)
	c.pump()
}

// decryptEnd: the peer's end, with or without a TLS goodbye.
func (c *conn) decryptEnd() {
	c.secure.pipe.abort(io.EOF)
	c.pump()
}

// A pumpTask delivers what TLS has already taken from the socket.
type pumpTask conn

func (p *pumpTask) Run() {
	c := (*conn)(p)
	c.call(c.pump)
}

// pump hands over what can be decrypted. All of what was read is decrypted into
// one piece, unless the handler pauses.
func (c *conn) pump() {
	s := c.secure
	if s.phase == shaking {
		return
	}
	for c.state == open && !c.paused && s.phase == up {
		p, err := s.fill(c.loop.plainBuffer())
		if c.out.len() > 0 {
			c.finishOutput() // TLS answers key updates by itself
		}
		if len(p) > 0 {
			c.handler.Data(c, p)
		}
		if c.state != open || c.paused || err == nil {
			continue // errors stay: they come again with the next fill
		}
		if err == errDry {
			return
		}
		c.sessionEnded(err)
	}
	if c.state != detached { // else the pipe is somebody else's now
		s.pipe.keep()
	}
}

func (c *conn) sessionEnded(err error) {
	s := c.secure
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		s.phase = over
		c.tellEnd()
		return
	}
	s.phase = broken
	c.Close(fmt.Errorf("tls: %w", err)) // writes the alert
}

// fill decrypts as much as there is and as fits.
func (s *secure) fill(buf []byte) ([]byte, error) {
	n := 0
	for n < len(buf) {
		k, err := s.tls.Read(buf[n:])
		n += k
		if err != nil {
			return buf[:n], err
		}
	}
	return buf, nil
}

func (l *eventLoop) plainBuffer() []byte {
	if l.plain == nil {
		l.plain = make([]byte, readSize)
	}
	return l.plain
}
