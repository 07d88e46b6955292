package codec

// A Framing is a form that messages have on a link (protocol 2.7).
type Framing uint8

const (
	Msgpack Framing = iota // ours: length-prefixed MessagePack frames
	CBOR                   // CBOR arrays back to back
	JSON                   // JSON arrays back to back
)

var framingNames = [...]string{Msgpack: "msgpack", CBOR: "cbor", JSON: "json"}

// String is the framing's name in a greeting.
func (f Framing) String() string {
	if int(f) < len(framingNames) {
		return framingNames[f]
	}
	return "unknown framing"
}

// ParseFraming finds a framing by its name in a greeting.
func ParseFraming(s string) (Framing, bool) {
	for f, name := range framingNames {
		if s == name {
			return Framing(f), true
		}
	}
	return 0, false
}

// A Kind says what a msgpack frame contains. The other framings carry messages only.
type Kind uint8

const (
	KindMessage  Kind = 0 // an array [port name, argument...]
	KindFragment Kind = 1 // a part of a message
	KindControl  Kind = 2 // a Control
)

// frameHeader is the size in octets of what precedes a msgpack frame's body:
// one octet for the kind and three for the length, big-endian.
const frameHeader = 4
