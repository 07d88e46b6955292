package kernel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/kernel"
)

// TLS is the machine's own here: the simulator has only a model of it.

func noSecret(o *kernel.Options)   { o.Links.Secret = nil }
func allowClear(o *kernel.Options) { o.Links.AllowClear = true }

// original makes a node play the original, which knows no tlsexp.
func original(o *kernel.Options) { o.Links.Extensions = false }

func TestNodesWithOneCertificateTalkUnderTLS(t *testing.T) {
	cert := testcert.New(t)
	for name, c := range map[string]struct {
		a, b []func(*kernel.Options)
		auth string
	}{
		"ours":                         {nil, nil, codec.AuthExported},
		"ours without a secret":        {[]func(*kernel.Options){noSecret}, []func(*kernel.Options){noSecret}, codec.AuthExported},
		"ours and an original":         {nil, []func(*kernel.Options){original}, codec.AuthTLS},
		"ours where clear is allowed":  {[]func(*kernel.Options){allowClear}, []func(*kernel.Options){allowClear}, codec.AuthExported},
		"originals where it's allowed": {[]func(*kernel.Options){original, allowClear}, []func(*kernel.Options){original}, codec.AuthTLS},
	} {
		t.Run(name, func(t *testing.T) {
			a := startReal(t, "a", append(c.a, withTLS(t, cert))...)
			b := startReal(t, "b", append(c.b, withTLS(t, cert))...)
			a.linkTo(b)
			if l := a.Stats().Links; len(l) != 1 || l[0].Auth != c.auth {
				t.Errorf("%+v", l)
			}
			box := b.mailbox()
			sent := make(chan error, 1)
			go func() {
				var err error
				for i := range 200 {
					err = errors.Join(err, a.Send(box.ID(), i, block))
				}
				sent <- err
			}()
			for i := range 200 {
				m := b.receive(box)
				args := m.Args()
				if n, data := args.Int(), args.Bytes(); n != int64(i) || string(data) != string(block) {
					t.Fatalf("message %d is %d", i, n)
				}
			}
			if err := <-sent; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTLSKeepsOutWhoDoesntBelong(t *testing.T) {
	cert := testcert.New(t)
	for name, c := range map[string]struct {
		a, b []func(*kernel.Options)
		kind string // of a's outcome
		text string // part of what b is told
	}{
		"a peer without TLS, though it knows the secret": {[]func(*kernel.Options){withTLS(t, cert)}, nil, "tls_required", ""},
		"a foreign certificate, though it knows the secret": {
			[]func(*kernel.Options){withTLS(t, cert)}, []func(*kernel.Options){sameCert(t)}, "tls_failed", ""},
		"another secret under the same certificate": {
			[]func(*kernel.Options){withTLS(t, cert)},
			[]func(*kernel.Options){withTLS(t, cert), func(o *kernel.Options) { o.Links.Secret = []byte("other") }}, "wrong_secret", ""},
		"a peer without TLS and without the secret where clear is allowed": {
			[]func(*kernel.Options){withTLS(t, cert), allowClear},
			[]func(*kernel.Options){func(o *kernel.Options) { o.Links.Secret = []byte("other") }}, "wrong_secret", ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := startReal(t, "a", c.a...), startReal(t, "b", c.b...)
			good := startReal(t, "good", c.a...)
			good.linkTo(a)
			b.SetAddresses("a", a.addr)
			_, err := b.Call(inTime(t), "a", "time")
			var reason *kernel.ReasonError
			if !errors.As(err, &reason) || reason.Reason.Kind() != kernel.ReasonTransport || !strings.Contains(err.Error(), c.text) {
				t.Errorf("b: %v", err)
			}
			// Either side may be the first to see it; the acceptor says so in any case.
			a.until("an outcome", func() bool {
				h := a.Stats().Handshakes
				return h[c.kind] > 0 || c.kind == "wrong_secret" && h["cut_short"]+h["broken"] > 0 || c.kind == "tls_failed" && h["broken"] > 0
			})
			if lines := a.log.find("connection refused", ""); len(lines) != 1 || lines[0].attrs["peer"] != "b" {
				t.Errorf("a logged %v", lines)
			}
			if a.NodeIsUp("b") || b.NodeIsUp("a") {
				t.Error("and yet they are linked")
			}
			if _, err := good.Call(inTime(t), "a", "time"); err != nil || len(good.log.find("node down", "")) > 0 {
				t.Errorf("the healthy link noticed something: %v", err)
			}
		})
	}
}

func TestAPeerWithoutTLSIsLetInWhereThatIsConfigured(t *testing.T) {
	a, b := startReal(t, "a", sameCert(t), allowClear), startReal(t, "b")
	b.linkTo(a)
	if l := b.Stats().Links; len(l) != 1 || l[0].Auth != codec.AuthHMAC {
		t.Errorf("%+v", l)
	}
}

func TestGarbageInThePlaceOfTLSEndsTheHandshake(t *testing.T) {
	a := startReal(t, "a", sameCert(t))
	r := a.raw().greet(strings.Replace(ourGreeting("b", "i"), ";hmac_sha3_512;", ";tlsexp,tls_sha3_512;", 1) + ";tls=1.0")
	r.write("this is no TLS record at all, neither of a client nor of a server\n")
	r.ended()
	a.until("an outcome", func() bool { return a.Stats().Handshakes["tls_failed"] == 1 })
	if lines := a.log.find("connection refused", "tls_failed"); len(lines) != 1 || lines[0].attrs["peer"] != "b" {
		t.Errorf("logged %v", lines)
	}
}

func TestRealSocketsAreCutAtTheTimeoutToo(t *testing.T) {
	a := startReal(t, "a", func(o *kernel.Options) { o.MonitorTimeout = patience / 50 })
	for _, text := range []string{"", "aemp;1;b", perlGreeting("b") + "\n"} {
		r := a.raw()
		r.write(text)
		r.ended()
	}
	a.until("three of them", func() bool { return a.Stats().Handshakes["timeout"] == 3 })
}
