package loop_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

func template(change func(c *x509.Certificate)) *x509.Certificate {
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	if change != nil {
		change(c)
	}
	return c
}

func authority(t *testing.T, name string) []byte {
	return testcert.Sign(t, template(func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: name}
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}), nil)
}

func signed(t *testing.T, by []byte, change func(c *x509.Certificate)) []byte {
	return testcert.Sign(t, template(change), by)
}

// shake runs a handshake and says how it went at both ends.
func shake(t *testing.T, client, server *loop.Identity) (error, error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	result := make(chan error, 1)
	go func() {
		s, err := ln.Accept()
		if err == nil {
			defer s.Close()
			_, err = tls.Server(s, server.Config).Write([]byte("x"))
		}
		result <- err
	}()
	raw, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	c := tls.Client(raw, client.Config)
	_, err = c.Read(make([]byte, 1))
	return err, <-result
}

func identity(t *testing.T, parts ...[]byte) *loop.Identity {
	t.Helper()
	id, err := loop.NewIdentity(bytes.Join(parts, nil))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhoAcceptsWhom(t *testing.T) {
	one, other := testcert.New(t), testcert.New(t)
	ca, otherCA := authority(t, "ours"), authority(t, "theirs")
	root := testcert.Certificate(t, ca)
	x, y := signed(t, ca, nil), signed(t, ca, nil)
	between := testcert.Sign(t, template(func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: "between"}
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	}), ca)
	usage := func(u x509.ExtKeyUsage) func(c *x509.Certificate) {
		return func(c *x509.Certificate) {
			c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCRLSign, []x509.ExtKeyUsage{u}
		}
	}
	for _, test := range []struct {
		name           string
		client, server *loop.Identity
		accepted       bool
	}{
		{"the same self-signed certificate on both sides", identity(t, one), identity(t, one), true},
		{"two self-signed ones", identity(t, one), identity(t, other), false},
		{"two self-signed ones that know each other",
			identity(t, one, testcert.Certificate(t, other)), identity(t, other, testcert.Certificate(t, one)), true},
		{"two of one authority", identity(t, x, root), identity(t, y, root), true},
		{"the authority first", identity(t, root, x), identity(t, root, y), true},
		{"of another authority", identity(t, x, root), identity(t, signed(t, otherCA, nil), testcert.Certificate(t, otherCA)), false},
		{"only the server knows the other's authority",
			identity(t, x, root), identity(t, signed(t, otherCA, nil), testcert.Certificate(t, otherCA), root), false},
		{"by an authority in between that only its owner has",
			identity(t, signed(t, between, nil), testcert.Certificate(t, between), root), identity(t, y, root), true},
		{"a key usage that fits neither role",
			identity(t, signed(t, ca, usage(x509.ExtKeyUsageTimeStamping)), root), identity(t, signed(t, ca, usage(x509.ExtKeyUsageClientAuth)), root), true},
		{"names that nobody asks for", identity(t, signed(t, ca, func(c *x509.Certificate) {
			c.DNSNames = []string{"elsewhere.example"}
		}), root), identity(t, y, root), true},
		{"an expired one", identity(t, signed(t, ca, func(c *x509.Certificate) {
			c.NotAfter = time.Now().Add(-time.Minute)
		}), root), identity(t, y, root), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			for range 2 {
				c, s := shake(t, test.client, test.server)
				if accepted := c == nil && s == nil; accepted != test.accepted {
					t.Errorf("client: %v; server: %v", c, s)
				}
				test.client, test.server = test.server, test.client
			}
		})
	}
}

func TestWithoutACertificateNobodyIsAccepted(t *testing.T) {
	id := identity(t, testcert.New(t))
	nobody := &loop.Identity{Config: &tls.Config{InsecureSkipVerify: true}}
	if _, err := shake(t, nobody, id); err == nil {
		t.Error("the server accepts a client without one")
	}
	if err := id.Config.VerifyConnection(tls.ConnectionState{}); !errors.Is(err, loop.ErrNoCertificate) {
		t.Errorf("%v", err)
	}
}

