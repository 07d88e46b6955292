package kernel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
)

// In each of these tests a peer does something bad to node "a", several times, while
// another link of the node is busy. The node says once who did what and why, counts
// every time, and the other link doesn't notice.

type badHandshake struct {
	kind   string // of the outcome
	detail string // what the log says beside it
	peer   string // as far as the node can know
	do     func(r *rawPeer)
}

var badHandshakes = map[string]badHandshake{
	"no greeting": {"bad_greeting", "", "", func(r *rawPeer) { r.write("GET / HTTP/1.1\n") }},
	"another protocol": {"bad_greeting", "", "", func(r *rawPeer) {
		r.write("amep;1;b;hmac_sha3_512;cbor\nnonce\n")
	}},
	"too few fields":    {"bad_greeting", "", "", func(r *rawPeer) { r.write("aemp;1;b\nnonce\n") }},
	"an impossible ID":  {"bad_greeting", "", "", func(r *rawPeer) { r.write(perlGreeting("a#b") + "\nnonce\n") }},
	"an empty ID":       {"bad_greeting", "", "", func(r *rawPeer) { r.write(perlGreeting("") + "\nnonce\n") }},
	"an endless ID":     {"bad_greeting", "", "", func(r *rawPeer) { r.write(perlGreeting(strings.Repeat("n", 256)) + "\nnonce\n") }},
	"another version":   {"version", `"2"`, "b", func(r *rawPeer) { r.write("aemp;2;b;hmac_sha3_512;cbor\nnonce\n") }},
	"a line too long":   {"line_too_long", "4096", "", func(r *rawPeer) { r.write(strings.Repeat("x", 5000)) }},
	"a nonce too long":  {"line_too_long", "4096", "b", func(r *rawPeer) { r.write(perlGreeting("b") + "\n" + strings.Repeat("x", 5000)) }},
	"a proof too long":  {"line_too_long", "4096", "b", func(r *rawPeer) { r.greet(perlGreeting("b")).write(strings.Repeat("x", 5000)) }},
	"no common framing": {"no_common_framing", "storable", "b", func(r *rawPeer) { r.greet("aemp;1;b;hmac_sha3_512;storable") }},
	"no common method":  {"no_common_auth", "tls_anon", "b", func(r *rawPeer) { r.greet("aemp;1;b;tls_anon,cleartext;cbor") }},
	"cut after nothing": {"cut_short", "before line 1", "", func(r *rawPeer) { r.hangUp() }},
	"cut within line 1": {"cut_short", "before line 1", "", func(r *rawPeer) { r.write("aemp;1;b"); r.hangUp() }},
	"cut before line 2": {"cut_short", "before line 2", "b", func(r *rawPeer) { r.write(perlGreeting("b") + "\nno"); r.hangUp() }},
	"cut before line 3": {"cut_short", "before line 3", "b", func(r *rawPeer) { r.greet(perlGreeting("b")); r.hangUp() }},
	"no proof":          {"bad_proof", "", "b", func(r *rawPeer) { r.greet(perlGreeting("b")).write("nonsense\n") }},
	"another secret":    {"wrong_secret", "hmac_sha3_512", "b", func(r *rawPeer) { r.greet(perlGreeting("b")).write(r.proof("wrong")) }},
	"a secret in clear": {"proof_not_offered", "cleartext", "b", func(r *rawPeer) { r.greet(perlGreeting("b")).write("cleartext;67656865696d;cbor\n") }},
	"a framing not ours": {"proof_not_offered", "storable", "b", func(r *rawPeer) {
		r.greet(perlGreeting("b")).write(strings.Replace(r.proof(secret), ";msgpack\n", ";storable\n", 1))
	}},
	"another process with the node's ID": {"own_id", "another process", "a", func(r *rawPeer) { r.write(ourGreeting("a", "other") + "\nnonce\n") }},
	"an original with the node's ID":     {"own_id", "another process", "a", func(r *rawPeer) { r.write(perlGreeting("a") + "\nnonce\n") }},
	"an echoed nonce": {"echo", "nonce is ours", "b", func(r *rawPeer) {
		r.line()
		r.write(perlGreeting("b") + "\n" + r.line() + "\n")
	}},
	"an echo of both lines": {"echo", "", "a", func(r *rawPeer) { r.write(r.line() + "\n" + r.line() + "\n") }},
	"an unknown purpose": {"purpose", "gossip", "b", func(r *rawPeer) {
		r.greet(strings.Replace(perlGreeting("b"), "aemp;", "aemp-gossip;", 1))
		r.write(r.proof(secret))
	}},
}

