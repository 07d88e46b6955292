// Package link is one connection between two nodes: the greeting, the proof that
// the peer belongs to the network, the choice of the connection that becomes the
// link between two nodes, and the link itself, with its flow of data and its
// signs of life. It knows nothing of ports.
//
// # Handshake
//
// [Handshake] is the talk before the first message (protocol 2.1 to 2.6), as a
// state machine without I/O. Both sides write two lines at once, a greeting and
// a nonce. Then, if both have a certificate, TLS starts. Then each side sends one
// more line, which proves that it knows the secret (or belongs to the TLS
// session) and says which framing it sends.
//
//	h := NewHandshake(config, options)
//	write(h.Greeting())
//	for each input:
//	    step, rest, err := h.Feed(input)
//	    Greeted   the peer's name is known: h.Peer
//	    StartTLS  start TLS; then h.TLSUp(session) and h.Feed(nil)
//	    Ready     h.Proof() may be sent
//	    Verified  the peer has proved itself; rest is data
//
// Ready and Verified are two steps because the third line is what we withhold:
//
// # Survivor
//
// Two nodes may dial each other at the same moment, and one may try several
// addresses. [Survivor] chooses the connection that becomes the link (protocol
// 2.5), one Survivor for each peer. One of the two nodes decides: it sends its
// third line on one connection only, and that one is the link. The other sends
// its line everywhere at once, save to another process than the link's, and takes
// what it is given.
//
// A Survivor gets what happens to the connections and returns actions. Both
// machines take neither time nor randomness on their own, so every failure can
// be replayed; testdata tells the survivor rule as readable scenarios.
package link
