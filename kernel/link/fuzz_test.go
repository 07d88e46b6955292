package link

import (
	"fmt"
	"testing"
)

// FuzzHandshake: whoever doesn't know the secret (and isn't at the other end of
// our TLS session) is never verified, whatever it sends, and it doesn't matter how
// it arrives.
func FuzzHandshake(f *testing.F) {
	for _, r := range recordings(f) {
		for _, sent := range r.sent {
			f.Add(sent[:min(len(sent), 1<<10)], uint16(7), false)
		}
	}
	f.Add([]byte(foreign+"hmac_sha3_512;;json\n"), uint16(1), false)
	f.Add([]byte("aemp;1;b;tlsexp,tls_sha3_512;cbor;x=1;inst=i;tls=1.0\n1\ntlsexp;00;cbor\n"), uint16(60), true)
	f.Fuzz(func(t *testing.T, sent []byte, n uint16, tls bool) {
		whole, pieces := hear(t, sent, len(sent), tls), hear(t, sent, int(n), tls)
		if whole != pieces {
			t.Errorf("in one piece: %s, in pieces of %d: %s", whole, n, pieces)
		}
	})
}

// hear feeds a handshake in pieces of n octets and tells what came of it.
func hear(t *testing.T, sent []byte, n int, tls bool) string {
	c := node("a")
	if tls {
		withCert(c)
		c.AuthAccept = []string{"tlsexp"}
	}
	s := &side{h: NewHandshake(valid(t, c), Options{Nonce: "2"}), session: session{"s"}, in: sent}
	s.run(max(n, 1))
	for _, step := range s.steps {
		if step == Verified {
			t.Fatal("verified without the secret")
		}
	}
	return fmt.Sprint(s.steps, s.err, s.h.Peer.Node)
}
