package codec

import "math"

// How many octets of another framing one octet of MessagePack can become at most:
// in CBOR a small integer or the head of a short text takes two, in JSON a control
// character is written as six.
const (
	cborGrowth = 2
	jsonGrowth = 6
)

// Fits says whether a checked body could be sent in each of these framings: what
// AppendFrame would say. It allocates only for messages within a small factor of
// lim.Message, where it has to try.
func Fits(body []byte, framings []Framing, lim Limits) error {
	if len(body) > lim.Message {
		return &LimitError{"octets in a message", lim.Message}
	}
	for _, f := range framings {
		if err := fitsOne(body, f, lim); err != nil {
			return err
		}
	}
	return nil
}

func fitsOne(body []byte, f Framing, lim Limits) error {
	switch {
	case f == CBOR && len(body) > lim.Message/cborGrowth:
		_, err := appendCBOR(nil, body, lim)
		return err
	case f == JSON && len(body) > lim.Message/jsonGrowth:
		_, err := appendJSON(nil, body, lim)
		return err
	case f == JSON:
		return finite(body)
	}
	return nil
}

// finite says whether all floats are finite. It needn't know what is nested in what.
func finite(body []byte) error {
	for i := 0; i < len(body); {
		c := body[i]
		if size := scalarSize[c]; size != 0 && c != 0xca && c != 0xcb {
			i += int(size)
			continue
		}
		s := shapes[c]
		n := s.length(body[i:])
		switch s.kind {
		case Float:
			if f := (Value{body[i:]}).float(); math.IsNaN(f) || math.IsInf(f, 0) {
				_, err := appendJSONFloat(nil, f)
				return err
			}
			i += 1 + n
		case List, Map, Tagged:
			i += int(s.head)
		default:
			i += int(s.head) + n
		}
	}
	return nil
}
