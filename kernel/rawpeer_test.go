package kernel_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// A rawPeer speaks the protocol by hand, on any connection.
type rawPeer struct {
	net.Conn
	t      testing.TB
	in     *bufio.Reader
	own    [2]string
	theirs [2]string
	dec    *codec.Decoder
	out    codec.Framing
	now    func() time.Time
	buf    [4096]byte
}

func newRawPeer(t testing.TB, c net.Conn, now func() time.Time) *rawPeer {
	t.Cleanup(func() { _ = c.Close() })
	return &rawPeer{Conn: c, t: t, in: bufio.NewReader(c), now: now}
}

// patience is how long it waits for what has to come.
const patience = 10 * time.Second

// Greetings of a node that plays the original, and of one of ours.
func perlGreeting(node string) string {
	return "aemp;1;" + node + ";hmac_sha3_512;cbor,json;mproto=1;gproto=1"
}

func ourGreeting(node, instance string) string {
	return "aemp;1;" + node + ";hmac_sha3_512;msgpack,cbor,json;x=1;kinds=0,2;inst=" + instance + ";mproto=1;gproto=1"
}

func (p *rawPeer) write(s string) {
	p.t.Helper()
	if _, err := io.WriteString(p.Conn, s); err != nil {
		p.t.Fatal(err)
	}
}

func (p *rawPeer) line() string {
	p.t.Helper()
	s, err := p.in.ReadString('\n')
	if err != nil {
		p.t.Fatalf("waiting for a line: %v", err)
	}
	return strings.TrimSuffix(s, "\n")
}

// greet exchanges lines 1 and 2.
func (p *rawPeer) greet(line string) *rawPeer {
	p.t.Helper()
	p.own = [2]string{line, codec.Nonce([]byte(strings.Repeat("n", 66)))}
	p.write(p.own[0] + "\n" + p.own[1] + "\n")
	p.theirs[0], p.theirs[1] = p.line(), p.line()
	return p
}

// proof is line 3 for the secret.
func (p *rawPeer) proof(secret string) string {
	t := codec.Binding([]byte(p.own[0]), []byte(p.own[1]), []byte(p.theirs[0]), []byte(p.theirs[1]))
	return codec.AuthHMAC + ";" + codec.HMACProof([]byte(secret), t) + ";" + p.out.String() + "\n"
}

// prove sends line 3 and reads the other one; the framings are from then on what
// the two lines say.
func (p *rawPeer) prove(out codec.Framing) *rawPeer {
	p.t.Helper()
	p.out = out
	p.write(p.proof(secret))
	theirs, err := codec.ParseProof([]byte(p.line()))
	if err != nil {
		p.t.Fatal(err)
	}
	in, ok := codec.ParseFraming(theirs.Framing)
	if !ok {
		p.t.Fatal("framing ", theirs.Framing)
	}
	p.dec = codec.NewDecoder(in, codec.DefaultLimits)
	return p
}

// perl and ours are whole handshakes.
func (p *rawPeer) perl(node string) *rawPeer {
	p.t.Helper()
	return p.greet(perlGreeting(node)).prove(codec.CBOR)
}

func (p *rawPeer) ours(node string) *rawPeer {
	p.t.Helper()
	return p.greet(ourGreeting(node, "i")).prove(codec.Msgpack)
}

// frame is a message as it goes over the link.
func (p *rawPeer) frame(port string, args ...any) []byte {
	p.t.Helper()
	b, err := codec.AppendFrameArgs(nil, port, codec.DefaultLimits, args)
	if err == nil && p.out != codec.Msgpack {
		b, err = codec.AppendFrame(nil, p.out, b[4:], codec.DefaultLimits)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return b
}

func (p *rawPeer) send(port string, args ...any) {
	p.t.Helper()
	p.write(string(p.frame(port, args...)))
}

// next is the next message that isn't the link's own business, as text: its port
// name and the arguments.
func (p *rawPeer) next() (string, error) {
	for {
		kind, body, ok, err := p.dec.Next()
		if err != nil {
			return "", err
		}
		if !ok {
			n, err := p.in.Read(p.buf[:])
			if err != nil {
				return "", err
			}
			p.dec.Feed(p.buf[:n])
			continue
		}
		port, m, err := codec.Split(body)
		if kind != codec.KindMessage || err != nil || strings.Contains(m.String(), "-link-echo") {
			continue
		}
		return string(port) + " " + m.String(), nil
	}
}

// control is the next control frame; there must be nothing else before it.
func (p *rawPeer) control() codec.Control {
	p.t.Helper()
	_ = p.SetReadDeadline(p.now().Add(patience))
	for {
		kind, body, ok, err := p.dec.Next()
		if err == nil && !ok {
			var k int
			k, err = p.in.Read(p.buf[:])
			p.dec.Feed(p.buf[:k])
		}
		if err == nil && ok {
			if kind != codec.KindControl {
				p.t.Fatalf("a frame of kind %v", kind)
			}
			var c codec.Control
			if c, err = codec.ParseControl(body); err == nil {
				return c
			}
		}
		if err != nil {
			p.t.Fatal(err)
		}
	}
}

// expect reads messages and compares them.
func (p *rawPeer) expect(want ...string) {
	p.t.Helper()
	for _, w := range want {
		p.expectMatch(func(got string) bool { return got == w }, w)
	}
}

func (p *rawPeer) expectMatch(match func(string) bool, want string) string {
	p.t.Helper()
	_ = p.SetReadDeadline(p.now().Add(patience))
	got, err := p.next()
	if err != nil || !match(got) {
		p.t.Fatalf("got %q, %v; want %q", got, err, want)
	}
	return got
}

// expectNothing checks that no message comes for a second. A node of ours sends signs of
// life, so what is waited for is the answer to a request behind it.
func (p *rawPeer) expectNothing(node string) {
	p.t.Helper()
	p.send("", "snd", node+"#marker")
	p.expect("marker []")
}

// ended waits until the other side has closed the connection and returns what it
// sent before.
func (p *rawPeer) ended() string {
	p.t.Helper()
	_ = p.SetReadDeadline(p.now().Add(time.Minute))
	rest, err := io.ReadAll(p.in)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		p.t.Fatal("the connection stays open")
	}
	return string(rest)
}

// hangUp ends the peer's direction.
func (p *rawPeer) hangUp() {
	p.t.Helper()
	if err := p.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		p.t.Fatal(err)
	}
}
