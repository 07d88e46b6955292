package loop

import "crypto/tls"

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
