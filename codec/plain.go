package codec

import "strconv"

// AppendPlain appends a message in CBOR or JSON straight from Go values: the short way for
// what most messages consist of, with the octets that AppendFrame would write. False: there
// is something else in it than nil, bool, int, int64, float64 and ASCII strings, or it is
// large, or can't be sent. dst comes back as it was then, and it takes the long way:
// AppendFrameArgs, and AppendFrame with what that made.
//
// Neither the arguments nor what they refer to escape.
func AppendPlain(dst []byte, f Framing, port string, lim Limits, args []any) (_ []byte, ok bool) {
	b := dst
	switch f {
	case CBOR:
		b, ok = plainCBOR(dst, port, args)
	case JSON:
		b, ok = plainJSON(dst, port, args)
	}
	// No MessagePack is twice as long as CBOR or JSON: it is within the limit, too.
	if !ok || len(b)-len(dst) > lim.Message/2 {
		return dst, false
	}
	return b, true
}

func plainCBOR(b []byte, port string, args []any) (_ []byte, ok bool) {
	b, ok = plainCBORText(cborHead(b, cborList, uint64(len(args)+1)), port)
	for _, arg := range args {
		if !ok {
			break
		}
		switch x := arg.(type) {
		case string:
			b, ok = plainCBORText(b, x)
		case int:
			b = cborInt(b, int64(x))
		case int64:
			b = cborInt(b, x)
		case float64:
			b = appendCBORFloat(b, x)
		case bool:
			b = append(b, cborBool(x))
		case nil:
			b = append(b, 0xf6)
		default:
			return b, false
		}
	}
	return b, ok
}

func plainCBORText(b []byte, s string) (_ []byte, ok bool) {
	b = cborHead(b, cborText, uint64(len(s)))
	o, end := len(b), len(b)+len(s)
	b = room(b[:cap(b)], o, len(s))
	return b[:end], copyASCII(b[o:], borrowedBytes(s))
}

func cborInt(b []byte, n int64) []byte {
	if n < 0 {
		return cborHead(b, cborNegative, uint64(^n))
	}
	return cborHead(b, cborUint, uint64(n))
}

func cborBool(v bool) byte {
	if v {
		return 0xf5
	}
	return 0xf4
}

func plainJSON(b []byte, port string, args []any) (_ []byte, ok bool) {
	b, ok = plainJSONText(append(b, '['), port)
	for _, arg := range args {
		if !ok {
			break
		}
		b = append(b, ',')
		switch x := arg.(type) {
		case string:
			b, ok = plainJSONText(b, x)
		case int:
			b = strconv.AppendInt(b, int64(x), 10)
		case int64:
			b = strconv.AppendInt(b, x, 10)
		case float64:
			var err error
			b, err = appendJSONFloat(b, x)
			ok = err == nil
		case bool:
			b = strconv.AppendBool(b, x)
		case nil:
			b = append(b, "null"...)
		default:
			return b, false
		}
	}
	return append(b, ']'), ok
}

func plainJSONText(b []byte, s string) (_ []byte, ok bool) {
	o, end := len(b), len(b)+len(s)+2
	b = room(b[:cap(b)], o, len(s)+2)
	b[o], b[end-1] = '"', '"'
	return b[:end], copyPlain(b[o+1:], borrowedBytes(s))
}
