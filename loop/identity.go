package loop

import (
	"crypto"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What NewIdentity can find wrong with its PEM text. The errors it returns wrap
// one of these and say which block it is about.
var (
	ErrNoKey         = errors.New("no private key")
	ErrNoCertificate = errors.New("no certificate")
	ErrKeyMismatch   = errors.New("no certificate belongs to the private key")
	ErrBadPEM        = errors.New("not PEM")
	ErrBadKey        = errors.New("unusable private key")
	ErrBadCert       = errors.New("unusable certificate")
)

// An Identity is what a node shows and accepts under TLS: its certificate with
// the key, and the roots by which it verifies the peer's. Names aren't checked and
// any key usage will do (protocol 2.3). It is immutable.
type Identity struct {
	// Config is used by the reactor, for both roles.
	Config *tls.Config
	// Model stands for the certificate in the simulator: two sides accept
	// each other if their Models are equal.
	Model string
}

// A Session is an established TLS session.
type Session interface {
	// Export is the keying-material exporter of RFC 5705: the same octets on
	// both sides of one session and on no other.
	Export(label string, context []byte, n int) ([]byte, error)
}

// NewIdentity reads an identity from PEM text: a private key, the certificate that
// belongs to it, and the certificates by which peers are verified, in any order.
// Every certificate in the text is a root, the own one too, so that the same
// self-signed certificate on all nodes works. Other text between the blocks is
// skipped.
func NewIdentity(text []byte) (*Identity, error) {
	id, err := newIdentity(text)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return id, nil
}

func newIdentity(text []byte) (*Identity, error) {
	key, certs, err := readPEM(text)
	if err != nil {
		return nil, err
	}
	own := slices.IndexFunc(certs, func(c *x509.Certificate) bool {
		public, ok := c.PublicKey.(interface{ Equal(crypto.PublicKey) bool })
		return ok && public.Equal(key.Public())
	})
	if own < 0 {
		return nil, ErrKeyMismatch
	}
	roots := x509.NewCertPool()
	for _, c := range certs {
		roots.AddCert(c)
	}
	shown := tls.Certificate{PrivateKey: key, Leaf: certs[own]}
	for _, c := range chain(certs[own], certs) {
		shown.Certificate = append(shown.Certificate, c.Raw)
	}
	return &Identity{Config: newConfig(shown, roots), Model: model(certs)}, nil
}

// newConfig is for both roles. crypto/tls's own verification of a server is off
// since it insists on a name; verify takes its place on both sides.
func newConfig(shown tls.Certificate, roots *x509.CertPool) *tls.Config {
	return &tls.Config{
		Certificates:                []tls.Certificate{shown},
		MinVersion:                  tls.VersionTLS12,
		InsecureSkipVerify:          true,
		ClientAuth:                  tls.RequireAnyClientCert,
		VerifyConnection:            func(s tls.ConnectionState) error { return verify(s.PeerCertificates, roots) },
		SessionTicketsDisabled:      true, // a resumed session would skip nothing worth it
		DynamicRecordSizingDisabled: true, // links send batches, not pages
	}
}

func verify(peer []*x509.Certificate, roots *x509.CertPool) error {
	if len(peer) == 0 {
		return ErrNoCertificate
	}
	between := x509.NewCertPool()
	for _, c := range peer[1:] {
		between.AddCert(c)
	}
	_, err := peer[0].Verify(x509.VerifyOptions{
		Roots:         roots,
		Intermediates: between,
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

// readPEM collects the key and the certificates.
func readPEM(text []byte) (key crypto.Signer, certs []*x509.Certificate, err error) {
	n := 0
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		n++
		text = rest
		switch {
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, fmt.Errorf("block %d (%s): %w: %w", n, block.Type, ErrBadCert, err)
			}
			certs = append(certs, c)
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			if key != nil {
				return nil, nil, fmt.Errorf("block %d (%s): %w: a second one", n, block.Type, ErrBadKey)
			}
			if key, err = parseKey(block); err != nil {
				return nil, nil, fmt.Errorf("block %d (%s): %w: %w", n, block.Type, ErrBadKey, err)
			}
		}
	}
	switch {
	case strings.Contains(string(text), "-----BEGIN "):
		err = fmt.Errorf("%w: block %d is damaged", ErrBadPEM, n+1)
	case n == 0:
		err = fmt.Errorf("%w: no block in %d octets", ErrBadPEM, len(text))
	case key == nil:
		err = ErrNoKey
	case len(certs) == 0:
		err = ErrNoCertificate
	}
	return key, certs, err
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, errors.New("it is encrypted")
	}
	if key, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	if key, err := x509.ParseECPrivateKey(block.Bytes); err == nil {
		return key, nil
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T can't sign", key)
	}
	return signer, nil
}

// chain is leaf followed by whoever issued it, as far as that is known.
func chain(leaf *x509.Certificate, certs []*x509.Certificate) []*x509.Certificate {
	all := []*x509.Certificate{leaf}
	for {
		last := all[len(all)-1]
		next := slices.IndexFunc(certs, func(c *x509.Certificate) bool {
			return !slices.Contains(all, c) && last.CheckSignatureFrom(c) == nil
		})
		if next < 0 {
			return all
		}
		all = append(all, certs[next])
	}
}

// model is the same for the same roots, whatever their order.
func model(certs []*x509.Certificate) string {
	var sums []string
	for _, c := range certs {
		sum := sha256.Sum256(c.Raw)
		sums = append(sums, hex.EncodeToString(sum[:]))
	}
	slices.Sort(sums)
	sum := sha256.Sum256([]byte(strings.Join(slices.Compact(sums), "\n")))
	return hex.EncodeToString(sum[:])
}
