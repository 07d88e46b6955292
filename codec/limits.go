package codec

import "fmt"

// Limits bound what one message may cost. They are checked before anything is
// allocated, for what comes in and for what goes out.
type Limits struct {
	// Message is the greatest size in octets of one message in any framing,
	// and of its MessagePack form in memory. At most 1<<24 - 1.
	Message int

	// Depth is how many lists, maps and tags may lie inside each other; the
	// message itself is the first. At most 500.
	Depth int

	// Items is the number of elements in one message, on all levels together.
	// A map entry counts as two.
	Items int
}

const (
	// maxMessage is the greatest length that a msgpack frame can state.
	maxMessage = 1<<24 - 1

	// maxDepth: Perl reads at most 512 levels. A few are left for relays that
	// wrap a message into another one.
	maxDepth = 500
)

// Validate says whether the limits make sense.
func (l Limits) Validate() error {
	switch {
	case l.Message < 1 || l.Message > maxMessage:
		return fmt.Errorf("a limit of %d octets in a message is not from 1 to %d", l.Message, maxMessage)
	case l.Depth < 1 || l.Depth > maxDepth:
		return fmt.Errorf("a limit of %d levels of nesting is not from 1 to %d", l.Depth, maxDepth)
	case l.Items < 1:
		return fmt.Errorf("a limit of %d elements in a message is not positive", l.Items)
	}
	return nil
}

// DefaultLimits are the limits of a node that doesn't choose its own.
var DefaultLimits = Limits{
	Message: maxMessage,

	Depth: maxDepth,

	// A nil takes one octet on the wire but some thirty decoded: without this
	// limit a 16 MiB message could be made to need half a gigabyte.
	Items: 1 << 20,
}
