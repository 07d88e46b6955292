package link

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// session is a TLS session: two sides of one share the key.
type session struct{ key string }

func (s session) Export(label string, context []byte, n int) ([]byte, error) {
	if s.key == "" {
		return nil, errors.New("no extended master secret")
	}
	return fmt.Appendf(nil, "%s %s %q %d", s.key, label, context, n), nil
}

// node is the Config of a node of ours with a secret and without certificate.
func node(id string) *Config {
	return &Config{Node: id, Instance: "of-" + id, Secret: []byte("geheim"), Extensions: true}
}

// perl is a Config that plays the original.
func perl(id string) *Config {
	return &Config{Node: id, Secret: []byte("geheim"), Framings: []codec.Framing{codec.CBOR, codec.JSON}}
}

func with(c *Config, change func(c *Config)) *Config {
	change(c)
	return c
}

func withCert(c *Config) *Config {
	return with(c, func(c *Config) { c.Identity = &loop.Identity{Model: "cert"} })
}

func valid(t testing.TB, c *Config) *Config {
	t.Helper()
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// side plays one end of a connection: it sends its proof as soon as it can.
type side struct {
	h       *Handshake
	session session
	in      []byte // sent to it, not read yet
	steps   []Step
	err     error
}

// run reads what is there, at most n octets at a time, and returns what it sends.
func (s *side) run(n int) (out []byte) {
	for s.err == nil {
		p := s.in[:min(n, len(s.in))]
		step, rest, err := s.h.Feed(p)
		s.in = s.in[len(p)-len(rest):]
		s.err = err
		if step != None {
			s.steps = append(s.steps, step)
		}
		switch step {
		case StartTLS:
			s.h.TLSUp(s.session)
		case Ready:
			var proof []byte
			proof, s.err = s.h.Proof()
			out = append(out, proof...)
		case Verified:
			return out
		case None:
			if len(p) == 0 {
				return out
			}
		}
	}
	return out
}

// shake runs a handshake between two sides, the first of which dials, in pieces
// of n octets.
func shake(t testing.TB, a, b *Config, n int) (dialler, acceptor *side) {
	t.Helper()
	dialler = &side{h: NewHandshake(valid(t, a), Options{Dialled: true, PeerAddr: "10.0.0.2:4040", Nonce: "nonce-1"}), session: session{"s"}}
	acceptor = &side{h: NewHandshake(valid(t, b), Options{PeerAddr: "10.0.0.1:5000", Nonce: "nonce-2"}), session: session{"s"}}
	exchange(dialler, acceptor, n)
	return dialler, acceptor
}

func exchange(a, b *side, n int) {
	a.in = append(a.in, b.h.Greeting()...)
	b.in = append(b.in, a.h.Greeting()...)
	for range 3 {
		b.in = append(b.in, a.run(n)...)
		a.in = append(a.in, b.run(n)...)
	}
}

func kindOf(err error) ErrorKind {
	var h *HandshakeError
	if errors.As(err, &h) {
		return h.Kind
	}
	return 0
}

func TestTwoNodesAgreeOnMethodAndFraming(t *testing.T) {
	clear := []Step{Greeted, Ready, Verified}
	tls := []Step{Greeted, StartTLS, Ready, Verified}
	allowClear := func(c *Config) { c.AllowClear = true }
	for name, c := range map[string]struct {
		a, b           *Config
		steps          []Step
		aSends, bSends string
		aToB, bToA     codec.Framing
		extended       bool
	}{
		"ours in clear":          {a: node("a"), b: node("b"), steps: clear, aSends: "hmac_sha3_512", bSends: "hmac_sha3_512", extended: true},
		"ours under TLS":         {a: withCert(node("a")), b: withCert(node("b")), steps: tls, aSends: "tlsexp", bSends: "tlsexp", extended: true},
		"ours and the original":  {a: node("a"), b: perl("b"), steps: clear, aSends: "hmac_sha3_512", bSends: "hmac_sha3_512", aToB: codec.CBOR, bToA: codec.CBOR},
		"the original under TLS": {a: withCert(node("a")), b: withCert(perl("b")), steps: tls, aSends: "tls_sha3_512", bSends: "tls_sha3_512", aToB: codec.CBOR, bToA: codec.CBOR},
		"TLS without a secret": {
			a: with(withCert(node("a")), func(c *Config) { c.Secret = nil }), b: with(withCert(node("b")), func(c *Config) { c.Secret = nil }),
			steps: tls, aSends: "tlsexp", bSends: "tlsexp", extended: true,
		},
		"a certificate on one side, clear allowed": {
			a: with(withCert(node("a")), allowClear), b: node("b"), steps: clear,
			aSends: "hmac_sha3_512", bSends: "hmac_sha3_512", extended: true,
		},
		"the peer's order of framings counts": {
			a: with(node("a"), func(c *Config) { c.Framings = []codec.Framing{codec.JSON, codec.CBOR} }), b: perl("b"),
			steps: clear, aSends: "hmac_sha3_512", bSends: "hmac_sha3_512", aToB: codec.CBOR, bToA: codec.JSON,
		},
		"the peer's order of methods counts": {
			a: with(node("a"), func(c *Config) { c.AuthOffer = []string{"hmac_sha3_512", "cleartext"} }),
			b: with(node("b"), func(c *Config) { c.AuthAccept = []string{"cleartext", "hmac_sha3_512"} }), steps: clear,
			aSends: "cleartext", bSends: "hmac_sha3_512", extended: true,
		},
		"tls_anon where it is configured": {
			a: with(withCert(node("a")), func(c *Config) { c.AuthOffer = []string{"tls_anon"} }),
			b: with(withCert(node("b")), func(c *Config) { c.AuthAccept = []string{"tls_anon"} }), steps: tls,
			aSends: "tls_anon", bSends: "tls_sha3_512", extended: true,
		},
	} {
		for _, n := range []int{1, 7, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				a, b := shake(t, clone(c.a), clone(c.b), n)
				if a.err != nil || b.err != nil {
					t.Fatalf("errors: %v, %v", a.err, b.err)
				}
				if !slices.Equal(a.steps, c.steps) || !slices.Equal(b.steps, c.steps) {
					t.Errorf("steps: %v, %v, want %v", a.steps, b.steps, c.steps)
				}
				if a.h.Method != c.aSends || b.h.Method != c.bSends {
					t.Errorf("methods: %s, %s, want %s, %s", a.h.Method, b.h.Method, c.aSends, c.bSends)
				}
				if a.h.Out != c.aToB || b.h.In != c.aToB || b.h.Out != c.bToA || a.h.In != c.bToA {
					t.Errorf("framings: %v/%v, %v/%v, want %v, %v", a.h.Out, b.h.In, b.h.Out, a.h.In, c.aToB, c.bToA)
				}
				if a.h.Peer.Node != "b" || b.h.Peer.Node != "a" || a.h.Peer.Extended != c.extended || b.h.Peer.Extended != c.extended {
					t.Errorf("peers: %+v, %+v", a.h.Peer, b.h.Peer)
				}
				if c.steps[1] == StartTLS && a.h.TLSClient() == b.h.TLSClient() {
					t.Error("both have the same part in TLS")
				}
			})
		}
	}
}

