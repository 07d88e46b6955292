package codec

// Limits bound what one message may cost. They are checked before anything is
// allocated, for what comes in and for what goes out.
type Limits struct {
	// Message is the greatest size in octets of one message in any framing,
	// and of its MessagePack form in memory. At most 1<<24 - 1: that is what
	// the length field of a msgpack frame can say.
	Message int

	// Depth is how many lists, maps and tags may lie inside each other; the
	// message itself is the first.
	Depth int

	// Items is the number of elements in one message, on all levels together.
	// A map entry counts as two.
	Items int
}

// DefaultLimits are the limits of a node that doesn't choose its own.
var DefaultLimits = Limits{
	// The greatest length a msgpack frame can carry.
	Message: 1<<24 - 1,

	// Perl reads at most 512 levels; a few are left for relays that wrap a
	// message into another one.
	Depth: 500,

	// A nil takes one octet on the wire but some thirty decoded: without this
	// limit a 16 MiB message could be made to need half a gigabyte.
	Items: 1 << 20,
}
