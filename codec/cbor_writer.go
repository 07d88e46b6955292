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
	for i := 0; i < len(body); {
		c := body[i]
		s := shapes[c]
		n := s.length(body[i:])
		i += int(s.head)
		switch s.kind {
		case Nil:
			dst = append(dst, 0xf6)
		case Bool:
			dst = append(dst, 0xf4+c-0xc2)
		case Int:
			dst = appendCBORInt(dst, body[i-1:])
			i += n
		case Float:
			dst = appendCBORFloat(dst, Value{body[i-1:]}.float())
			i += n
		case Text, Bytes:
			major := byte(cborText)
			if s.kind == Bytes || !perlText(body[i:i+n]) {
				major = cborBytes
			}
			dst = append(cborHead(dst, major, uint64(n)), body[i:i+n]...)
			i += n
		case List:
			dst = cborHead(dst, cborList, uint64(n))
		case Map:
			dst = cborHead(dst, cborMap, uint64(n))
		case Tagged:
			number, _ := intBits(body[i:])
			i += valueSize(body[i:])
			dst = cborHead(dst, cborTag, number)
		}
		if len(dst)-at > lim.Message {
			return dst[:at], &LimitError{"octets in a message", lim.Message}
		}
	}
	return dst, nil
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

func appendCBORInt(dst, b []byte) []byte {
	u, neg := intBits(b)
	if neg {
		return cborHead(dst, cborNegative, ^u)
	}
	return cborHead(dst, cborUint, u)
}

func appendCBORFloat(dst []byte, f float64) []byte {
	if narrow := float32(f); float64(narrow) == f || f != f {
		return binary.BigEndian.AppendUint32(append(dst, 0xfa), math.Float32bits(narrow))
	}
	return binary.BigEndian.AppendUint64(append(dst, 0xfb), math.Float64bits(f))
}
