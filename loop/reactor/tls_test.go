package reactor

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

// tlsPeer connects the standard library's TLS, as client or server, with a
// connection on l, and returns both ends once both are through.
func tlsPeer(t *testing.T, l *eventLoop, id *loop.Identity, h *hooks, client bool, config *tls.Config) (*conn, *tls.Conn, net.Conn) {
	t.Helper()
	done := make(chan error, 1)
	h.open = func(c *conn) {
		c.StartTLS(id, !client, nil, func(_ loop.Session, err error) { done <- err })
	}
	c, raw := accepted(t, l, h)
	var peer *tls.Conn
	if client {
		peer = tls.Client(raw, config)
	} else {
		peer = tls.Server(raw, config)
	}
	if err := peer.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "the handshake", done); err != nil {
		t.Fatal(err)
	}
	return c, peer, raw
}

func TestTLSWorksWithTheStandardLibrary(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, client := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, peer is client: %v", tls.VersionName(version), client), func(t *testing.T) {
				_, loops := start(t, Options{Loops: 1})
				id := newIdentity(t, testcert.New(t))
				config := id.Config.Clone()
				config.MaxVersion = version
				ended := make(chan struct{})
				h := &hooks{data: echo, eof: func(c *conn) { c.Write([]byte(" and goodbye")); c.CloseWrite(); close(ended) }}
				_, peer, _ := tlsPeer(t, loops[0], id, h, client, config)
				if peer.ConnectionState().Version != version {
					t.Errorf("version %x", peer.ConnectionState().Version)
				}
				if _, err := peer.Write([]byte("hello")); err != nil {
					t.Fatal(err)
				}
				if err := peer.CloseWrite(); err != nil { // a TLS goodbye, no FIN
					t.Fatal(err)
				}
				p, err := io.ReadAll(peer)
				if err != nil || string(p) != "hello and goodbye" {
					t.Errorf("%q, %v", p, err)
				}
				receive(t, "EOF", ended)
			})
		}
	}
}

func TestABareEndUnderTLSIsEOF(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	ended := make(chan struct{})
	h := &hooks{eof: func(*conn) { close(ended) }}
	_, _, raw := tlsPeer(t, loops[0], id, h, true, id.Config)
	_ = raw.(*net.TCPConn).CloseWrite()
	receive(t, "EOF", ended)
}

func TestAForgedRecordEndsTheConnectionWithAnAlert(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	ended := make(chan error, 1)
	h := &hooks{
		data:   func(_ *conn, p []byte) { t.Errorf("got %q", p) },
		closed: func(_ *conn, err error) { ended <- err },
	}
	_, peer, raw := tlsPeer(t, loops[0], id, h, true, id.Config)
	if _, err := raw.Write(append([]byte{23, 3, 3, 0, 32}, make([]byte, 32)...)); err != nil {
		t.Fatal(err)
	}
	if err := receive(t, "Closed", ended); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("%v", err)
	}
	if _, err := peer.Read(make([]byte, 1)); err == nil || !strings.Contains(err.Error(), "bad record MAC") {
		t.Errorf("the peer was told %v", err)
	}
}

func TestWhoHasNoCertificateIsRefused(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	done := make(chan error, 1)
	_, raw := accepted(t, loops[0], &hooks{open: func(c *conn) {
		c.StartTLS(id, false, nil, func(_ loop.Session, err error) {
			done <- err
			c.Close(err)
		})
	}})
	peer := tls.Client(raw, &tls.Config{InsecureSkipVerify: true})
	_, err := peer.Read(make([]byte, 1)) // TLS 1.3: the client learns of it afterwards
	if err == nil || receive(t, "the handshake", done) == nil {
		t.Error("it was accepted")
	}
}

func TestAHandshakeThatPanicsFails(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	good := newIdentity(t, testcert.New(t))
	bad := &loop.Identity{Config: good.Config.Clone()}
	bad.Config.VerifyConnection = func(tls.ConnectionState) error { panic("in the handshake") }
	done := make(chan error, 2)
	pairUp := func(id *loop.Identity, client bool) *hooks {
		return &hooks{open: func(c *conn) {
			c.StartTLS(id, client, nil, func(_ loop.Session, err error) { done <- err; c.Close(err) })
		}}
	}
	addr := listen(t, loops[0], func() loop.Handler { return pairUp(good, false) })
	on(loops[0], func() { loops[0].Dial(addr, patience, pairUp(bad, true)) })
	var p *PanicError
	if a, b := receive(t, "one end", done), receive(t, "the other", done); !errors.As(a, &p) && !errors.As(b, &p) {
		t.Errorf("%v and %v", a, b)
	}
}

