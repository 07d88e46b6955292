package codec

import "math/big"

// CBOR tags that mean an integer beyond 64 bits: octets, big-endian (RFC 8949, 3.4.3).
const (
	tagBig    = 2
	tagBigNeg = 3 // of n: the integer -1-n
)

// big reads a value tagged as a big integer. The tag is the outermost of its
// number's.
func (v Value) big() (n *big.Int, number uint64, ok bool) {
	for v.Kind() == Tagged {
		number, inner, _ := v.Tag()
		if (number == tagBig || number == tagBigNeg) && inner.Kind() == Bytes {
			n = new(big.Int).SetBytes(inner.payload())
			if number == tagBigNeg {
				n.Not(n)
			}
			return n, number, true
		}
		v = inner
	}
	return nil, 0, false
}

// appendBig appends an integer of any size: as a plain one where that is possible.
func appendBig(b []byte, n *big.Int) []byte {
	switch {
	case n.IsInt64():
		return appendInt(b, n.Int64())
	case n.IsUint64():
		return appendUint(b, n.Uint64())
	case n.Sign() > 0:
		b, at := beginTag(b, tagBig)
		return endTag(appendBytes(b, n.Bytes()), at)
	default:
		b, at := beginTag(b, tagBigNeg)
		return endTag(appendBytes(b, new(big.Int).Not(n).Bytes()), at)
	}
}

// beginTag begins a tagged value: exactly one value has to follow, then endTag.
func beginTag(b []byte, number uint64) ([]byte, int) {
	at := len(b)
	b = append(b, 0xc9, 0, 0, 0, 0, tagExtension)
	return appendUint(b, number), at
}

func endTag(b []byte, at int) []byte {
	putLength(b[at:], len(b)-at-6)
	return b
}

// putLength fills in the size in a head whose size field has four octets.
func putLength(head []byte, n int) {
	head[1], head[2], head[3], head[4] = byte(n>>24), byte(n>>16), byte(n>>8), byte(n)
}
