package sim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// TLS is a model: records with a header, a handshake of three of them that
// carries the identities, and contents that are scrambled so that nobody takes
// them for plain text. What matters to the program is as in the real one: where
// records are cut, that the handshake takes time and may fail, that an end without
// a closing record is a fault, and keying material.

const (
	recordHello    = 0x16 // client or server, random octets, identity
	recordFinished = 0x14 // ends the client's part of the handshake
	recordData     = 0x17
	recordAlert    = 0x15 // a failed handshake, or the regular end

	recordHeader = 3 // type and length
	recordMost   = 16 << 10
	helloRandom  = 16
)

var (
	errTLSRecord      = errors.New("sim: not a TLS record")
	errTLSMessage     = errors.New("sim: unexpected TLS message")
	errTLSCertificate = errors.New("sim: the peer's certificate isn't ours")
	errTLSRefused     = errors.New("sim: the peer refused our certificate")
)

type tlsState uint8

const (
	tlsWaits    tlsState = iota // for the peer's part of the handshake
	tlsWorks                    // the handshake computes
	tlsUp                       //
	tlsShutDown                 // the peer's direction has ended
	tlsFailed                   //
)

// tlsEnd is the TLS of one end of a connection.
type tlsEnd struct {
	c      *conn
	model  string
	client bool
	state  tlsState
	done   func(loop.Session, error) // nil: called
	err    error

	in     []byte // records, not all complete, from head on
	head   int
	plain  []byte // written before the handshake was over
	random [helloRandom]byte
	key    [sha256.Size]byte
	ending bool // our direction ends after plain
	greets bool // server: the client's hello was good, ours is to be sent

	work event
}

type workOf tlsEnd

func (x *workOf) fire() { (*tlsEnd)(x).onWork() }

func (c *conn) StartTLS(id *loop.Identity, client bool, ahead []byte, done func(loop.Session, error)) {
	c.own("StartTLS")
	t := &tlsEnd{c: c, client: client, in: bytes.Clone(ahead), done: done}
	t.work.to = (*workOf)(t)
	switch {
	case c.tls != nil:
		panic("sim: StartTLS called twice")
	case c.state == closed:
		c.loop.Post(loop.Func(func() { done(nil, net.ErrClosed) }))
		return
	}
	c.tls = t
	if c.state != open || c.ending {
		t.fail(net.ErrClosed)
		return
	}
	t.model = id.Model
	c.loop.Random(t.random[:])
	if client {
		t.sendHello()
	}
	c.readSoon()
}

func (t *tlsEnd) up() bool { return t.state == tlsUp || t.state == tlsShutDown }

// keeps says whether output waits for the handshake.
func (t *tlsEnd) keeps() bool { return t.state == tlsWaits || t.state == tlsWorks }

// deaf says whether what comes is of no interest any more.
func (t *tlsEnd) deaf() bool { return t.state == tlsShutDown || t.state == tlsFailed }

// record appends one to the output.
func (t *tlsEnd) record(kind byte, contents ...[]byte) {
	n := 0
	for _, p := range contents {
		n += len(p)
	}
	out := append(t.c.out, kind, byte(n>>8), byte(n))
	for _, p := range contents {
		out = append(out, p...)
	}
	t.c.out = out
}

func (t *tlsEnd) sendHello() {
	role := []byte{'s'}
	if t.client {
		role[0] = 'c'
	}
	t.record(recordHello, role, t.random[:], []byte(t.model))
	t.c.touch()
}

// write takes plain octets.
func (t *tlsEnd) write(p []byte) {
	switch {
	case t.keeps():
		t.plain = append(t.plain, p...)
	case t.up():
		t.seal(p)
	}
}

// seal writes p as records of arbitrary sizes.
func (t *tlsEnd) seal(p []byte) {
	for len(p) > 0 {
		n := min(len(p), recordMost)
		if n > 1 && !t.c.w.opt.Whole && t.c.w.oneIn(4) {
			n = 1 + t.c.w.rand.IntN(n)
		}
		t.record(recordData, p[:n])
		t.scramble(t.c.out[len(t.c.out)-n:])
		p = p[n:]
	}
}

func (t *tlsEnd) scramble(p []byte) {
	k := t.key[0] | 0x80
	for i := range p {
		p[i] ^= k
	}
}

// end ends our direction after what is written.
func (t *tlsEnd) end() {
	switch {
	case t.keeps():
		t.ending = true
	case t.up():
		t.record(recordAlert)
	}
}

func (t *tlsEnd) feed(p []byte) {
	if t.head == len(t.in) {
		t.in, t.head = t.in[:0], 0
	}
	t.in = append(t.in, p...)
}

// next is the first complete record; ok is false if there is none, err is set if
// there will never be one.
func (t *tlsEnd) next() (kind byte, contents []byte, ok bool, err error) {
	b := t.in[t.head:]
	if len(b) == 0 {
		return 0, nil, false, nil
	}
	if b[0] < recordFinished || b[0] > recordData {
		return 0, nil, false, errTLSRecord
	}
	if len(b) < recordHeader {
		return 0, nil, false, nil
	}
	n := recordHeader + int(binary.BigEndian.Uint16(b[1:]))
	if n > recordHeader+recordMost {
		return 0, nil, false, errTLSRecord
	}
	if len(b) < n {
		return 0, nil, false, nil
	}
	t.head += n
	return b[0], b[recordHeader:n:n], true, nil
}