func clone(c *Config) *Config {
	d := *c
	return &d
}

func TestHandshakesAreRefusedForTheRightReason(t *testing.T) {
	for name, c := range map[string]struct {
		a, b   *Config
		aMeets ErrorKind // 0: goes on waiting
		bMeets ErrorKind
	}{
		"different secrets":        {node("a"), with(node("b"), func(c *Config) { c.Secret = []byte("falsch") }), WrongSecret, WrongSecret},
		"secrets differ under TLS": {withCert(node("a")), with(withCert(node("b")), func(c *Config) { c.Secret = nil }), WrongSecret, WrongSecret},
		"a stranger without TLS":   {withCert(node("a")), node("b"), TLSRequired, NoCommonAuth},
		"the same, the original":   {withCert(node("a")), perl("b"), TLSRequired, NoCommonAuth},
		"nothing to send under TLS": {
			with(withCert(node("a")), func(c *Config) { c.AuthOffer = []string{} }), withCert(node("b")), NoCommonAuth, 0,
		},
		"no secret and no TLS":      {with(node("a"), func(c *Config) { c.Secret = nil }), node("b"), NoCommonAuth, NoCommonAuth},
		"no common framing one way": {with(node("a"), func(c *Config) { c.Framings = []codec.Framing{codec.Msgpack} }), perl("b"), NoCommonFraming, NoCommonFraming},
		"cleartext isn't accepted by itself": {
			with(node("a"), func(c *Config) { c.AuthOffer = []string{"cleartext"} }), node("b"), NoCommonAuth, 0,
		},
		"tls_anon isn't accepted by itself": {
			with(withCert(node("a")), func(c *Config) { c.AuthOffer = []string{"tls_anon"} }), withCert(node("b")), NoCommonAuth, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := shake(t, c.a, c.b, 1<<20)
			if kindOf(a.err) != c.aMeets || kindOf(b.err) != c.bMeets {
				t.Errorf("errors %v and %v, want %v and %v", a.err, b.err, c.aMeets, c.bMeets)
			}
			if slices.Contains(a.steps, Verified) && c.aMeets != 0 || slices.Contains(b.steps, Verified) && c.bMeets != 0 {
				t.Error("verified all the same")
			}
		})
	}
}

