package codec

import (
	"encoding/binary"
	"math"
)

// cborOctet has the CBOR form of heads that are one octet in both forms and have no
// payload, and for all others CBOR's break.
var cborOctet = func() (t [256]byte) {
	for c := range t {
		t[c] = cborBreak
	}
	for n := range 24 {
		t[n] = cborUint<<5 | byte(n)
		t[0xff-n] = cborNegative<<5 | byte(n)
	}
	for n := range 16 {
		t[0x80+n] = cborMap<<5 | byte(n)
		t[0x90+n] = cborList<<5 | byte(n)
	}
	t[0xc0], t[0xc2], t[0xc3] = 0xf6, 0xf4, 0xf5
	return t
}()

const cborBreak = 0xff

// appendCBOR appends the CBOR form of checked MessagePack: heads and floats as
// short as they can be without loss, but no half floats and no indefinite lengths
// (protocol 3). Both forms put the size first, so no value needs to know where it is
// nested. If the result is longer than lim.Message, dst comes back as it was.
//
// The most frequent kinds are done here, without a call for each.
func appendCBOR(dst, body []byte, lim Limits) ([]byte, error) {
	b, o := dst[:cap(dst)], len(dst)
	end := o + lim.Message
	for i := 0; i < len(body); {
		b = room(b, o, 2+31)
		c := body[i]
		if octet := cborOctet[c]; octet != cborBreak {
			b[o] = octet
			o, i = o+1, i+1
			continue
		}
		switch {
		case c>>5 == 0xa0>>5 && c < 0xa0+24:
			n := int(c & 31)
			b[o] = cborText<<5 | byte(n)
			if copyASCII(b[o+1:], body[i+1:i+1+n]) {
				o, i = o+1+n, i+1+n
				continue
			}
		case c == 0xd9 && body[i+1] >= 24:
			n := int(body[i+1])
			b = room(b, o, 2+n)
			b[o], b[o+1] = cborText<<5|24, byte(n)
			if copyASCII(b[o+2:], body[i+2:i+2+n]) {
				o, i = o+2+n, i+2+n
				continue
			}
		case c < 0x80:
			b[o], b[o+1] = cborUint<<5|24, c
			o, i = o+2, i+1
			continue
		case c == 0xcc && body[i+1] >= 24:
			b[o], b[o+1] = cborUint<<5|24, body[i+1]
			o, i = o+2, i+2
			continue
		case c == 0xcd && body[i+1] > 0:
			b[o], b[o+1], b[o+2] = cborUint<<5|25, body[i+1], body[i+2]
			o, i = o+3, i+3
			continue
		case c == 0xce && body[i+1]|body[i+2] > 0:
			b[o] = cborUint<<5 | 26
			copy(b[o+1:o+5], body[i+1:i+5])
			o, i = o+5, i+5
			continue
		}
		out, rest := appendCBORHead(b[:o], body[i:])
		b, o, i = out[:cap(out)], len(out), len(body)-len(rest)
		if o > end {
			break
		}
	}
	if o > end {
		return dst, &LimitError{"octets in a message", lim.Message}
	}
	return b[:o], nil
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