// readable says whether process has something to do.
func (t *tlsEnd) readable() bool {
	if t.state != tlsWaits && t.state != tlsUp {
		return false
	}
	head := t.head
	_, _, ok, err := t.next()
	t.head = head
	return ok || err != nil
}

// process works off the complete records, within a turn of the connection's loop.
func (t *tlsEnd) process() {
	c := t.c
	for c.state == open && !c.paused && !c.moving.isSet() && (t.state == tlsWaits || t.state == tlsUp) {
		kind, contents, ok, err := t.next()
		switch {
		case err != nil && t.state == tlsUp:
			c.fail(err)
			return
		case err != nil:
			t.refuse(err)
			return
		case !ok:
			return
		case t.state == tlsWaits:
			t.shake(kind, contents)
		case kind == recordData:
			t.scramble(contents)
			c.deliver(contents)
			poison(contents)
		case kind == recordAlert:
			t.state = tlsShutDown
			c.tellEOF()
		default:
			c.fail(errTLSMessage)
			return
		}
	}
}

// shake takes a step of the handshake.
func (t *tlsEnd) shake(kind byte, contents []byte) {
	switch {
	case kind == recordAlert:
		t.fail(errTLSRefused)
	case kind == recordHello && len(contents) > helloRandom && contents[0] == t.awaits():
		if string(contents[1+helloRandom:]) != t.model {
			t.refuse(errTLSCertificate)
			return
		}
		t.derive(contents[1 : 1+helloRandom])
		if t.client {
			t.record(recordFinished)
			t.c.touch()
		}
		t.greets = !t.client
		t.compute()
	case kind == recordFinished && !t.client && t.key != [sha256.Size]byte{}:
		t.compute()
	default:
		t.refuse(errTLSMessage)
	}
}

// awaits is the role that a hello must come from.
func (t *tlsEnd) awaits() byte {
	if t.client {
		return 's'
	}
	return 'c'
}

// derive makes the session's key from both random values.
func (t *tlsEnd) derive(theirs []byte) {
	x, y := t.random[:], theirs
	if !t.client {
		x, y = y, x
	}
	t.key = sha256.Sum256(append(bytes.Clone(x), y...))
}

// compute lets the time pass that cryptography takes.
func (t *tlsEnd) compute() {
	t.state = tlsWorks
	w := t.c.w
	w.set(&t.work, w.now+w.between(100*time.Microsecond, 3*time.Millisecond))
}

// onWork happens when the handshake goes on.
func (t *tlsEnd) onWork() {
	c := t.c
	if c.state == closed || c.deferred(&t.work) {
		return
	}
	switch {
	case t.state == tlsFailed:
		c.loop.turn(func() { t.tell(nil, t.err) })
	case t.greets:
		t.greets = false
		t.state = tlsWaits
		c.loop.turn(t.sendHello)
		c.readSoon()
	case c.state == open:
		t.state = tlsUp
		c.loop.turn(t.establish)
		c.readSoon()
	}
}

// establish ends the handshake. What was written before goes first.
func (t *tlsEnd) establish() {
	c := t.c
	plain := t.plain
	t.plain = nil
	t.seal(plain)
	if t.ending {
		t.record(recordAlert)
	}
	c.touch()
	t.tell(&session{t.key}, nil)
}

func (t *tlsEnd) tell(s loop.Session, err error) {
	if t.done == nil {
		return
	}
	done := t.done
	t.done = nil
	n := 1
	if err != nil {
		n = 0
		t.c.w.Stats.TLSFailed++
	} else {
		t.c.w.Stats.TLS++
	}
	t.c.w.note(didTLS, t.c.loop, n)
	t.c.callDone(done, s, err)
}

func (c *conn) callDone(done func(loop.Session, error), s loop.Session, err error) {
	defer c.loop.recovered(c)
	done(s, err)
}

// refuse tells the peer that the handshake has failed, and fails it.
func (t *tlsEnd) refuse(err error) {
	t.record(recordAlert)
	t.c.touch()
	t.fail(err)
}

// fail tells the caller so, who then closes.
func (t *tlsEnd) fail(err error) {
	if t.state == tlsFailed {
		return
	}
	t.state = tlsFailed
	t.err = err
	t.plain = nil
	t.c.w.soon(&t.work)
}

// fin is the end of the octets from the peer.
func (t *tlsEnd) fin() {
	switch t.state {
	case tlsWorks: // readable again when the work is done
	case tlsWaits:
		t.c.eof = true
		t.fail(io.ErrUnexpectedEOF)
	case tlsUp:
		t.c.eof = true
		t.c.fail(io.ErrUnexpectedEOF)
	default:
		t.c.eof = true
	}
}

// abandon ends a handshake together with its connection.
func (t *tlsEnd) abandon(err error) {
	if err == nil {
		err = net.ErrClosed
	}
	t.tell(nil, err)
}

// session implements loop.Session.
type session struct{ key [sha256.Size]byte }

func (s *session) Export(label string, context []byte, n int) ([]byte, error) {
	if n < 0 {
		return nil, errors.New("sim: negative length of keying material")
	}
	p := make([]byte, 0, n+sha256.Size)
	for i := uint32(0); len(p) < n; i++ {
		h := hmac.New(sha256.New, s.key[:])
		var head [8]byte
		binary.BigEndian.PutUint32(head[:], i)
		binary.BigEndian.PutUint32(head[4:], uint32(len(label)))
		h.Write(head[:])
		h.Write([]byte(label))
		h.Write(context)
		p = h.Sum(p)
	}
	return p[:n], nil
}
