package codec

import (
	"encoding/binary"

	"github.com/tinylib/msgp/msgp"
)

// BeginFrame begins a msgpack frame with a message of n arguments to the port of
// that name: exactly n encoded values have to follow, then EndFrame with at.
func BeginFrame(b []byte, port string, n int) (nb []byte, at int) {
	at = len(b)
	if len(port) < 32 && n < 15 {
		b = append(b, 0, 0, 0, 0, 0x90|byte(n+1), 0xa0|byte(len(port)))
		return append(b, port...), at
	}
	b = append(b, 0, 0, 0, 0)
	return appendText(listHead(b, n+1), port), at
}

// EndFrame completes the frame that began at that offset of b. If it is longer
// than lim.Message, b comes back without it and the error is a *LimitError. The
// other limits are those of whoever built the arguments.
func EndFrame(b []byte, at int, lim Limits) ([]byte, error) {
	n := len(b) - at - frameHeader
	if n > lim.Message {
		return b[:at], &LimitError{"octets in a message", lim.Message}
	}
	binary.BigEndian.PutUint32(b[at:], uint32(KindMessage)<<24|uint32(n))
	return b, nil
}

// AppendFrameArgs appends a whole frame with a message made of Go values, see
// AppendArgs. After an error b comes back as it was.
func AppendFrameArgs(b []byte, port string, lim Limits, args []any) ([]byte, error) {
	at := len(b)
	if len(port) < 32 && len(args) < 15 { // as BeginFrame, but in place
		b = append(append(b, 0, 0, 0, 0, 0x91+byte(len(args)), 0xa0|byte(len(port))), port...)
	} else {
		b, at = BeginFrame(b, port, len(args))
	}
	b, nested, err := appendArgs(b, args)
	if err != nil {
		return b[:at], err
	}
	if nested {
		if err := Check(b[at+frameHeader:], lim); err != nil {
			return b[:at], err
		}
	}
	return EndFrame(b, at, lim)
}

// AppendFrameMessage appends a whole frame with a message that was received or
// built before. After an error b comes back as it was.
func AppendFrameMessage(b []byte, port string, m Message, lim Limits) ([]byte, error) {
	b, at := BeginFrame(b, port, m.Len())
	return EndFrame(append(b, m.Raw()...), at, lim)
}

// AppendFrameMsg appends a whole frame with a message of a generated type, with a tag
// in front if that isn't empty: see AppendMsg. After an error b comes back as it was.
func AppendFrameMsg(b []byte, port, tag string, m msgp.Marshaler, lim Limits) ([]byte, error) {
	at, nb := len(b), b
	if len(port) < 32 { // as BeginFrame, but in place
		nb = append(append(b, 0, 0, 0, 0, 0x90, 0xa0|byte(len(port))), port...)
	} else {
		nb, _ = BeginFrame(b, port, 0)
	}
	start, n := len(nb), 1
	if tag != "" {
		nb, n = appendText(nb, tag), 2
	}
	// As appendFields, but what most messages consist of is checked at one stroke.
	end := len(nb) - 1
	before := nb[end]
	made, err := m.MarshalMsg(nb[:end])
	if err == nil && len(made) > end && made[end]&0xf0 == 0x90 && lim.Items >= 15 {
		if fields := int(made[end] & 0x0f); n+fields < 16 && flat(made, end+1, fields) {
			made[end] = before
			made[at+frameHeader] = 0x90 | byte(n+fields)
			return EndFrame(made, at, lim)
		}
	}
	nb, fields, err := settleFields(nb, made, before, m, err, lim)
	if err != nil {
		return b, err
	}
	if n += fields; n < 16 {
		nb[at+frameHeader] = 0x90 | byte(n)
		return EndFrame(nb, at, lim)
	}
	// The list's head needs more than the one octet set aside for it.
	args := nb[start:]
	nb, at = BeginFrame(nb, port, n-1)
	nb = append(nb, args...)
	nb = append(b, nb[at:]...)
	return EndFrame(nb, len(b), lim)
}
