// Package codec turns bytes into the greeting, the proofs and the messages of the
// AEMP protocol and back. It has no I/O, no clock and no goroutine: everything is
// a function of its arguments, or a small value that belongs to its caller.
//
// # Handshake
//
// Before messages, a connection carries three lines in each direction (protocol
// 2): a LineReader cuts them out of the stream, ParseGreeting and ParseProof read
// them. What proves knowledge of the secret, or the possession of a certificate,
// is computed over the Binding of both sides' lines.
//
// # Messages
//
// In memory a message is one MessagePack array, [port name, argument...]. That is
// also what links between our own nodes carry. What is sent is encoded once, into
// the outgoing buffer:
//
//	b, err = codec.AppendFrameArgs(b, port, lim, args)
//
// What is received is not decoded: Split gives the port name and a Message, which
// is a view of the encoded arguments. A program reads them by accessors:
//
//	r := m.Args()
//	n, name := r.Int(), r.Text()
//	if err := r.Err(); err != nil { … }
//
// or with Scan, or into a generated type with Decode, or as Go values with Any.
// Args, Value, Pairs and Message are borrowed: they are valid as long as the
// buffer they look at, and Clone makes copies that last.
//
// Perl scalars have no static type: what one program wrote as a number may arrive
// as a string, and a string as text or as bytes that mean Latin-1 (protocol 3).
// So the accessors are tolerant; see Value.
//
// # Framings
//
// Perl nodes speak CBOR and JSON. A link's outgoing direction calls AppendFrame,
// its incoming direction owns a Decoder; both transcode in one pass, and the
// encoded MessagePack stays the only form of a message inside a node. Messages of
// scalars, most of what is sent, AppendPlain encodes without that form between. A
// CBOR tag is kept as a MessagePack extension of type 67 that holds the tag's number
// and the value, so that it passes through a node unchanged; JSON loses it.
//
// # Trust
//
// Check and Decoder are the gate: whatever they let through is well-formed and
// within the Limits, and everything else here relies on that. Errors are typed:
// *SyntaxError, *LimitError, *ValueError, *AccessError, *GreetingError, *IDError.
package codec