// foreign is a peer's greeting and nonce, in clear.
const foreign = "aemp;1;b;hmac_sha3_512;cbor,json\nnonce\n"

func TestBadInputEndsTheHandshake(t *testing.T) {
	for name, c := range map[string]struct {
		dialled bool
		input   string
		want    ErrorKind
	}{
		"another protocol":        {false, "HTTP/1.1 400 Bad Request\r\n", BadGreeting},
		"an empty line":           {false, "\n", BadGreeting},
		"too few fields":          {false, "aemp;1;b;x\n", BadGreeting},
		"an empty node ID":        {false, "aemp;1;;hmac_sha3_512;cbor\n", BadGreeting},
		"an impossible node ID":   {false, "aemp;1;b#c;hmac_sha3_512;cbor\n", BadGreeting},
		"version 2":               {false, "aemp;2;b\n", Version},
		"no version":              {false, "aemp;;b;hmac_sha3_512;cbor\n", Version},
		"a purpose from acceptor": {true, "aemp-dataconn;1;b;hmac_sha3_512;cbor\n", Purpose},
		"an endless greeting":     {false, strings.Repeat("a", codec.MaxLine+2), LineTooLong},
		"an endless nonce":        {false, "aemp;1;b;hmac_sha3_512;cbor\n" + strings.Repeat("n", codec.MaxLine+2), LineTooLong},
		"an endless proof":        {false, foreign + strings.Repeat("p", codec.MaxLine+2), LineTooLong},
		"our nonce":               {false, "aemp;1;b;hmac_sha3_512;cbor\nmine\n", Echo},
		"unknown framings":        {false, "aemp;1;b;hmac_sha3_512;storable\nn\n", NoCommonFraming},
		"no framings":             {false, "aemp;1;b;hmac_sha3_512;\nn\n", NoCommonFraming},
		"unknown methods":         {false, "aemp;1;b;hmac_md6_64_256;cbor\nn\n", NoCommonAuth},
		"methods for TLS only":    {false, "aemp;1;b;tlsexp,tls_sha3_512,tls_anon;cbor\nn\n", NoCommonAuth},
		"no proof":                {false, foreign + "hello\n", BadProof},
		"a method not accepted":   {false, foreign + "cleartext;67656865696d;json\n", ProofNotOffered},
		"a method for TLS":        {false, foreign + "tls_anon;;json\n", ProofNotOffered},
		"a method that isn't one": {false, foreign + ";;json\n", ProofNotOffered},
		"a framing not offered":   {false, foreign + "hmac_sha3_512;00;storable\n", ProofNotOffered},
		"a wrong proof":           {false, foreign + "hmac_sha3_512;00;json\n", WrongSecret},
		"an empty proof":          {false, foreign + "hmac_sha3_512;;json\n", WrongSecret},
	} {
		for _, n := range []int{1, 1 << 20} {
			t.Run(fmt.Sprintf("%s/%d", name, n), func(t *testing.T) {
				s := &side{h: NewHandshake(valid(t, node("a")), Options{Dialled: c.dialled, Nonce: "mine"}), in: []byte(c.input)}
				s.run(n)
				if kindOf(s.err) != c.want {
					t.Fatalf("error %v, want %v", s.err, c.want)
				}
				if !strings.Contains(s.err.Error(), c.want.String()) {
					t.Errorf("%q doesn't name its kind", s.err)
				}
				if _, _, again := s.h.Feed([]byte(foreign)); again != s.err {
					t.Errorf("after the error Feed says %v", again)
				}
			})
		}
	}
}

