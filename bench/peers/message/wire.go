package message

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// ErrWire says that octets aren't a Message as Append writes them.
var ErrWire = errors.New("not a message")

// Fields of message.proto, with their wire types.
const (
	tagKey    = 1<<3 | byte(protowire.BytesType)
	numberKey = 2<<3 | byte(protowire.VarintType)
	textKey   = 3<<3 | byte(protowire.BytesType)
)

// Plain is a Message without what generated code needs, for systems that carry any Go
// value within a process, or octets between processes.
type Plain struct {
	Tag    string
	Number int64
	Text   string
}

// Append writes a message as generated code would, but for empty fields, which it writes.
func Append(b []byte, tag string, number int64, text string) []byte {
	b = protowire.AppendString(append(b, tagKey), tag)
	b = protowire.AppendVarint(append(b, numberKey), uint64(number))
	return protowire.AppendString(append(b, textKey), text)
}

// Size is how many octets Append writes.
func Size(tag string, number int64, text string) int {
	return 3 + protowire.SizeBytes(len(tag)) + protowire.SizeVarint(uint64(number)) + protowire.SizeBytes(len(text))
}

// Read reads a message that Append has written; tag and text are borrowed from b.
func Read(b []byte) (tag []byte, number int64, text []byte, err error) {
	var key byte
	if key, b = first(b); key != tagKey {
		return nil, 0, nil, ErrWire
	}
	tag, n := protowire.ConsumeBytes(b)
	if n < 0 {
		return nil, 0, nil, ErrWire
	}
	if key, b = first(b[n:]); key != numberKey {
		return nil, 0, nil, ErrWire
	}
	v, n := protowire.ConsumeVarint(b)
	if n < 0 {
		return nil, 0, nil, ErrWire
	}
	if key, b = first(b[n:]); key != textKey {
		return nil, 0, nil, ErrWire
	}
	text, n = protowire.ConsumeBytes(b)
	if n != len(b) {
		return nil, 0, nil, ErrWire
	}
	return tag, int64(v), text, nil
}

// first takes the first octet off, 0 if there is none.
func first(b []byte) (byte, []byte) {
	if len(b) == 0 {
		return 0, nil
	}
	return b[0], b[1:]
}