func TestABadHandshakeIsRefusedAndTold(t *testing.T) {
	const times = 5
	for name, c := range badHandshakes {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.node("a", 2)
			check := a.healthy()
			var raws []*rawPeer
			for range times {
				r := a.raw()
				c.do(r)
				raws = append(raws, r)
				w.until("an outcome", func() bool { return a.stats().Handshakes[c.kind] == uint64(len(raws)) })
			}
			for _, r := range raws {
				r.ended()
			}
			lines := a.log.find("connection refused", c.kind)
			// Each has an address of its own, and without a name that is all there is to tell them apart.
			if want := 1; len(lines) != want && (c.peer != "" || len(lines) != times) {
				t.Fatalf("logged %d times: %v", len(lines), lines)
			}
			attrs := lines[0].attrs
			if attrs["node"] != "a" || attrs["peer"] != c.peer || attrs["reason"] != c.kind || !strings.Contains(attrs["error"], c.detail) {
				t.Errorf("logged %v", attrs)
			}
			if _, err := netip.ParseAddrPort(attrs["address"]); err != nil {
				t.Errorf("logged %v", attrs)
			}
			w.settle()
			if s := a.stats(); s.Pending != 0 || s.Peers != 1 {
				t.Errorf("%d pending, %d peers", s.Pending, s.Peers)
			}
			check()
		})
	}
}

func TestASlowHandshakeIsCutAfterTheMonitorTimeoutInTotal(t *testing.T) {
	for name, text := range map[string]string{
		"silent":             "",
		"an octet a second":  perlGreeting("b") + "\n" + strings.Repeat("x", 80) + "\n",
		"an octet at a time": strings.Repeat("x", 60),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.node("a", 2)
			check := a.healthy()
			r := a.raw()
			start := w.Now()
			for i := range len(text) {
				if _, err := r.Write([]byte{text[i]}); err != nil {
					break
				}
				w.pass(time.Second)
				if a.stats().Handshakes["timeout"] > 0 {
					break
				}
			}
			r.ended()
			if d := w.Now() - start; d < 29*time.Second || d > 32*time.Second {
				t.Errorf("cut after %v", d)
			}
			if lines := a.log.find("connection refused", "timeout"); len(lines) != 1 || !strings.Contains(lines[0].attrs["error"], "30s") {
				t.Error(lines)
			}
			check()
		})
	}
}

func TestTooManyHandshakesAtOnceAreRefused(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	check := a.healthy()
	var raws []*rawPeer
	for a.stats().Handshakes["crowded"] == 0 {
		if len(raws) > 2000 {
			t.Fatal("2000 strangers and no end")
		}
		raws = append(raws, a.raw())
	}
	if n := a.stats().Pending; n != 1024 {
		t.Errorf("%d pending", n)
	}
	if len(a.log.find("connection refused", "crowded")) != 1 {
		t.Error("not logged")
	}
	check()
	for _, r := range raws {
		w.ok(r.Close())
	}
	w.until("room", func() bool { return a.stats().Pending == 0 })
	a.raw().perl("b")
}

// A badStream is what comes after a handshake that was right.
type badStream struct {
	ours   bool // the peer is one of ours, and speaks msgpack
	reason string
	what   string // octets
}

func frameHeader(kind byte, n int) string {
	return string([]byte{kind, byte(n >> 16), byte(n >> 8), byte(n)})
}

