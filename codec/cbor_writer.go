package codec

import (
	"encoding/binary"
	"math"
)

// appendCBOR appends the CBOR form of checked MessagePack: heads and floats as
// short as they can be without loss, but no half floats and no indefinite lengths
// (protocol 3). Both forms put the size first, so no value needs to know where it is
// nested. If the result is longer than lim.Message, dst comes back as it was.
func appendCBOR(dst, body []byte, lim Limits) ([]byte, error) {
	at := len(dst)
	for len(body) > 0 {
		if c := body[0]; c>>5 == 0xa0>>5 { // short text: by far the most frequent
			end := 1 + int(c&0x1f)
			if text := body[1:end]; ascii(text) {
				dst = append(cborHead(dst, cborText, uint64(len(text))), text...)
				body = body[end:]
				continue
			}
		}
		dst, body = appendCBORHead(dst, body)
		if len(dst)-at > lim.Message {
			return dst[:at], &LimitError{"octets in a message", lim.Message}
		}
	}
	return dst, nil
}

// appendCBORHead converts the head that body begins with, together with the
// payload of a scalar or string, and returns what follows.
func appendCBORHead(dst, body []byte) (_, rest []byte) {
	c := body[0]
	s := shapes[c]
	n := s.length(body)
	payload := body[s.head:]
	switch s.kind {
	case Text, Bytes:
		text := payload[:n]
		major := byte(cborText)
		if s.kind == Bytes || !perlText(text) {
			major = cborBytes
		}
		return append(cborHead(dst, major, uint64(n)), text...), payload[n:]
	case Int:
		u, neg := intBits(body)
		if neg {
			return cborHead(dst, cborNegative, ^u), payload[n:]
		}
		return cborHead(dst, cborUint, u), payload[n:]
	case Float:
		return appendCBORFloat(dst, Value{body}.float()), payload[n:]
	case Nil:
		return append(dst, 0xf6), payload
	case Bool:
		return append(dst, 0xf4+c-0xc2), payload
	case List:
		return cborHead(dst, cborList, uint64(n)), payload
	case Map:
		return cborHead(dst, cborMap, uint64(n)), payload
	default: // Tagged
		number, _ := intBits(payload)
		return cborHead(dst, cborTag, number), payload[valueSize(payload):]
	}
}

// cborHead appends the shortest head.
func cborHead(b []byte, major byte, arg uint64) []byte {
	major <<= 5
	switch {
	case arg < 24:
		return append(b, major|byte(arg))
	case arg < 1<<8:
		return append(b, major|24, byte(arg))
	case arg < 1<<16:
		return append(b, major|25, byte(arg>>8), byte(arg))
	case arg < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, major|26), uint32(arg))
	default:
		return binary.BigEndian.AppendUint64(append(b, major|27), arg)
	}
}

func appendCBORFloat(dst []byte, f float64) []byte {
	if narrow := float32(f); float64(narrow) == f {
		return binary.BigEndian.AppendUint32(append(dst, 0xfa), math.Float32bits(narrow))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(f))
}
