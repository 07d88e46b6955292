package sim

import (
	"errors"
	"io"
	"net"
	"os"
	"slices"
	"time"
)

var errNotOpen = errors.New("sim: the connection isn't open")

func (c *conn) Detach(ahead []byte) (net.Conn, error) {
	c.own("Detach")
	if c.state != open || c.tls != nil && !c.tls.up() {
		return nil, errNotOpen
	}
	c.write()
	c.w.Stats.Detached++
	c.state = detached
	b := &blockingConn{c: c, ahead: slices.Clone(ahead)}
	b.read.init(c)
	b.write.init(c)
	return b, nil
}

// blockingConn is a detached connection. It is used by actors, which wait in it, and
// by the test itself, which lets the world go on.
type blockingConn struct {
	c           *conn
	ahead       []byte
	read, write deadline
	closed      bool
}

// deadline is the end of waiting in one direction.
type deadline struct {
	event
	c  *conn
	at time.Duration // 0: none
}

func (d *deadline) init(c *conn) { d.c, d.to = c, d }
func (d *deadline) fire()        { d.c.wake() }

func (d *deadline) set(t time.Time) {
	w := d.c.w
	w.queue.unset(&d.event)
	d.at = 0
	if !t.IsZero() {
		d.at = max(1, t.Sub(w.opt.Start)-d.c.host.skew)
		w.set(&d.event, d.at)
	}
	d.c.wake()
}

func (d *deadline) passed() bool { return d.at != 0 && d.at <= d.c.w.now }

// wake lets those go on who wait for something to happen on c.
func (c *conn) wake() {
	for _, a := range c.waiters {
		c.w.soon(&a.event)
	}
	c.waiters = c.waiters[:0]
}

// wait waits until something has happened, or returns why that makes no sense.
func (b *blockingConn) wait(what string, d *deadline) error {
	w := b.c.w
	if d.passed() {
		return &net.OpError{Op: what, Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	if a := w.waiter(what); a != nil {
		b.c.waiters = append(b.c.waiters, a)
		a.wait()
		return nil
	}
	if !w.Step() {
		return errors.New("sim: nothing is left that could end the " + what)
	}
	return nil
}

// over is why the connection can't be used any more.
func (b *blockingConn) over() error {
	switch {
	case b.closed:
		return net.ErrClosed
	case b.c.state != detached && b.c.err != nil:
		return b.c.err
	case b.c.state != detached:
		return net.ErrClosed // its process is gone
	}
	return nil
}

func (b *blockingConn) Read(p []byte) (int, error) {
	for {
		if b.closed {
			return 0, net.ErrClosed
		}
		if len(b.ahead) > 0 {
			n := copy(p, b.ahead)
			b.ahead = b.ahead[n:]
			return n, nil
		}
		if err := b.over(); err != nil {
			return 0, err
		}
		if n, err := b.c.readNow(p); n > 0 || err != nil || len(p) == 0 {
			return n, err
		}
		if err := b.wait("read", &b.read); err != nil {
			return 0, err
		}
	}
}

// readNow reads what is there; nothing is 0 without an error.
func (c *conn) readNow(p []byte) (int, error) {
	if c.tls != nil {
		return c.tls.readNow(p)
	}
	if n := min(len(p), c.in.arrived); n > 0 {
		c.fetch(n, func(b []byte) { copy(p, b) })
		return n, nil
	}
	if c.in.finished {
		return 0, io.EOF
	}
	return 0, nil
}

// fetch uses n of the octets that have arrived.
func (c *conn) fetch(n int, use func(b []byte)) {
	b := c.in.take(n)
	use(b)
	c.in.give(b)
}

// readNow is that of conn, through TLS. What doesn't fit in p stays in records: a
// record that is longer is shortened where it lies.
func (t *tlsEnd) readNow(p []byte) (int, error) {
	if t.state == tlsShutDown {
		return 0, io.EOF
	}
	c := t.c
	if c.in.arrived > 0 {
		c.fetch(c.in.arrived, t.feed)
	}
	kind, contents, ok, err := t.next()
	switch {
	case err != nil:
		return 0, err
	case !ok && c.in.finished:
		return 0, io.ErrUnexpectedEOF
	case !ok:
		return 0, nil
	case kind == recordAlert:
		t.state = tlsShutDown
		return 0, io.EOF
	case kind != recordData:
		return 0, errTLSMessage
	}
	n := copy(p, contents)
	t.scramble(p[:n])
	if rest := len(contents) - n; rest > 0 {
		t.head -= recordHeader + rest
		b := t.in[t.head:]
		b[0], b[1], b[2] = recordData, byte(rest>>8), byte(rest)
	}
	return n, nil
}

func (b *blockingConn) Write(p []byte) (int, error) {
	if err := b.writable(); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	c := b.c
	if c.tls != nil {
		c.tls.seal(p)
	} else {
		c.out = append(c.out, p...)
	}
	c.write()
	for len(c.out) > 0 {
		if err := b.wait("write", &b.write); err != nil {
			return 0, err
		}
		if err := b.over(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (b *blockingConn) writable() error {
	if b.c.ending {
		return net.ErrClosed
	}
	return b.over()
}

// CloseWrite ends our direction, like that of net.TCPConn.
func (b *blockingConn) CloseWrite() error {
	if err := b.writable(); err != nil {
		return err
	}
	b.c.ending = true
	if b.c.tls != nil {
		b.c.tls.end()
	}
	b.c.write()
	return nil
}

func (b *blockingConn) Close() error {
	if b.closed {
		return net.ErrClosed
	}
	b.closed = true
	c := b.c
	c.w.queue.unset(&b.read.event)
	c.w.queue.unset(&b.write.event)
	if c.state == detached {
		if !c.ending && c.tls != nil {
			c.tls.end()
		}
		c.write()
		c.shut(false)
		c.remove()
		c.state = closed
	}
	c.wake()
	return nil
}

func (b *blockingConn) LocalAddr() net.Addr  { return tcpAddr(b.c.local) }
func (b *blockingConn) RemoteAddr() net.Addr { return tcpAddr(b.c.remote) }

func (b *blockingConn) SetDeadline(t time.Time) error {
	b.read.set(t)
	b.write.set(t)
	return nil
}

func (b *blockingConn) SetReadDeadline(t time.Time) error {
	b.read.set(t)
	return nil
}

func (b *blockingConn) SetWriteDeadline(t time.Time) error {
	b.write.set(t)
	return nil
}