func TestTheModelIsThatOfTheRoots(t *testing.T) {
	ca := authority(t, "ours")
	root := testcert.Certificate(t, ca)
	x := signed(t, ca, nil)
	if identity(t, x, root).Model != identity(t, root, x, root).Model {
		t.Error("order or repetition matters")
	}
	if identity(t, x, root).Model == identity(t, signed(t, ca, nil), root).Model {
		t.Error("other roots have the same model")
	}
}

func TestAnOldProtocolIsRefused(t *testing.T) {
	id := identity(t, testcert.New(t))
	old := &loop.Identity{Config: id.Config.Clone()}
	old.Config.MinVersion, old.Config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	if c, s := shake(t, old, id); c == nil || s == nil {
		t.Error("TLS 1.1 was accepted")
	}
}

// blocks splits a text.
func blocks(text []byte) (all [][]byte) {
	for {
		b, rest := pem.Decode(text)
		if b == nil {
			return all
		}
		all = append(all, pem.EncodeToMemory(b))
		text = rest
	}
}

func TestKeysOfAllKinds(t *testing.T) {
	text := testcert.New(t)
	b := blocks(text)
	ec, _ := pem.Decode(b[0])
	key, err := x509.ParseECPrivateKey(ec.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8 := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	want := identity(t, text).Model
	for name, parts := range map[string][][]byte{
		"PKCS 8":                      {pkcs8, b[1]},
		"the certificate first":       {b[1], b[0]},
		"text around":                 {[]byte("Bag Attributes\n"), b[0], []byte("\n# and\n"), b[1], []byte("the end\n")},
		"parameters":                  {[]byte("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"), b[0], b[1]},
		"line ends of another system": {bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))},
	} {
		if id := identity(t, parts...); id.Model != want {
			t.Errorf("%s: another identity", name)
		}
	}
}

func TestBadIdentitiesSayWhatIsWrong(t *testing.T) {
	b := blocks(testcert.New(t))
	foreign := blocks(testcert.New(t))
	block := func(kind, body string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: []byte(body)})
	}
	for _, test := range []struct {
		name  string
		parts [][]byte
		want  error
		where string
	}{
		{"nothing", nil, loop.ErrBadPEM, "no block"},
		{"a file name", [][]byte{[]byte("/etc/ssl/node.pem")}, loop.ErrBadPEM, "no block"},
		{"no key", [][]byte{b[1]}, loop.ErrNoKey, ""},
		{"no certificate", [][]byte{b[0]}, loop.ErrNoCertificate, ""},
		{"another's certificate", [][]byte{b[0], foreign[1]}, loop.ErrKeyMismatch, ""},
		{"two keys", [][]byte{b[0], b[1], foreign[0]}, loop.ErrBadKey, "block 3"},
		{"garbage for a key", [][]byte{b[1], block("PRIVATE KEY", "garbage")}, loop.ErrBadKey, "block 2 (PRIVATE KEY)"},
		{"garbage for a certificate", [][]byte{b[0], block("CERTIFICATE", "garbage")}, loop.ErrBadCert, "block 2 (CERTIFICATE)"},
		{"an encrypted key", [][]byte{block("ENCRYPTED PRIVATE KEY", "x"), b[1]}, loop.ErrBadKey, "encrypted"},
		{"a block cut short", [][]byte{b[0], b[1][:len(b[1])/2]}, loop.ErrBadPEM, "block 2"},
	} {
		id, err := loop.NewIdentity(slices.Concat(test.parts...))
		if id != nil || !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.where) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func FuzzNewIdentity(f *testing.F) {
	text := testcert.New(f)
	f.Add(text)
	f.Add(testcert.Certificate(f, text))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		id, err := loop.NewIdentity(text)
		if (id == nil) == (err == nil) {
			t.Errorf("%v, %v", id, err)
		}
	})
}
