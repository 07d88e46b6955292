package codec

import (
	"crypto/hmac"
	"crypto/sha3"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// Methods of authentication (protocol 2.4, 2.6).
const (
	AuthHMAC      = "hmac_sha3_512" // knowledge of the secret
	AuthTLS       = "tls_sha3_512"  // TLS has verified the certificates
	AuthExported  = "tlsexp"        // the same, bound to this TLS session
	AuthAnonymous = "tls_anon"      // nothing
	AuthCleartext = "cleartext"     // the secret itself
)

// A Proof is the third line of a handshake: why the peer should believe us, and
// in what framing we are going to send.
type Proof struct{ Method, Data, Framing string }

// ParseProof reads a proof, a line without its end. Further fields are ignored.
// Errors are *GreetingError.
func ParseProof(line []byte) (Proof, error) {
	f := strings.SplitN(string(line), ";", 4)
	if len(f) < 3 {
		return Proof{}, &GreetingError{"the proof has fewer than three fields"}
	}
	return Proof{f[0], f[1], f[2]}, nil
}

// Append appends the line, without its end.
func (p *Proof) Append(b []byte) []byte {
	b = append(append(b, p.Method...), ';')
	b = append(append(b, p.Data...), ';')
	return append(b, p.Framing...)
}

// Binding is what a proof is computed over: the first two lines of both sides,
// the prover's own first (protocol 2.4).
func Binding(own1, own2, peer1, peer2 []byte) []byte {
	t := make([]byte, 0, len(own1)+len(own2)+len(peer1)+len(peer2)+4)
	for _, line := range [...][]byte{own1, own2, peer1, peer2} {
		t = append(append(t, line...), '\n')
	}
	return t
}

// HMACProof is the data of method hmac_sha3_512 over the binding t.
func HMACProof(secret, t []byte) string {
	h := hmac.New(func() hash.Hash { return sha3.New512() }, secret)
	h.Write(t)
	return hex.EncodeToString(h.Sum(nil))
}

// TLSProof is the data of method tls_sha3_512 over the binding t.
func TLSProof(t []byte) string {
	sum := sha3.Sum512(t)
	return hex.EncodeToString(sum[:])
}

// CleartextProof is the data of method cleartext.
func CleartextProof(secret []byte) string { return hex.EncodeToString(secret) }

// ExportedProof is the data of method tlsexp over the binding t: ekm is the
// keying material exported from the TLS session, always of the same length. The
// secret may be empty.
func ExportedProof(ekm, secret, t []byte) string {
	key := make([]byte, 0, len(ekm)+len(secret))
	return HMACProof(append(append(key, ekm...), secret...), t)
}

// ProofEqual compares two proofs' data in a time that doesn't tell where they differ.
func ProofEqual(a, b string) bool {
	return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// ParseSecret gives the octets of a secret: a character up to U+00FF is the octet
// of that number, as in Perl.
func ParseSecret(s string) ([]byte, error) {
	secret := make([]byte, 0, len(s))
	for i, c := range s {
		if c > 0xff {
			return nil, fmt.Errorf("the secret's character at octet %d is above U+00FF", i)
		}
		secret = append(secret, byte(c))
	}
	return secret, nil
}

// Nonce is a nonce line made of random octets, of which there should be 66 or more.
func Nonce(random []byte) string { return base64.StdEncoding.EncodeToString(random) }