var badStreams = map[string]badStream{
	"cbor: garbage":                {false, "malformed data", "\xff\xff\xff"},
	"cbor: a reserved length":      {false, "malformed data", "\x9c"},
	"cbor: over-deep":              {false, "malformed data", "\x82\x41x" + strings.Repeat("\x81", 600)},
	"cbor: over-large":             {false, "malformed data", "\x82\x41x\x5b\x00\x00\x00\x01\x00\x00\x00\x00"},
	"cbor: a list without end":     {false, "malformed data", "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"},
	"cbor: too many elements":      {false, "malformed data", "\x82\x41x\x9a\x01\x00\x00\x01"},
	"msgpack: garbage":             {true, "malformed data", frameHeader(0, 3) + "\xc1\xc1\xc1"},
	"msgpack: no list":             {true, "", frameHeader(0, 1) + "\x05"},
	"msgpack: octets behind it":    {true, "malformed data", frameHeader(0, 3) + "\x91\xa0\x05"},
	"msgpack: over-deep":           {true, "malformed data", frameHeader(0, 603) + "\x92\xa1x" + strings.Repeat("\x91", 600)},
	"msgpack: a string beyond":     {true, "malformed data", frameHeader(0, 5) + "\x91\xd9\xff\x61\x61"},
	"msgpack: a fragment":          {true, "frame kind not negotiated", frameHeader(1, 1) + "x"},
	"msgpack: an unknown kind":     {true, "malformed data: malformed msgpack at octet 31: a frame of unknown kind", frameHeader(77, 1) + "x"},
	"msgpack: an unknown control":  {true, "frame kind not negotiated: control frame", frameHeader(2, 3) + "\x92\x09\x01"},
	"msgpack: a malformed control": {true, "malformed data", frameHeader(2, 2) + "\xc1\xc1"},
	"msgpack: cut within a frame":  {true, "connection closed by peer: within a message", frameHeader(0, 100) + "\x92"},
	"msgpack: cut within a header": {true, "connection closed by peer: within a message", "\x00\x00"},
	"cbor: cut within a message":   {false, "connection closed by peer: within a message", "\x82\x41"},
	"cbor: half of it and no more": {false, "no sign of life", "\x82\x41"},
	"msgpack: half and no more":    {true, "no sign of life", frameHeader(0, 100) + "\x92"},
}

func TestABadStreamEndsItsLinkWithAReason(t *testing.T) {
	for name, c := range badStreams {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.node("a", 2)
			check := a.healthy()
			r := a.raw()
			if c.ours {
				r.ours("b")
			} else {
				r.perl("b")
			}
			v, _ := a.monitor("b#p")
			got := a.recorder()
			_, port := codec.SplitPortID(got.ID())
			w.settle()
			r.send(port, "before")
			got.gets(`["before"]`)
			r.write(c.what)
			if strings.Contains(name, "cut") {
				r.hangUp()
			}
			if c.reason == "" { // it is only no message
				w.pass(2 * time.Second)
				r.send(port, "behind")
				got.gets(`["behind"]`)
				check()
				return
			}
			w.until("the monitor", func() bool { return v.fired > 0 })
			w.settle()
			want := fmt.Sprintf(`["transport_error", "b", "%s`, c.reason)
			if v.fired != 1 || !strings.HasPrefix(v.text, want) {
				t.Errorf("the monitor fired with %s", v.text)
			}
			lines := a.log.find("node down", c.reason)
			if len(lines) != 1 || lines[0].attrs["peer"] != "b" || lines[0].attrs["node"] != "a" {
				t.Errorf("logged %v", a.log.find("node down", ""))
			}
			check()
		})
	}
}

func TestAHugeMessageThatIsAnnouncedButNeverSentTakesNoMemory(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	r := a.raw().ours("b")
	r.write(frameHeader(0, 1<<24-1) + "\xdd\xff\xff\xff\xff")
	v, _ := a.monitor("b")
	w.until("the end", func() bool { return v.fired > 0 })
	if !strings.Contains(v.text, "no sign of life") && !strings.Contains(v.text, "malformed") {
		t.Error(v.text)
	}
}

// A second connection that claims a connected node's ID.

