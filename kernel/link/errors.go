package link

import "fmt"

// ErrorKind says why a handshake failed. Its name is used in logs and statistics.
type ErrorKind uint8

const (
	_               ErrorKind = iota
	BadGreeting               // line 1 isn't a greeting, or names an impossible node
	Version                   // another protocol version
	OwnID                     // the peer has our own node ID
	Echo                      // the peer sends our own lines back
	LineTooLong               // a line has no end within codec.MaxLine octets
	Purpose                   // the connection is for something that the node doesn't know
	TLSRequired               // we have a certificate and the peer doesn't do TLS
	TLSFailed                 // TLS couldn't be established
	NoCommonAuth              // nothing that the peer accepts is something that we can send
	NoCommonFraming           // nothing that the peer reads is something that we can write
	BadProof                  // line 3 isn't a proof
	ProofNotOffered           // line 3 has a method or a framing that we don't accept
	Downgrade                 // line 3 has a weaker method than both sides know
	WrongSecret               // line 3 proves nothing
	Timeout                   // it took too long
	CutShort                  // the connection ended before
)

var errorKindNames = [...]string{
	"", "bad_greeting", "version", "own_id", "echo", "line_too_long", "purpose", "tls_required", "tls_failed",
	"no_common_auth", "no_common_framing", "bad_proof", "proof_not_offered", "downgrade", "wrong_secret",
	"timeout", "cut_short",
}

func (k ErrorKind) String() string { return errorKindNames[k] }

// A HandshakeError is why a connection didn't get through its handshake.
type HandshakeError struct {
	Kind   ErrorKind
	Detail string // for people; may be empty
	Peer   string // node ID, as far as known; not proved
}

func (e *HandshakeError) Error() string {
	s := "handshake"
	if e.Peer != "" {
		s += " with " + e.Peer
	}
	s += ": " + e.Kind.String()
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	return s
}

// A ConfigError is a field of a Config that can't be used.
type ConfigError struct {
	Field string
	What  string
}

func (e *ConfigError) Error() string { return fmt.Sprintf("link: %s: %s", e.Field, e.What) }
