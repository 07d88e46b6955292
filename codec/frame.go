package codec

import (
	"encoding/binary"
	"slices"

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
	return endFrameMsg(appendLead(b, port, tag), len(b), m, &lim)
}

// Lead is how frames begin with messages to a port that have a tag in front, if it isn't empty.
func Lead(port, tag string) []byte { return appendLead(nil, port, tag) }

// AppendFrameLed is AppendFrameMsg for the port and the tag of a Lead. lim is only read.
func AppendFrameLed(b, lead []byte, m msgp.Marshaler, lim *Limits) ([]byte, error) {
	return endFrameMsg(append(b, lead...), len(b), m, lim)
}

func appendLead(b []byte, port, tag string) []byte {
	b, at := BeginFrame(b, port, 0)
	if tag != "" {
		b[at+frameHeader]++
		b = appendText(b, tag)
	}
	return b
}

// endFrameMsg appends a message of a generated type to a frame that has its lead, and completes it.
func endFrameMsg(b []byte, at int, m msgp.Marshaler, lim *Limits) ([]byte, error) {
	// As appendFields, but what most messages consist of is checked at one stroke.
	head, end := b[at+frameHeader], len(b)-1
	before := b[end]
	made, err := m.MarshalMsg(b[:end])
	if err == nil && len(made) > end && made[end]&0xf0 == 0x90 && lim.Items >= 15 {
		if n := int(made[end] & 0x0f); int(head&0x0f)+n < 16 && flat(made, end+1, n) {
			made[end] = before
			made[at+frameHeader] = head + byte(n)
			return EndFrame(made, at, *lim)
		}
	}
	b, n, err := settleFields(b, made, before, m, err, *lim)
	if err != nil {
		return b[:at], err
	}
	if n += int(head & 0x0f); n < 16 {
		b[at+frameHeader] = 0x90 | byte(n)
		return EndFrame(b, at, *lim)
	}
	// The list's head needs more than the one octet set aside for it.
	var long [5]byte
	b = slices.Replace(b, at+frameHeader, at+frameHeader+1, listHead(long[:0], n)...)
	return EndFrame(b, at, *lim)
}