// A peer may be through with the handshake, and send, while we still verify it.
func TestReadingStopsWhileAHandshakeHasEnoughToDo(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	good := newIdentity(t, testcert.New(t))
	slow := &loop.Identity{Config: good.Config.Clone()}
	goOn := make(chan struct{})
	slow.Config.VerifyConnection = func(s tls.ConnectionState) error {
		<-goOn
		return good.Config.VerifyConnection(s)
	}
	want := randomText(8 << 20)
	sum, got := sha256.New(), 0
	all := make(chan struct{})
	c, raw := accepted(t, l, &hooks{
		open: func(c *conn) { c.StartTLS(slow, false, nil, func(_ loop.Session, err error) {}) },
		data: func(_ *conn, p []byte) {
			sum.Write(p)
			if got += len(p); got == len(want) {
				close(all)
			}
		},
	})
	peer := tls.Client(raw, good.Config)
	sent := make(chan error, 1)
	go func() {
		_, err := peer.Write(want)
		sent <- err
	}()
	until(t, l, "a stop", func() bool { return c.secure.full })
	on(l, func() {
		if n := c.secure.pipe.waiting(); c.watched&reading != 0 || n > maxAhead+readSize {
			t.Errorf("still reading with %d octets ahead", n)
		}
	})
	close(goOn)
	receive(t, "all data", all)
	if err := receive(t, "the sender", sent); err != nil {
		t.Error(err)
	}
	on(l, func() { sameSum(t, sum, want) })
}

func TestTLSCanBeStartedOnlyOnce(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	c, _ := accepted(t, loops[0], &hooks{})
	second := make(chan error, 1)
	on(loops[0], func() {
		c.StartTLS(id, false, nil, func(loop.Session, error) {})
		c.StartTLS(id, false, nil, func(_ loop.Session, err error) { second <- err })
	})
	if err := receive(t, "the second", second); !errors.Is(err, errTLSTwice) {
		t.Errorf("%v", err)
	}
}

func TestOutputThatWasBlockedBeforeTLSIsStillDrainedOnce(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	drained := 0
	plain := randomText(16 << 20)
	c, raw := accepted(t, loops[0], &hooks{drained: func(c *conn) {
		if drained++; c.Buffered() != 0 {
			t.Errorf("Drained with %d octets buffered", c.Buffered())
		}
	}})
	on(loops[0], func() {
		c.Write(plain)
		if !c.Blocked() {
			t.Error("the network took it all")
		}
		c.StartTLS(id, false, nil, func(_ loop.Session, err error) {})
		c.Write([]byte("secret"))
	})
	p := make([]byte, len(plain))
	if _, err := io.ReadFull(raw, p); err != nil || !bytes.Equal(p, plain) {
		t.Fatal("the plain text differs", err)
	}
	peer := tls.Client(raw, id.Config)
	if _, err := io.ReadFull(peer, p[:6]); err != nil || string(p[:6]) != "secret" {
		t.Errorf("%q, %v", p[:6], err)
	}
	until(t, loops[0], "Drained", func() bool { return drained == 1 })
}

// crypto/tls answers a key update from within Read. Nobody else would write then.
func TestAKeyUpdateIsAnsweredAtOnce(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	var keys bytes.Buffer
	config := id.Config.Clone()
	config.KeyLogWriter = &keys
	got := make(chan string, 1)
	h := &hooks{data: func(_ *conn, p []byte) { got <- string(p) }}
	_, peer, raw := tlsPeer(t, loops[0], id, h, true, config)
	if s := peer.ConnectionState().CipherSuite; s != tls.TLS_AES_128_GCM_SHA256 {
		t.Skipf("cipher suite %s", tls.CipherSuiteName(s))
	}
	ours := trafficSecret(t, keys.String(), "CLIENT_TRAFFIC_SECRET_0")
	theirs := trafficSecret(t, keys.String(), "SERVER_TRAFFIC_SECRET_0")

	const handshake, application = 22, 23
	if _, err := raw.Write(seal(t, ours, handshake, []byte{24, 0, 0, 1, 1})); err != nil { // update requested
		t.Fatal(err)
	}
	answer := make([]byte, 5+5+1+16)
	if _, err := io.ReadFull(raw, answer); err != nil {
		t.Fatal(err)
	}
	if want := seal(t, theirs, handshake, []byte{24, 0, 0, 1, 0}); !bytes.Equal(answer, want) {
		t.Errorf("answer % x, not % x", answer, want)
	}
	next := expand(t, ours, "traffic upd", 32)
	if _, err := raw.Write(seal(t, next, application, []byte("new keys"))); err != nil {
		t.Fatal(err)
	}
	if text := receive(t, "data", got); text != "new keys" {
		t.Errorf("%q", text)
	}
}