func TestAnotherProcessWithTheIDOfALivingPeerIsSentAway(t *testing.T) {
	for _, c := range []struct{ node, peer string }{{"a", "b"}, {"b", "a"}} { // who decides, and who doesn't
		t.Run("node "+c.node, func(t *testing.T) {
			w := newWorld(t)
			n, peer := w.node(c.node, 2), w.node(c.peer, 2)
			w.link(n, peer)
			check := n.healthy()
			v, _ := n.monitor(c.peer)
			r := n.raw().greet(ourGreeting(c.peer, "another"))
			r.out = codec.Msgpack
			r.write(r.proof(secret))
			if rest := r.ended(); rest != "" {
				t.Errorf("it was given %q", rest)
			}
			if v.fired > 0 || !n.NodeIsUp(c.peer) || len(peer.events) != 1 {
				t.Errorf("the link noticed: %s %v", v.text, peer.events)
			}
			check()
		})
	}
}

func TestHeartbeatsAfterAProbeWantNoAnswer(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	r := n.raw().ours("z")
	w.until("the link", func() bool { return n.NodeIsUp("z") })
	second := n.raw().greet(ourGreeting("z", "i"))
	second.out = codec.Msgpack
	second.write(second.proof(secret))
	for {
		c := r.control()
		if c.Seq > 0 {
			r.write(string(codec.AppendControl(nil, codec.Control{Op: codec.OpPong, Seq: c.Seq})))
			break
		}
	}
	second.ended() // the link is alive
	for range 3 {
		if c := r.control(); c.Op != codec.OpPing || c.Seq != 0 {
			t.Errorf("a heartbeat after the probe is %v", c)
		}
		r.write(string(codec.AppendControl(nil, codec.Control{Op: codec.OpPing})))
	}
}

func TestARestartedPeerTakesOverFromItsHalfDeadLink(t *testing.T) {
	for _, c := range []struct{ node, peer string }{{"a", "b"}, {"b", "a"}} {
		t.Run("node "+c.node, func(t *testing.T) {
			w := newWorld(t)
			n, peer := w.node(c.node, 2), w.node(c.peer, 2)
			w.link(n, peer)
			v, _ := n.monitor(c.peer)
			// The machine was gone, and is back with a new process before n knows.
			peer.closed = true
			peer.host.Down()
			w.pass(100 * time.Millisecond)
			peer.host.Up()
			w.nodes = w.nodes[:len(w.nodes)-1]
			again := w.node(c.peer, 2)
			again.SetAddresses(c.node, n.addr)
			got := n.recorder()
			start := w.Now()
			w.ok(again.Send(got.ID(), "back"))
			w.until("its first message", func() bool { return len(got.got) == 1 })
			if d := w.Now() - start; d > 4*time.Second {
				t.Errorf("it took %v", d)
			}
			if text := v.fires(); v.kind != kernel.ReasonTransport || len(n.events) != 3 {
				t.Errorf("%s, %v", text, n.events)
			}
		})
	}
}

func TestAnotherNodeAtAnAddressIsRefused(t *testing.T) {
	w := newWorld(t)
	a, b := w.node("a", 2), w.node("b", 2)
	a.SetAddresses("c", b.addr)
	v, _ := a.monitor("c#p")
	v.is(`["transport_error", "c", "unable to connect (1 of its addresses tried): node \"b\" answered instead of \"c\""]`)
	if lines := a.log.find("connection refused", "wrong_node"); len(lines) != 1 || lines[0].attrs["address"] != b.addr.String() {
		t.Error(lines)
	}
}

func TestAHostThatCantBeResolvedIsNamed(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	binds, err := kernel.ParseBinds([]string{"no.such.host:4040"})
	w.ok(err)
	done := false
	w.Do(a.Loop(), func() {
		kernel.ResolveBinds(a.Loop(), binds, func(_ []netip.AddrPort, e error) { err, done = e, true })
	})
	w.until("an answer", func() bool { return done })
	var bad *kernel.BindError
	if !errors.As(err, &bad) || bad.Bind != "no.such.host:4040" {
		t.Error(err)
	}
}

// The peer's behaviour on the way out.