func TestAnEchoOfOurLinesIsAnAttack(t *testing.T) {
	h := NewHandshake(valid(t, node("a")), Options{Nonce: "mine"})
	s := &side{h: h, in: h.Greeting()}
	s.run(1 << 20)
	if kindOf(s.err) != Echo {
		t.Errorf("error %v, want echo", s.err)
	}
}

func TestWhoTerminatesTLSInTheMiddleCannotRelayTheProof(t *testing.T) {
	a := &side{h: NewHandshake(valid(t, withCert(node("a"))), Options{Dialled: true, Nonce: "1"}), session: session{"left"}}
	b := &side{h: NewHandshake(valid(t, withCert(node("b"))), Options{Nonce: "2"}), session: session{"right"}}
	exchange(a, b, 1<<20)
	if kindOf(a.err) != WrongSecret || kindOf(b.err) != WrongSecret {
		t.Errorf("errors %v and %v, want wrong_secret", a.err, b.err)
	}
}

func TestALesserProofThanBothSidesKnowIsADowngrade(t *testing.T) {
	h := NewHandshake(valid(t, withCert(node("a"))), Options{Nonce: "2"})
	line1, line2 := "aemp;1;b;tlsexp,tls_sha3_512;cbor;x=1;inst=i;tls=1.0", "1"
	proof := codec.TLSProof(codec.Binding([]byte(line1), []byte(line2), h.own[0], h.own[1]))
	s := &side{h: h, session: session{"s"}, in: []byte(line1 + "\n" + line2 + "\ntls_sha3_512;" + proof + ";cbor\n")}
	s.run(1 << 20)
	if kindOf(s.err) != Downgrade {
		t.Errorf("error %v, want downgrade", s.err)
	}
}

func TestASessionThatCannotExportIsATypedError(t *testing.T) {
	h := NewHandshake(valid(t, withCert(node("a"))), Options{Nonce: "2"})
	s := &side{h: h, in: []byte("aemp;1;b;tlsexp;cbor;x=1;inst=i;tls=1.0\n1\n")}
	s.run(1 << 20)
	if kindOf(s.err) != TLSFailed {
		t.Errorf("Proof: error %v, want tls_failed", s.err)
	}
	if _, _, err := h.Feed([]byte("tlsexp;00;cbor\n")); kindOf(err) != TLSFailed {
		t.Errorf("Feed: error %v, want tls_failed", err)
	}
}

