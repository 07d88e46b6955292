package codec

import "encoding/binary"

// A ValueKind says what an encoded value is.
type ValueKind uint8

const (
	Missing ValueKind = iota // no value there
	Nil
	Bool
	Int
	Float
	Text
	Bytes
	List
	Map
	Tagged // a CBOR tag with the value inside it
)

var kindNames = [...]string{"nothing", "nil", "bool", "int", "float", "text", "bytes", "list", "map", "tagged value"}

func (k ValueKind) String() string { return kindNames[k] }

// tagExtension is the MessagePack extension type that stands for a CBOR tag. Its
// payload is the tag's number as a MessagePack unsigned integer, followed by the
// one value that is tagged.
const tagExtension = 67

// A shape says how an encoded value is laid out, given its first octet.
type shape struct {
	kind ValueKind
	head uint8 // octets before the payload, the first one included
	size uint8 // how many of these, from the second on, hold the payload's size; 0: it is fixed
	n    uint8 // fixed size: octets of payload, or elements of a list, or entries of a map
}

// shapes has the shape for each first octet. 0xc1 is Missing: it begins no value.
var shapes = func() (t [256]shape) {
	for c := range 0x80 {
		t[c] = shape{Int, 1, 0, 0}
	}
	for c := range 16 {
		t[0x80+c] = shape{Map, 1, 0, uint8(c)}
		t[0x90+c] = shape{List, 1, 0, uint8(c)}
	}
	for c := range 32 {
		t[0xa0+c] = shape{Text, 1, 0, uint8(c)}
		t[0xe0+c] = shape{Int, 1, 0, 0}
	}
	t[0xc0] = shape{Nil, 1, 0, 0}
	t[0xc2] = shape{Bool, 1, 0, 0}
	t[0xc3] = shape{Bool, 1, 0, 0}
	t[0xca] = shape{Float, 1, 0, 4}
	t[0xcb] = shape{Float, 1, 0, 8}
	for i, width := range []uint8{1, 2, 4} {
		c := uint8(i)
		t[0xc4+c] = shape{Bytes, 1 + width, width, 0}
		t[0xc7+c] = shape{Tagged, 2 + width, width, 0}
		t[0xd9+c] = shape{Text, 1 + width, width, 0}
		if width > 1 {
			t[0xdc+c-1] = shape{List, 1 + width, width, 0}
			t[0xde+c-1] = shape{Map, 1 + width, width, 0}
		}
	}
	for i := range 4 {
		t[0xcc+i] = shape{Int, 1, 0, 1 << i}
		t[0xd0+i] = shape{Int, 1, 0, 1 << i}
	}
	for i := range 5 {
		t[0xd4+i] = shape{Tagged, 2, 0, 1 << i}
	}
	return t
}()

// scalarSize has the whole size of a value that is neither list, map nor tag and
// whose first octet says how long it is; 0 for all others.
var scalarSize = func() (t [256]uint8) {
	for c, s := range shapes {
		if s.size == 0 && s.kind != Missing && s.kind < List {
			t[c] = s.head + s.n
		}
	}
	return t
}()

// length is the size that b's head states. b begins with an octet of this shape
// and holds its whole head.
func (s shape) length(b []byte) int {
	switch s.size {
	case 0:
		return int(s.n)
	case 1:
		return int(b[1])
	case 2:
		return int(binary.BigEndian.Uint16(b[1:]))
	default:
		return int(binary.BigEndian.Uint32(b[1:]))
	}
}

// valueSize is the number of octets of the value that b begins with. b has been
// checked.
func valueSize(b []byte) int {
	if n := scalarSize[b[0]]; n != 0 {
		return int(n)
	}
	i := 0
	for left := 1; left > 0; left-- {
		s := shapes[b[i]]
		n := s.length(b[i:])
		i += int(s.head)
		switch s.kind {
		case List:
			left += n
		case Map:
			left += 2 * n
		default:
			i += n
		}
	}
	return i
}

// listHead appends the head of a list of n elements.
func listHead(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x90|byte(n))
	case n < 1<<16:
		return append(b, 0xdc, byte(n>>8), byte(n))
	default:
		return append(b, 0xdd, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// mapHead appends the head of a map of n entries.
func mapHead(b []byte, n int) []byte {
	switch {
	case n < 16:
		return append(b, 0x80|byte(n))
	case n < 1<<16:
		return append(b, 0xde, byte(n>>8), byte(n))
	default:
		return append(b, 0xdf, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// textHead appends the head of a text of n octets.
func textHead(b []byte, n int) []byte {
	switch {
	case n < 32:
		return append(b, 0xa0|byte(n))
	case n < 1<<8:
		return append(b, 0xd9, byte(n))
	case n < 1<<16:
		return append(b, 0xda, byte(n>>8), byte(n))
	default:
		return append(b, 0xdb, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// bytesHead appends the head of n octets of data.
func bytesHead(b []byte, n int) []byte {
	switch {
	case n < 1<<8:
		return append(b, 0xc4, byte(n))
	case n < 1<<16:
		return append(b, 0xc5, byte(n>>8), byte(n))
	default:
		return append(b, 0xc6, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
}

// shortText says where a text of at most 255 octets lies that b begins with. If b begins with
// anything else, or ends too early, end is 0.
func shortText(b []byte) (at, end int) {
	if len(b) < 2 {
		return 0, 0
	}
	if c := b[0]; c&0xe0 == 0xa0 {
		at, end = 1, 1+int(c&0x1f)
	} else if c == 0xd9 {
		at, end = 2, 2+int(b[1])
	}
	if end > len(b) {
		return 0, 0
	}
	return at, end
}
