// Package testcert makes certificates for tests.
package testcert

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// New returns PEM text with a new key and a self-signed certificate for it, good
// for a day. Each call's is foreign to all others.
func New(t testing.TB) []byte {
	t.Helper()
	return Sign(t, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: "test"},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
	}, nil)
}

// Sign returns PEM text with a new key and a certificate made of template, signed
// with the key in issuer, which is such a text, or with its own if issuer is nil.
func Sign(t testing.TB, template *x509.Certificate, issuer []byte) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, parentKey := template, key
	if issuer != nil {
		parent, parentKey = parse(t, issuer)
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, b := range []*pem.Block{{Type: "EC PRIVATE KEY", Bytes: der}, {Type: "CERTIFICATE", Bytes: cert}} {
		if err := pem.Encode(&text, b); err != nil {
			t.Fatal(err)
		}
	}
	return text.Bytes()
}

// Certificate returns only the certificates of a text.
func Certificate(t testing.TB, text []byte) []byte {
	t.Helper()
	var certs []byte
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			return certs
		}
		if block.Type == "CERTIFICATE" {
			certs = append(certs, pem.EncodeToMemory(block)...)
		}
		text = rest
	}
}

// parse reads what Sign has written.
func parse(t testing.TB, text []byte) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	keyBlock, rest := pem.Decode(text)
	certBlock, _ := pem.Decode(rest)
	if keyBlock == nil || certBlock == nil {
		t.Fatal("not a text of this package")
		return nil, nil
	}
	key, err := x509.ParseECPrivateKey(keyBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(certBlock.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}