func TestTheGreetingSaysWhatTheConfigSays(t *testing.T) {
	for name, c := range map[string]struct {
		config  *Config
		options Options
		want    string
	}{
		"ours":        {node("a"), Options{PeerAddr: "1.2.3.4:5", Nonce: "n"}, "aemp;1;a;hmac_sha3_512;msgpack,cbor,json;x=1;kinds=0,2;inst=of-a;peeraddr=1.2.3.4:5;mproto=1;gproto=1\nn\n"},
		"certificate": {withCert(node("a")), Options{Nonce: "n"}, "aemp;1;a;tlsexp,tls_sha3_512;msgpack,cbor,json;x=1;kinds=0,2;inst=of-a;tls=1.0;mproto=1;gproto=1\nn\n"},
		"both, clear allowed": {
			with(withCert(node("a")), func(c *Config) { c.AllowClear = true }), Options{Nonce: "n"},
			"aemp;1;a;tlsexp,tls_sha3_512,hmac_sha3_512;msgpack,cbor,json;x=1;kinds=0,2;inst=of-a;tls=1.0;mproto=1;gproto=1\nn\n",
		},
		"as the original": {withCert(perl("a")), Options{Nonce: "n"}, "aemp;1;a;tls_sha3_512;cbor,json;tls=1.0;mproto=1;gproto=1\nn\n"},
		"another purpose": {
			node("a"), Options{Dialled: true, Purpose: "dataconn", Nonce: "n", Keys: []codec.Key{{Name: "dataconn_id", Value: "b@a", HasValue: true}}},
			"aemp-dataconn;1;a;hmac_sha3_512;msgpack,cbor,json;x=1;kinds=0,2;inst=of-a;dataconn_id=b@a\nn\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := string(NewHandshake(valid(t, c.config), c.options).Greeting()); got != c.want {
				t.Errorf("got  %swant %s", got, c.want)
			}
		})
	}
}

func TestAnUnknownPurposeIsAuthenticatedAllTheSame(t *testing.T) {
	a := &side{h: NewHandshake(valid(t, node("a")), Options{Dialled: true, Purpose: "gossip", Nonce: "1"})}
	b := &side{h: NewHandshake(valid(t, node("b")), Options{Nonce: "2"})}
	exchange(a, b, 1<<20)
	if a.err != nil || b.err != nil || !slices.Contains(b.steps, Verified) {
		t.Fatalf("steps %v, errors %v, %v", b.steps, a.err, b.err)
	}
	if got := b.h.Peer.Purpose; got != "gossip" {
		t.Errorf("purpose %q", got)
	}
}

func TestThePeerIsWhatItsGreetingSays(t *testing.T) {
	for name, c := range map[string]struct {
		line       string
		extensions bool
		instance   string
		extended   bool
		perl       bool
		kinds      string
	}{
		"ours":                    {"aemp;1;b;hmac_sha3_512;cbor;x=1;kinds=0,2;inst=i", true, "i", true, false, "0,2"},
		"ours without kinds":      {"aemp;1;b;hmac_sha3_512;cbor;inst=i;x=1", true, "i", true, false, "0"},
		"ours of a later version": {"aemp;1;b;hmac_sha3_512;cbor;x=1;kinds=2,0,1,9,300,y,;inst=i", true, "i", true, false, "0,2"},
		"ours, we play original":  {"aemp;1;b;hmac_sha3_512;cbor;x=1;kinds=0,2;inst=i", false, "i", false, false, "0"},
		"the original":            {"aemp;1;b;hmac_sha3_512;cbor;provider=AE-2.01;mproto=1", true, "", false, true, "0"},
		"other extensions":        {"aemp;1;b;hmac_sha3_512;cbor;x=2;kinds=0,2;inst=i", true, "", false, true, "0"},
		"keys without values":     {"aemp;1;b;hmac_sha3_512;cbor;x;inst;kinds", true, "", false, true, "0"},
	} {
		t.Run(name, func(t *testing.T) {
			h := NewHandshake(valid(t, with(node("a"), func(n *Config) { n.Extensions = c.extensions })), Options{Nonce: "n"})
			step, rest, err := h.Feed([]byte(c.line + "\r\nrest"))
			if step != Greeted || string(rest) != "rest" || err != nil {
				t.Fatalf("step %v, rest %q, error %v", step, rest, err)
			}
			p := h.Peer
			if p.Instance != c.instance || p.Extended != c.extended || p.Perl != c.perl || p.Kinds.String() != c.kinds {
				t.Errorf("peer %+v, kinds %v", p, p.Kinds)
			}
		})
	}
}

