package codec

import (
	"encoding/binary"
	"slices"
)

// maxPart is how large a buffer in octets for frames that come in pieces may be to be kept
// until Trim: then the size of messages that are a few times as large as what is read at once
// costs no allocation.
const maxPart = 1 << 20

// A frameReader finds the frames of the msgpack framing. Frames that come in one
// piece are not copied.
type frameReader struct {
	part []byte // beginning of a frame whose end hasn't come
	done bool   // part was a whole frame and has been handed out
}

// between says whether nothing of the next frame has come before.
func (r *frameReader) between() bool { return len(r.part) == 0 }

// next takes octets from p up to the end of a frame: body is nil if that hasn't
// come, and then all of p is used.
func (r *frameReader) next(p []byte, lim Limits) (kind Kind, body []byte, used int, err error) {
	if r.done {
		r.done = false
		if r.part = r.part[:0]; cap(r.part) > maxPart {
			r.part = nil
		}
	}
	if len(r.part) > 0 {
		return r.resume(p, lim)
	}
	if len(p) < frameHeader {
		r.part = append(r.part, p...)
		return 0, nil, len(p), nil
	}
	kind, n, err := frameHead(p, lim)
	if err != nil {
		return 0, nil, 0, err
	}
	end := frameHeader + n
	if len(p) < end {
		r.part = append(r.part, p...)
		return 0, nil, len(p), nil
	}
	body = p[frameHeader:end:end]
	return kind, body, end, checkFrame(kind, body, frameHeader, lim)
}

// resume completes a frame of which a part has come before.
func (r *frameReader) resume(p []byte, lim Limits) (kind Kind, body []byte, used int, err error) {
	had := len(r.part)
	if had < frameHeader {
		used = min(frameHeader-had, len(p))
		if r.part = append(r.part, p[:used]...); len(r.part) < frameHeader {
			return 0, nil, used, nil
		}
	}
	kind, n, err := frameHead(r.part, lim)
	if err != nil {
		if e, ok := err.(*SyntaxError); ok {
			e.Offset -= had
		}
		return 0, nil, 0, err
	}
	if n < maxPart {
		r.part = slices.Grow(r.part, frameHeader+n-len(r.part))
	}
	more := min(frameHeader+n-len(r.part), len(p)-used)
	r.part = append(r.part, p[used:used+more]...)
	used += more
	if len(r.part) < frameHeader+n {
		return 0, nil, used, nil
	}
	r.done = true
	return kind, r.part[frameHeader:], used, checkFrame(kind, r.part[frameHeader:], frameHeader-had, lim)
}

// frameHead reads a frame's header.
func frameHead(p []byte, lim Limits) (Kind, int, error) {
	h := binary.BigEndian.Uint32(p)
	kind, n := Kind(h>>24), int(h&0xffffff)
	if kind > KindControl {
		return 0, 0, &SyntaxError{Msgpack, 0, "a frame of unknown kind"}
	}
	if n > lim.Message {
		return 0, 0, &LimitError{"octets in a message", lim.Message}
	}
	if n == 0 {
		return 0, 0, &SyntaxError{Msgpack, 0, "an empty frame"}
	}
	return kind, n, nil
}

// checkFrame checks a frame's body, which lies at that offset.
func checkFrame(kind Kind, body []byte, offset int, lim Limits) error {
	if kind == KindFragment {
		return nil
	}
	err := Check(body, lim)
	if err == nil && kind == KindMessage && shapes[body[0]].kind == Map {
		err = &SyntaxError{Msgpack, 0, "a message that is a map"}
	}
	if e, ok := err.(*SyntaxError); ok {
		e.Offset += offset
	}
	return err
}
