package codec

import "github.com/tinylib/msgp/msgp"

// String is text as a field of a generated message type, for programs that count
// allocations: decoding reuses its memory, where a string field allocates each time.
// It holds UTF-8. As with every accessor, bytes are read as Latin-1 (protocol 3).
type String []byte

// MarshalMsg appends the text. It is called by generated code.
func (s String) MarshalMsg(b []byte) ([]byte, error) { return append(textHead(b, len(s)), s...), nil }

// UnmarshalMsg reads text or bytes and returns what follows. It is called by generated code.
func (s *String) UnmarshalMsg(b []byte) ([]byte, error) {
	if at, end := shortText(b); end > 0 {
		*s = append((*s)[:0], b[at:end]...)
		return b[end:], nil
	}
	return s.unmarshal(b)
}

// unmarshal is UnmarshalMsg for whatever there may be.
func (s *String) unmarshal(b []byte) ([]byte, error) {
	if msgp.NextType(b) == msgp.BinType {
		octets, rest, err := msgp.ReadBytesZC(b)
		if err != nil {
			return b, err
		}
		*s = appendLatin1((*s)[:0], octets)
		return rest, nil
	}
	text, rest, err := msgp.ReadStringZC(b)
	if err != nil {
		return b, err
	}
	*s = append((*s)[:0], text...)
	return rest, nil
}

// Msgsize bounds the octets that MarshalMsg appends.
func (s String) Msgsize() int { return msgp.StringPrefixSize + len(s) }
