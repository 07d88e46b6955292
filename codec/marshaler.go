package codec

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// AppendMsg appends a generated message as the whole list of arguments and says
// how many they are. What encodes as an array, such as a tuple type, is a list of
// arguments; anything else is one argument. With a tag that isn't empty, the tag is
// the first argument and the message's follow.
//
// The octets that the type's method made are checked against DefaultLimits.
// After an error b comes back as it was.
func AppendMsg(b []byte, tag string, m msgp.Marshaler) (nb []byte, n int, err error) {
	return appendMsg(b, tag, m, DefaultLimits)
}

func appendMsg(b []byte, tag string, m msgp.Marshaler, lim Limits) (nb []byte, n int, err error) {
	if tag == "" {
		return appendFields(b, m, lim)
	}
	nb, n, err = appendFields(appendText(b, tag), m, lim)
	if err != nil {
		return b, 0, err
	}
	return nb, n + 1, nil
}

// appendFields appends the fields of a tuple type without the head of their list.
// Where that head is one octet it is written over the octet before, which
// then gets its value back: so nothing has to be moved.
func appendFields(b []byte, m msgp.Marshaler, lim Limits) (nb []byte, n int, err error) {
	end := len(b) - 1
	if end < 0 {
		return appendMoved(b, m, lim)
	}
	before := b[end]
	made, err := m.MarshalMsg(b[:end])
	return settleFields(b, made, before, m, err, lim)
}

// settleFields checks what a message has made behind b but for its last octet, whose value was
// before, or has it made in another way.
func settleFields(b, made []byte, before byte, m msgp.Marshaler, err error, lim Limits) (nb []byte, n int, _ error) {
	end := len(b) - 1
	if err == nil && len(made) > end && made[end]&0xf0 == 0x90 {
		if err = Check(made[end:], lim); err == nil {
			n = int(made[end] & 0x0f)
			made[end] = before
			return made, n, nil
		}
	}
	b[end] = before
	if err != nil {
		return b, 0, fmt.Errorf("encode %T: %w", m, err)
	}
	return appendMoved(b, m, lim)
}

// appendMoved is appendFields for any head.
func appendMoved(b []byte, m msgp.Marshaler, lim Limits) (nb []byte, n int, err error) {
	at := len(b)
	nb, err = m.MarshalMsg(b)
	if err != nil {
		return b, 0, fmt.Errorf("encode %T: %w", m, err)
	}
	if len(nb) <= at {
		return b, 0, fmt.Errorf("encode %T: nothing was appended", m)
	}
	made := nb[at:]
	s := shapes[made[0]]
	if s.kind != List {
		if err := checkValues(made, 1, lim, lim.Depth-1); err != nil {
			return b, 0, fmt.Errorf("encode %T: %w", m, err)
		}
		return nb, 1, nil
	}
	if err := Check(made, lim); err != nil {
		return b, 0, fmt.Errorf("encode %T: %w", m, err)
	}
	n = s.length(made)
	size := copy(made, made[s.head:])
	return nb[:at+size], n, nil
}

// EncodeMarshaler encodes a generated type as one argument.
func EncodeMarshaler(m msgp.Marshaler) (Raw, error) {
	raw, err := m.MarshalMsg(nil)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	if err := checkValues(raw, 1, DefaultLimits, DefaultLimits.Depth-1); err != nil {
		return nil, fmt.Errorf("encode %T: %w", m, err)
	}
	return raw, nil
}