func TestANodeRecognizesItselfAndItsTwin(t *testing.T) {
	for name, c := range map[string]struct {
		peer       *Config
		self, twin bool
	}{
		"another node":                {node("b"), false, false},
		"itself":                      {node("a"), true, false},
		"another process":             {with(node("a"), func(c *Config) { c.Instance = "other" }), true, true},
		"an original with the own ID": {perl("a"), true, true},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := shake(t, node("a"), c.peer, 1<<20)
			if a.h.IsSelf() != c.self || a.h.IsTwin() != c.twin {
				t.Errorf("self %v, twin %v", a.h.IsSelf(), a.h.IsTwin())
			}
		})
	}
}

func TestNothingIsTakenWhileTLSStartsOrAfterTheEnd(t *testing.T) {
	h := NewHandshake(valid(t, withCert(node("a"))), Options{Nonce: "2"})
	peer := NewHandshake(valid(t, withCert(node("b"))), Options{Nonce: "1"})
	_, rest, _ := h.Feed(append(peer.Greeting(), "\x16\x03\x01"...))
	step, rest, err := h.Feed(rest)
	if step != StartTLS || string(rest) != "\x16\x03\x01" || err != nil {
		t.Fatalf("step %v, rest %q, error %v", step, rest, err)
	}
	if step, rest, err := h.Feed([]byte("early")); step != None || string(rest) != "early" || err != nil {
		t.Errorf("while TLS starts: step %v, rest %q, error %v", step, rest, err)
	}
	h.TLSUp(session{"s"})
	if step, _, _ := h.Feed(nil); step != Ready {
		t.Errorf("step %v, want ready", step)
	}
	own := h.Greeting()
	for len(own) > 0 {
		_, own, _ = peer.Feed(own)
	}
	peer.TLSUp(session{"s"})
	if _, _, err := peer.Feed(nil); err != nil {
		t.Fatal(err)
	}
	proof, err := peer.Proof()
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		step, rest, err = h.Feed(append(proof, "data"...))
		proof = nil
		if string(rest) != "data" || err != nil {
			t.Errorf("step %v, rest %q, error %v", step, rest, err)
		}
	}
	if step != None {
		t.Errorf("after the end: step %v", step)
	}
}

func TestAConnectionCutShortSaysWhere(t *testing.T) {
	for after, want := range map[string]string{
		"":                                 "handshake: cut_short: before line 1",
		"aemp;1;b;hmac_sha3_512;cbor\nabc": "handshake with b: cut_short: before line 2",
		foreign:                            "handshake with b: cut_short: before line 3",
	} {
		s := &side{h: NewHandshake(valid(t, node("a")), Options{Nonce: "n"}), in: []byte(after)}
		s.run(1 << 20)
		if got := s.h.CutShort().Error(); got != want {
			t.Errorf("after %q: %q, want %q", after, got, want)
		}
	}
}

func TestErrorKindsHaveDistinctNames(t *testing.T) {
	seen := map[string]bool{}
	for k := BadGreeting; k <= CutShort; k++ {
		if k.String() == "" || seen[k.String()] {
			t.Errorf("kind %d: %q", k, k)
		}
		seen[k.String()] = true
	}
}