func trafficSecret(t *testing.T, log, label string) []byte {
	t.Helper()
	for line := range strings.Lines(log) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == label {
			secret, err := hex.DecodeString(f[2])
			if err != nil {
				t.Fatal(err)
			}
			return secret
		}
	}
	t.Fatal("no " + label)
	return nil
}

// expand is HKDF-Expand-Label of RFC 8446.
func expand(t *testing.T, secret []byte, label string, n int) []byte {
	t.Helper()
	label = "tls13 " + label
	info := append([]byte{byte(n >> 8), byte(n), byte(len(label))}, label...)
	key, err := hkdf.Expand(sha256.New, secret, string(append(info, 0)), n)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// seal makes the first record under secret.
func seal(t *testing.T, secret []byte, kind byte, text []byte) []byte {
	t.Helper()
	block, err := aes.NewCipher(expand(t, secret, "key", 16))
	if err != nil {
		t.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		t.Fatal(err)
	}
	n := len(text) + 1 + aead.Overhead()
	header := []byte{23, 3, 3, byte(n >> 8), byte(n)}
	return aead.Seal(header, expand(t, secret, "iv", 12), append(bytes.Clone(text), kind), header)
}

func TestCloseAfterDrainUnderTLSBringsAllAcross(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	want := randomText(64 << 20)
	ended := make(chan error, 1)
	h := &hooks{closed: func(_ *conn, err error) { ended <- err }}
	c, peer, _ := tlsPeer(t, loops[0], id, h, true, id.Config)
	if _, err := peer.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	on(loops[0], func() {
		c.Write(want)
		c.CloseAfterDrain(nil, patience)
	})
	sum := sha256.New()
	if n, err := io.Copy(sum, peer); err != nil || n != int64(len(want)) {
		t.Errorf("%d octets, %v", n, err)
	}
	sameSum(t, sum, want)
	peer.Close()
	if err := receive(t, "Closed", ended); err != nil {
		t.Error(err)
	}
}

func TestClosingInTheHandshakeTellsItFirst(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	why := errors.New("our reason")
	var told []string
	ended := make(chan struct{})
	c, _ := accepted(t, loops[0], &hooks{closed: func(_ *conn, err error) {
		told = append(told, "closed")
		if err != why {
			t.Errorf("%v", err)
		}
		close(ended)
	}})
	on(loops[0], func() {
		c.StartTLS(id, false, nil, func(s loop.Session, err error) {
			told = append(told, "done")
			if s != nil || err != why {
				t.Errorf("%v, %v", s, err)
			}
		})
		loop.After(loops[0], time.Millisecond, func() { c.CloseAfterDrain(why, patience) })
	})
	receive(t, "Closed", ended)
	if strings.Join(told, " ") != "done closed" {
		t.Errorf("%v", told)
	}
}

func TestWhatIsLeftOfALentBufferIsKept(t *testing.T) {
	var p tlsPipe
	p.onLoop()
	lent := []byte("0123456789")
	p.lend(lent)
	b := make([]byte, 4)
	if n, err := p.Read(b); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	p.keep()
	clear(lent)
	rest := make([]byte, 10)
	if n, err := p.Read(rest); string(rest[:n]) != "456789" || err != nil {
		t.Errorf("%q, %v", rest[:n], err)
	}
	if _, err := p.Read(rest); err != errDry {
		t.Errorf("%v", err)
	}
	p.abort(io.EOF)
	if _, err := p.Read(rest); err != io.EOF {
		t.Errorf("%v", err)
	}
}

func TestATLSConnectionCanBeDetachedInItsEOF(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	got := make(chan net.Conn, 1)
	h := &hooks{eof: func(c *conn) {
		nc, err := c.Detach([]byte("ahead"))
		if err != nil {
			t.Error(err)
		}
		got <- nc
	}}
	_, peer, _ := tlsPeer(t, loops[0], id, h, true, id.Config)
	if err := peer.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	nc := receive(t, "the detached connection", got)
	if p, err := io.ReadAll(nc); err != nil || string(p) != "ahead" {
		t.Errorf("%q, %v", p, err)
	}
	if _, err := nc.Write([]byte("answer")); err != nil {
		t.Error(err)
	}
	nc.Close()
	if p, err := io.ReadAll(peer); err != nil || string(p) != "answer" {
		t.Errorf("%q, %v", p, err)
	}
}
