package codec

import (
	"fmt"

	"github.com/tinylib/msgp/msgp"
)

// AppendMsg appends a generated message as the whole list of arguments and says
// how many they are. What encodes as an array, such as a tuple type, is a list of
// arguments; anything else is one argument.
//
// The octets that the type's method made are checked against DefaultLimits.
// After an error b comes back as it was.
func AppendMsg(b []byte, m msgp.Marshaler) (nb []byte, n int, err error) {
	return appendMsg(b, m, DefaultLimits)
}

func appendMsg(b []byte, m msgp.Marshaler, lim Limits) (nb []byte, n int, err error) {
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
