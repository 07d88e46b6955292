package link

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Options are what one connection says besides its node's Config.
type Options struct {
	// Dialled: we have opened the connection; otherwise the peer has.
	Dialled bool
	// PeerAddr is the address at the other end, told to the peer.
	PeerAddr string
	// Purpose is the WORD of aemp-WORD when the connection is dialled for
	// something else than a link (protocol 7).
	Purpose string
	// Keys are further keys of the greeting.
	Keys []codec.Key
	// Nonce is new for each connection: codec.Nonce of random octets.
	Nonce string
}

// Step is how far Feed has got.
type Step uint8

const (
	None     Step = iota // more input is needed
	Greeted              // line 1 is read: Peer is known. Who doesn't want this peer closes the connection
	StartTLS             // start TLS as TLSClient says; rest is the start of the peer's TLS. Then TLSUp
	Ready                // Proof may be sent, now or later
	Verified             // the peer has proved itself; rest is data, framed as In says
)

// stage is what a Handshake waits for.
type stage uint8

const (
	awaitGreeting stage = iota
	awaitNonce
	agreeing // line 2 is read
	awaitTLS
	securedTLS
	awaitProof
	over
)

// A Handshake is one connection's handshake (protocol 2.1 to 2.6). Our own two
// lines are written first of all, even if the peer is then refused: an original
// that never saw them would dial again for ever.
type Handshake struct {
	Agreed
	config   *Config
	options  Options
	own      [2][]byte // lines 1 and 2 without line ends
	theirs   [2][]byte
	lines    codec.LineReader
	stage    stage
	err      error          // once there is one, it stays
	said     codec.Greeting // the peer's line 1
	tls      bool           // both sides want it
	session  loop.Session
	greeting []byte
}

// NewHandshake starts a handshake; c is validated.
func NewHandshake(c *Config, o Options) *Handshake {
	h := &Handshake{config: c, options: o}
	g := h.ownGreeting()
	h.setOwn(g.Append(nil), []byte(o.Nonce))
	return h
}

func (h *Handshake) setOwn(line1, line2 []byte) {
	h.own = [2][]byte{line1, line2}
	h.greeting = slices.Concat(line1, []byte{'\n'}, line2, []byte{'\n'})
}

// Greeting is lines 1 and 2, to be written as soon as the connection is open.
func (h *Handshake) Greeting() []byte { return h.greeting }

// Feed takes octets up to the next step and returns what it didn't take. After a
// step it is called again with the rest. It takes nothing between StartTLS and
// TLSUp, nor after Verified. An error, a *HandshakeError, is final.
func (h *Handshake) Feed(p []byte) (step Step, rest []byte, err error) {
	if h.err != nil {
		return None, p, h.err
	}
	switch h.stage {
	case awaitTLS, over:
		return None, p, nil
	case securedTLS:
		h.stage = awaitProof
		return Ready, p, nil
	case agreeing:
		return h.agree(), p, h.err
	}
	line, rest, ok, err := h.lines.Feed(p)
	if err != nil {
		return h.fail(LineTooLong, err.Error()), rest, h.err
	}
	if !ok {
		return None, nil, nil
	}
	switch h.stage {
	case awaitGreeting:
		if step = h.readGreeting(line); h.unsure() {
			return h.Feed(rest)
		}
	case awaitNonce:
		step = h.readNonce(line)
	case awaitProof:
		step = h.readProof(line)
	}
	return step, rest, h.err
}

// fail ends the handshake. It returns the step None, for callers that return one.
func (h *Handshake) fail(kind ErrorKind, detail string) Step {
	h.err = &HandshakeError{Kind: kind, Detail: detail, Peer: h.Peer.Node}
	h.stage = over
	return None
}

func (h *Handshake) readGreeting(line []byte) Step {
	h.theirs[0] = bytes.Clone(line)
	g, err := codec.ParseGreeting(h.theirs[0])
	if err != nil {
		return h.fail(BadGreeting, err.Error())
	}
	if g.Version != codec.Version {
		h.Peer.Node = g.Node
		return h.fail(Version, "peer speaks version "+strconv.Quote(g.Version))
	}
	h.setPeer(g)
	if h.options.Dialled && h.Peer.Purpose != "" {
		return h.fail(Purpose, "an acceptor announces "+g.Protocol)
	}
	version, _ := g.Key("tls")
	h.tls = h.config.Identity != nil && strings.HasPrefix(version, "1.")
	if h.config.Identity != nil && !h.tls && !h.config.AllowClear {
		return h.fail(TLSRequired, "peer doesn't do TLS")
	}
	h.stage = awaitNonce
	return Greeted
}

// unsure: line 1 is our own. Only line 2 tells whether the peer is this node or somebody
// who sends back what we say, so Greeted waits for it.
func (h *Handshake) unsure() bool {
	return h.err == nil && h.stage == awaitNonce && h.IsSelf() && !h.IsTwin()
}

func (h *Handshake) readNonce(line []byte) Step {
	unsure := h.unsure()
	h.theirs[1] = bytes.Clone(line)
	if bytes.Equal(h.theirs[1], h.own[1]) { // whatever line 1 is: TLS roles would be undefined
		return h.fail(Echo, "the peer's nonce is ours")
	}
	if unsure {
		h.stage = agreeing
		return Greeted
	}
	return h.agree()
}

// agree chooses how we prove ourselves and what we send.
func (h *Handshake) agree() Step {
	if !h.chooseFraming() {
		return h.fail(NoCommonFraming, "peer reads "+strings.Join(h.said.Framings, ","))
	}
	if !h.chooseMethod() {
		return h.fail(NoCommonAuth, "peer accepts "+strings.Join(h.said.Auths, ",")+"; "+h.means())
	}
	if h.tls {
		h.stage = awaitTLS
		return StartTLS
	}
	h.stage = awaitProof
	return Ready
}

// chooseFraming takes the first of the peer's list that is in ours.
func (h *Handshake) chooseFraming() bool {
	for _, name := range h.said.Framings {
		f, ok := codec.ParseFraming(name)
		if ok && slices.Contains(h.config.Framings, f) {
			h.Out = f
			return true
		}
	}
	return false
}

// TLSUp tells that TLS is established. The next Feed gives Ready.
func (h *Handshake) TLSUp(s loop.Session) {
	h.session = s
	h.stage = securedTLS
}

// TLSClient says our part in TLS: the lower nonce is the client, whoever dialled.
// After StartTLS.
func (h *Handshake) TLSClient() bool { return bytes.Compare(h.own[1], h.theirs[1]) < 0 }

// Key is a key of the peer's greeting; after Greeted.
func (h *Handshake) Key(name string) (value string, ok bool) { return h.said.Key(name) }

// CutShort is the error for a connection that ended during the handshake.
func (h *Handshake) CutShort() error {
	where := [...]string{"before line 1", "before line 2", "after line 2", "before TLS", "before line 3", "before line 3", "after line 3"}
	return &HandshakeError{Kind: CutShort, Detail: where[h.stage], Peer: h.Peer.Node}
}