func TestAPeerThatDoesntReadIsResetWhenTheQueueStaysFull(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2, func(o *kernel.Options) { o.Marks = link.Marks{Low: 1 << 10, High: 64 << 10, Hard: 256 << 10} })
	check := a.healthy()
	r := a.raw().perl("b") // sends, but reads nothing any more
	v, _ := a.monitor("b")
	refused := 0
	a.do(func(self *kernel.Context) {
		var push func(self *kernel.Context)
		push = func(self *kernel.Context) {
			switch err := self.Send("b#x", block); {
			case errors.Is(err, kernel.ErrOverload):
				refused++
			case err != nil:
				panic(err)
			}
			if v.fired == 0 {
				self.After(100*time.Millisecond, push)
			}
		}
		push(self)
	})
	start := w.Now()
	for v.fired == 0 && w.Now() < start+time.Minute {
		r.send("", "devnull")
		w.pass(time.Second)
	}
	v.is(`["transport_error", "b", "overload"]`)
	if d := w.Now() - start; refused == 0 || d < 10*time.Second || d > 30*time.Second {
		t.Errorf("after %v and %d refusals", d, refused)
	}
	check()
}

func TestAStoppedPeerIsNoticedWithinSeconds(t *testing.T) {
	for _, peer := range []string{"ours", "the original"} {
		t.Run(peer, func(t *testing.T) {
			w := newWorld(t)
			a := w.node("a", 2)
			r := a.raw()
			limit := 7 * time.Second
			if peer == "ours" {
				r.ours("b")
			} else {
				r.perl("b")
				limit = 20 * time.Second
			}
			v, _ := a.monitor("b")
			start := w.Now()
			w.until("the end", func() bool { return v.fired > 0 })
			if d := w.Now() - start; d > limit || !strings.Contains(v.text, "no sign of life") {
				t.Errorf("%s after %v", v.text, d)
			}
		})
	}
}

func TestAnUnpluggedPeerIsNoticedWithinSeconds(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	va, _ := a.monitor("b")
	vb, _ := b.monitor("a")
	start := w.Now()
	w.Cut(a.host, b.host)
	w.until("both", func() bool { return va.fired > 0 && vb.fired > 0 })
	if d := w.Now() - start; d > 7*time.Second {
		t.Errorf("noticed after %v", d)
	}
	w.Heal(a.host, b.host)
}

func TestAQuietOriginalThatAnswersIsLeftAlone(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b")
	v, _ := a.monitor("b")
	echoes := 0
	end := w.Now() + 2*time.Minute
	for w.Now() < end {
		_ = r.SetReadDeadline(r.now().Add(10 * time.Second))
		n, err := r.in.Read(r.buf[:])
		w.ok(err)
		r.dec.Feed(r.buf[:n])
		for {
			_, body, ok, err := r.dec.Next()
			w.ok(err)
			if !ok {
				break
			}
			_, m, err := codec.Split(body)
			w.ok(err)
			args := m.Args()
			if args.Text() == "snd" { // as the original answers it
				node, port := codec.SplitPortID(args.Text())
				if node != "a" {
					t.Error(m)
				}
				r.send(port, args.Value())
				echoes++
			}
		}
	}
	if v.fired > 0 || echoes < 10 {
		t.Errorf("%s after %d echoes", v.text, echoes)
	}
	if d := a.drops(); d.UnknownPort != 0 {
		t.Errorf("echoes were taken for messages: %+v", d)
	}
}

func TestAPeerOfOursWithoutControlFramesIsAskedAsAnOriginalIs(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().greet(strings.Replace(ourGreeting("b", "i"), "kinds=0,2", "kinds=0", 1)).prove(codec.Msgpack)
	asked := false
	for end := w.Now() + 8*time.Second; w.Now() < end && !asked; {
		_ = r.SetReadDeadline(r.now().Add(10 * time.Second))
		n, err := r.in.Read(r.buf[:])
		w.ok(err)
		r.dec.Feed(r.buf[:n])
		for {
			kind, body, ok, err := r.dec.Next()
			w.ok(err)
			if !ok {
				break
			}
			if kind != codec.KindMessage {
				t.Fatalf("a frame of kind %d", kind)
			}
			asked = asked || strings.Contains(string(body), "snd")
		}
	}
	if !asked {
		t.Error("nobody asks whether it lives")
	}
}
