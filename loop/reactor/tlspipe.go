package reactor

import (
	"io"
	"net"
	"slices"
	"sync"
	"time"
)

// maxAhead is how much ciphertext may wait for a handshake before reading stops.
// No handshake message is larger.
const maxAhead = 256 << 10

// A tlsPipe is what crypto/tls takes for the network. It is used in three ways, one
// after the other:
//
// During the handshake Read blocks, and Write collects what the loop is to fetch;
// everything is under mu.
//
// Then it belongs to the loop: Read takes what the loop has lent it and says errDry
// when that is used up, which crypto/tls survives; Write appends to the
// connection's output.
//
// When the connection was detached, both go to the socket, after what was left.
type tlsPipe struct {
	secure *secure
	loop   *eventLoop // where the handshake began; the connection doesn't move meanwhile

	mu       sync.Mutex
	changed  sync.Cond
	out      []byte // of the handshake
	posted   bool   // the loop will fetch
	finished bool
	result   error

	in     []byte   // ciphertext not yet taken
	err    error    // what Read says after it
	lent   bool     // in is the loop's input buffer
	inLoop bool     // the second way
	socket net.Conn // the third
}

// errDry is a net.Error that is temporary. Anything else would stick.
var errDry error = dryError{}

type dryError struct{}

func (dryError) Error() string   { return "no more ciphertext for now" }
func (dryError) Timeout() bool   { return true }
func (dryError) Temporary() bool { return true }

func (p *tlsPipe) open(s *secure, ahead []byte, ended bool) {
	p.secure, p.loop = s, s.conn.loop
	p.changed.L = &p.mu
	p.in = slices.Clone(ahead)
	if ended {
		p.err = io.EOF
	}
}

// The handshake's side.

func (p *tlsPipe) Read(b []byte) (int, error) {
	switch {
	case p.socket != nil:
		return p.readSocket(b)
	case p.inLoop:
		return p.readLent(b)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.in) == 0 && p.err == nil {
		p.changed.Wait()
	}
	if len(p.in) == 0 {
		return 0, p.err
	}
	full := len(p.in) >= maxAhead
	n := p.take(b)
	if full && len(p.in) < maxAhead {
		p.post() // the loop can read again
	}
	return n, nil
}

func (p *tlsPipe) Write(b []byte) (int, error) {
	switch {
	case p.socket != nil:
		return p.socket.Write(b)
	case p.inLoop:
		c := p.secure.conn
		c.out.append(c.loop, b)
		return len(b), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out = append(p.out, b...)
	p.post()
	return len(b), nil
}

func (p *tlsPipe) finish(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.finished, p.result = true, err
	p.post()
}

// post is called under mu.
func (p *tlsPipe) post() {
	if !p.posted {
		p.posted = true
		p.loop.Post(p.secure)
	}
}

// The loop's side during the handshake.

// fetch returns what the handshake wants written, and whether it is through.
func (p *tlsPipe) fetch() (out []byte, finished bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posted = false
	out, p.out = p.out, nil
	return out, p.finished, p.result
}

// feed gives the handshake a copy of b and returns how much waits for it.
func (p *tlsPipe) feed(b []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.in = append(p.in, b...)
	p.changed.Signal()
	return len(p.in)
}

func (p *tlsPipe) waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.in)
}

// abort makes Read say err when all is taken.
func (p *tlsPipe) abort(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil {
		p.err = err
	}
	p.changed.Signal()
}

// After the handshake, on the loop.

func (p *tlsPipe) onLoop() { p.inLoop = true }

// lend gives b to be read until keep or the end of the callback. Nothing is left
// of what was there before: reading stops while there is.
func (p *tlsPipe) lend(b []byte) { p.in, p.lent = b, true }

// keep copies what is left of what was lent.
func (p *tlsPipe) keep() {
	if p.lent {
		p.in, p.lent = slices.Clone(p.in), false
	}
}

func (p *tlsPipe) readLent(b []byte) (int, error) {
	if len(p.in) > 0 {
		return p.take(b), nil
	}
	if p.err != nil {
		return 0, p.err
	}
	return 0, errDry
}

func (p *tlsPipe) take(b []byte) int {
	n := copy(b, p.in)
	p.in = p.in[n:]
	if len(p.in) == 0 {
		p.in, p.lent = nil, false
	}
	return n
}

// After the connection was detached.

// detach: from now on the pipe belongs to whoever uses the TLS connection.
func (p *tlsPipe) detach(socket net.Conn) {
	p.keep()
	p.secure, p.loop = nil, nil
	p.socket = socket
}

// readSocket is called under a lock of crypto/tls.
func (p *tlsPipe) readSocket(b []byte) (int, error) {
	if len(p.in) > 0 {
		return p.take(b), nil
	}
	return p.socket.Read(b)
}

// Close, deadlines and addresses matter only when detached: crypto/tls sets
// deadlines around its goodbye.

func (p *tlsPipe) Close() error {
	if p.socket != nil {
		return p.socket.Close()
	}
	return nil
}

func (p *tlsPipe) SetDeadline(t time.Time) error {
	if p.socket != nil {
		return p.socket.SetDeadline(t)
	}
	return nil
}

func (p *tlsPipe) SetReadDeadline(t time.Time) error {
	if p.socket != nil {
		return p.socket.SetReadDeadline(t)
	}
	return nil
}

func (p *tlsPipe) SetWriteDeadline(t time.Time) error {
	if p.socket != nil {
		return p.socket.SetWriteDeadline(t)
	}
	return nil
}

func (p *tlsPipe) LocalAddr() net.Addr {
	if p.socket != nil {
		return p.socket.LocalAddr()
	}
	return nil
}

func (p *tlsPipe) RemoteAddr() net.Addr {
	if p.socket != nil {
		return p.socket.RemoteAddr()
	}
	return nil
}
