package link

import (
	"bytes"
	"errors"
	"io"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Owner is told what happens on a connection, on the connection's loop.
type Owner interface {
	// Place says on which loop a connection with this peer lives, or refuses it.
	// It runs on the loop that accepted or dialled.
	Place(l *Link) (loop.Loop, error)
	// Greeted: the connection is on its loop and the peer is known. An error refuses it.
	Greeted(l *Link) error
	// Ready: our proof could be sent.
	Ready(l *Link)
	// Verified: the peer has proved that it knows the secret. What it sends now is
	// kept until Up.
	Verified(l *Link)
	// Arrived: messages will follow.
	Arrived(l *Link)
	// Message: a message arrived on the link. body is checked MessagePack, borrowed. again:
	// it begins with what was last given to Remember.
	Message(l *Link, body []byte, again bool)
	// Panicked: Message has panicked. Called where that was recovered; the messages behind
	// are still to come.
	Panicked(l *Link, r any)
	// ProbeAnswered: what Probe asked for has come.
	ProbeAnswered(l *Link)
	// Closed is the last call.
	Closed(l *Link, err error)
}

type phase uint8

const (
	connecting phase = iota
	greeting         // lines are exchanged
	moving           // to its loop
	securing         // TLS handshake
	verified         // the peer's proof is right; not the link yet
	up
	closed
)

// Link is one connection between two nodes, from the connect to its end. It
// belongs to its connection's loop. It implements loop.Handler.
type Link struct {
	Dialed netip.AddrPort

	cfg    *Config
	timing *Timing
	owner  Owner
	conn   loop.Conn
	early  *early // until the link is up
	agreed Agreed // from then on
	phase  phase
	proved bool

	heard   bool // since the last tick
	fresh   bool // heard since the last Fresh
	probing bool
	echoes  bool // an echo may come back
	pauses  int32
	silent  int32 // heartbeats
	full    int32 // heartbeats for which the queue is at its hard limit

	dec      *codec.Decoder
	out      *Outbox
	timer    loop.Timer
	pending  loop.Timer    // a flush that waits for more; made when it is needed
	pause    time.Duration // that pending is set to
	buffered int
	seq      uint64
}

// early is what a connection doesn't need any more once it is the link: an idle one would
// spend most of its memory on it.
type early struct {
	purpose string // of one that isn't to be a link
	keys    []codec.Key
	hs      *Handshake    // from Open on
	due     time.Duration // its end, on the loop's clock
	ahead   []byte        // read, but not its turn yet
}

// New is a connection that was or will be accepted or, with a valid dialed address, dialled.
// All connections of a node share cfg and timing.
func New(cfg *Config, timing *Timing, owner Owner, dialed netip.AddrPort) *Link {
	return &Link{cfg: cfg, timing: timing, owner: owner, Dialed: dialed, early: &early{}}
}

// Dial starts to connect.
func (l *Link) Dial(lp loop.Loop) { l.conn = lp.Dial(l.Dialed, l.timing.Handshake, l) }

// Agreed is what the handshake has come to so far.
func (l *Link) Agreed() *Agreed {
	if h := l.Handshake(); h != nil {
		return &h.Agreed
	}
	return &l.agreed
}

// Peer is who is at the other end; known from Place on.
func (l *Link) Peer() Peer { return l.Agreed().Peer }

// Known says whether the peer's first line has been read.
func (l *Link) Known() bool { return l.Agreed().Peer.Node != "" }

// Handshake is the connection's, from Open on until the link is up; otherwise nil.
func (l *Link) Handshake() *Handshake {
	if l.early == nil {
		return nil
	}
	return l.early.hs
}

// Loop is where the connection lives now; of a dialled one, or one that has opened.
func (l *Link) Loop() loop.Loop { return l.conn.Loop() }

// Remote is the address at the other end.
func (l *Link) Remote() netip.AddrPort {
	if l.Dialed.IsValid() {
		return l.Dialed
	}
	if l.conn == nil {
		return netip.AddrPort{}
	}
	return l.conn.Remote()
}

// Proved says whether we have sent our proof.
func (l *Link) Proved() bool { return l.proved }

// WasUp says, in Owner.Closed, whether this has been a link in use.
func (l *Link) WasUp() bool { return l.out != nil }

func (l *Link) Open(c loop.Conn) {
	l.conn = c
	l.phase = greeting
	var random [nonceOctets]byte
	c.Loop().Random(random[:])
	e := l.early
	e.hs = NewHandshake(l.cfg, Options{
		Dialled:  l.Dialed.IsValid(),
		PeerAddr: c.Remote().String(),
		Purpose:  e.purpose,
		Keys:     e.keys,
		Nonce:    codec.Nonce(random[:]),
	})
	e.due = c.Loop().Now() + l.timing.Handshake
	l.arm()
	c.Write(e.hs.Greeting())
}

// nonceOctets is as many as the original has.
const nonceOctets = 66

// arm sets the handshake's timer on the loop where the connection is now.
func (l *Link) arm() {
	l.timer = loop.After(l.conn.Loop(), max(l.early.due-l.conn.Loop().Now(), 0), func() {
		l.Close(&HandshakeError{Kind: Timeout, Detail: l.timing.Handshake.String(), Peer: l.name()})
	})
}

func (l *Link) name() string { return l.Agreed().Peer.Node }

func (l *Link) Data(_ loop.Conn, p []byte) {
	switch l.phase {
	case up:
		l.heard, l.fresh = true, true
		l.receive(p)
	case greeting:
		l.negotiate(p)
	case moving, securing, verified:
		l.early.ahead = append(l.early.ahead, p...)
	}
}

// negotiate takes the handshake as far as p goes.
func (l *Link) negotiate(p []byte) {
	for l.phase == greeting {
		step, rest, err := l.early.hs.Feed(p)
		if err != nil {
			l.Close(err)
			return
		}
		p = rest
		switch step {
		case None:
			return
		case Greeted:
			l.place(p)
			return
		case StartTLS:
			l.phase = securing
			l.conn.StartTLS(l.cfg.Identity, l.early.hs.TLSClient(), p, l.secured)
			return
		case Ready:
			l.owner.Ready(l)
		case Verified:
			l.phase = verified
			l.early.ahead = append(l.early.ahead, p...)
			l.Pause()
			l.owner.Verified(l)
		}
	}
}

func (l *Link) place(rest []byte) {
	to, err := l.owner.Place(l)
	if err != nil {
		l.Close(err)
		return
	}
	l.phase = moving
	l.early.ahead = append(l.early.ahead, rest...)
	if to == l.conn.Loop() {
		l.arrived()
		return
	}
	l.timer.Stop()
	l.conn.Move(to, func() {
		l.arm()
		l.arrived()
	})
}

func (l *Link) arrived() {
	if l.phase != moving {
		return
	}
	if err := l.owner.Greeted(l); err != nil {
		l.Close(err)
		return
	}
	l.phase = greeting
	p := l.early.ahead
	l.early.ahead = nil
	l.negotiate(p)
}

func (l *Link) secured(s loop.Session, err error) {
	if l.phase != securing {
		return
	}
	if err != nil {
		l.Close(&HandshakeError{Kind: TLSFailed, Detail: err.Error(), Peer: l.name()})
		return
	}
	l.phase = greeting
	l.early.hs.TLSUp(s)
	p := l.early.ahead
	l.early.ahead = nil
	l.negotiate(p)
}

// SendProof sends line 3: after that the peer may take this connection for the link.
func (l *Link) SendProof() error {
	if l.proved {
		return nil
	}
	p, err := l.early.hs.Proof()
	if err != nil {
		return err
	}
	l.proved = true
	l.conn.Write(p)
	return nil
}

// Up makes the connection the link: out is what it sends, and what the peer has
// sent so far comes after the running callback.
func (l *Link) Up(out *Outbox) error {
	l.out = out
	if l.phase == closed { // chosen before its end was told
		return &Lost{Kind: LostClosed}
	}
	if err := out.Up(l.conn, l.early.hs.Out); err != nil {
		return err
	}
	l.timer.Stop()
	l.phase = up
	ahead := l.early.ahead
	l.agreed, l.early = l.early.hs.Agreed, nil
	l.dec = codec.NewDecoder(l.agreed.In, l.readable())
	l.timer = l.conn.Loop().NewTimer((*tickTask)(l))
	l.timer.Reset(l.timing.Heartbeat)
	l.conn.Loop().Later(loop.Func(func() {
		l.Resume()
		l.receive(ahead)
	}))
	return nil
}

// readable is what the peer may send.
func (l *Link) readable() codec.Limits {
	if l.agreed.Peer.Extended {
		return l.cfg.Limits
	}
	return originalLimits
}

// receive hands on the messages in p.
func (l *Link) receive(p []byte) {
	if l.phase != up {
		return
	}
	l.owner.Arrived(l)
	if l.phase != up {
		return
	}
	l.dec.Feed(p)
	for !l.handOn() {
	}
}

// handOn gives the decoder's messages to the owner. It returns false when a panic in one
// of them has kept it from the others: recovering costs too much to do it for each.
func (l *Link) handOn() (done bool) {
	defer func() {
		if r := recover(); r != nil {
			l.owner.Panicked(l, r)
			done = l.phase != up
		}
	}()
	for l.phase == up {
		body, again := l.dec.Plain()
		if body == nil {
			if body = l.next(); body == nil {
				break
			}
		}
		if !l.echoes || !l.isEcho(body) {
			l.owner.Message(l, body, again)
		}
	}
	return true
}

// next is the next message that isn't plain, after control frames have been dealt with; or nil.
func (l *Link) next() []byte {
	for l.phase == up {
		kind, body, ok, err := l.dec.Next()
		switch {
		case err != nil:
			l.Close(&Lost{Kind: LostMalformed, Err: err})
		case !ok:
			return nil
		case kind == codec.KindMessage:
			return body
		case kind != codec.KindControl || !l.agreed.Peer.Kinds.Has(kind):
			l.Close(&Lost{Kind: LostUnnegotiated})
		default:
			if err := l.control(body); err != nil {
				l.Close(err)
			}
		}
	}
	return nil
}

// Remember has Message told of bodies that begin with these octets, the list's head and so many
// values. In Message only.
func (l *Link) Remember(octets []byte, values int) { l.dec.Remember(octets, values) }

// isEcho takes our own echo (see askEcho) out of the stream.
func (l *Link) isEcho(body []byte) bool {
	if !bytes.Contains(body[:min(len(body), len(echoPort)+8)], []byte(echoPort)) {
		return false
	}
	port, m, err := codec.Split(body)
	if err != nil || string(port) != echoPort {
		return false
	}
	args := m.Args()
	l.answered(args.Uint())
	return true
}

// Flush gives the connection what is to be sent: all of it, or what is worth a write
// while the rest waits a moment for more.
func (l *Link) Flush(all bool) {
	if l.phase != up {
		return
	}
	switch l.out.Flush(l.conn, all) {
	case Unknown:
		l.conn.Loop().Post((*settleTask)(l))
	case More:
		l.conn.Loop().Post((*flushTask)(l))
	case Wait:
		if l.pending == nil {
			l.pending = l.conn.Loop().NewTimer((*pendingTask)(l))
		}
		l.pause = streamPause
		l.pending.Reset(l.pause)
	}
}

// Settle brings the outbox's account of the connection up to date.
func (l *Link) Settle() {
	if l.phase == up {
		l.out.Settle(l.conn)
	}
}

// flushPending comes when what waits has waited for a while.
func (l *Link) flushPending() {
	if l.phase == up {
		if l.pause = l.out.Postpone(l.conn.Loop().Now(), l.pause); l.pause > 0 {
			l.pending.Reset(l.pause)
			return
		}
	}
	l.Flush(true)
}

type (
	settleTask  Link
	flushTask   Link
	pendingTask Link
	tickTask    Link
)

func (t *settleTask) Run()  { (*Link)(t).Settle() }
func (t *flushTask) Run()   { (*Link)(t).Flush(true) }
func (t *pendingTask) Run() { (*Link)(t).flushPending() }
func (t *tickTask) Run()    { (*Link)(t).tick() }

// Pause stops reading until as many Resume.
func (l *Link) Pause() {
	l.pauses++
	if l.pauses == 1 && l.phase != closed {
		l.conn.Pause()
	}
}

// Resume undoes one Pause.
func (l *Link) Resume() {
	l.pauses--
	if l.pauses == 0 && l.phase != closed {
		l.conn.Resume()
	}
}

func (l *Link) Drained(loop.Conn) {
	if l.phase == up {
		l.Flush(true)
	}
}

func (l *Link) EOF(loop.Conn) {
	switch l.phase {
	case closed:
	case up:
		lost := &Lost{Kind: LostClosed}
		if l.dec.Buffered() > 0 {
			lost.Detail = "within a message"
		}
		l.Close(lost)
	default:
		l.Close(l.early.hs.CutShort())
	}
}

// Close ends the connection with a reason; Owner.Closed follows.
func (l *Link) Close(err error) {
	if l.phase == closed {
		return
	}
	l.phase = closed
	l.conn.Close(err)
}

// CloseGently sends what is buffered, says goodbye by a half-close, and closes.
func (l *Link) CloseGently(err error, linger time.Duration) {
	if l.phase == closed {
		return
	}
	if l.phase == up {
		l.out.FlushLast(l.conn)
	}
	l.phase = closed
	l.conn.CloseAfterDrain(err, linger)
}

func (l *Link) Closed(_ loop.Conn, err error) {
	if l.timer != nil {
		l.timer.Stop()
	}
	if l.pending != nil {
		l.pending.Stop()
	}
	l.phase = closed
	l.owner.Closed(l, l.wrap(err))
}

// wrap makes a bare network error a typed one.
func (l *Link) wrap(err error) error {
	var lost *Lost
	var hs *HandshakeError
	if errors.As(err, &lost) || errors.As(err, &hs) {
		return err
	}
	if l.out == nil {
		return err
	}
	if err == nil || errors.Is(err, io.EOF) {
		return &Lost{Kind: LostClosed}
	}
	return &Lost{Kind: LostReset, Err: err}
}
