package codec

import (
	"math"
	"strconv"
	"unicode/utf8"
)

// appendJSON appends the JSON form of checked MessagePack. Bytes become a string
// of one character for each octet, tags are dropped, and a float is written so
// that it reads back as the same float. NaN and the infinities are a *ValueError.
// After an error dst comes back as it was.
func appendJSON(dst, body []byte, lim Limits) ([]byte, error) {
	if out, ok := appendFlatJSON(dst, body); ok {
		if len(out)-len(dst) > lim.Message {
			return dst, &LimitError{"octets in a message", lim.Message}
		}
		return out, nil
	}
	w := jsonWriter{in: body, start: len(dst), max: lim.Message}
	out, err := w.value(dst)
	if err != nil {
		return out[:len(dst)], err
	}
	return out, nil
}

// appendFlatJSON is the fast path for a list of at most 15 elements that are short texts
// without escapes, integers, truth values and nil. False: a closer look is needed.
func appendFlatJSON(dst, body []byte) (_ []byte, ok bool) {
	if body[0]&0xf0 != 0x90 || len(body) == 1 {
		return dst, false
	}
	b, o := dst[:cap(dst)], len(dst)
	b = room(b, o, 1)
	b[o] = '['
	o++
	for i := 1; i < len(body); {
		c := body[i]
		b = room(b, o, maxDigits+1+len(`"",`))
		switch {
		case c>>5 == 0xa0>>5 || c == 0xd9:
			n, from := int(c&31), i+1
			if c == 0xd9 {
				n, from = int(body[i+1]), i+2
			}
			b = room(b, o, n+len(`"",`))
			b[o] = '"'
			if !copyPlain(b[o+1:], body[from:from+n]) {
				return dst, false
			}
			b[o+1+n] = '"'
			o, i = o+1+n+1, from+n
		case c < 0x80 || c >= 0xe0 || 0xcc <= c && c <= 0xd3:
			u, neg := intBits(body[i:])
			if neg {
				b[o] = '-'
				u = -u
				o++
			}
			o, i = len(strconv.AppendUint(b[:o], u, 10)), i+int(scalarSize[c])
		case c == 0xc0:
			o, i = o+copy(b[o:], "null"), i+1
		case c == 0xc2:
			o, i = o+copy(b[o:], "false"), i+1
		case c == 0xc3:
			o, i = o+copy(b[o:], "true"), i+1
		default:
			return dst, false
		}
		b[o] = ','
		o++
	}
	b[o-1] = ']'
	return b[:o], true
}

// A jsonWriter walks through checked MessagePack once.
type jsonWriter struct {
	in         []byte // what is left
	start, max int    // where the output began, how long it may get
}

// value appends the next value.
func (w *jsonWriter) value(out []byte) (_ []byte, err error) {
	c := w.in[0]
	s := shapes[c]
	n := s.length(w.in)
	payload := w.in[s.head:]
	switch s.kind {
	case Text:
		out = appendJSONText(out, payload[:n])
	case Bytes:
		out = appendJSONBytes(out, payload[:n])
	case Int:
		u, neg := intBits(w.in)
		if neg {
			out = strconv.AppendInt(out, int64(u), 10)
		} else {
			out = strconv.AppendUint(out, u, 10)
		}
	case Float:
		if out, err = appendJSONFloat(out, Value{w.in}.float()); err != nil {
			return out, err
		}
	case Nil:
		out = append(out, "null"...)
	case Bool:
		out = strconv.AppendBool(out, c == 0xc3)
	case List:
		w.in = payload
		return w.list(out, n)
	case Map:
		w.in = payload
		return w.mapping(out, n)
	case Tagged:
		w.in = payload[valueSize(payload):]
		return w.value(out)
	}
	w.in = payload[n:]
	if len(out)-w.start > w.max {
		return out, &LimitError{"octets in a message", w.max}
	}
	return out, nil
}

func (w *jsonWriter) list(out []byte, n int) (_ []byte, err error) {
	out = append(out, '[')
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = w.value(out); err != nil {
			return out, err
		}
	}
	return w.close(out, ']')
}

func (w *jsonWriter) mapping(out []byte, n int) (_ []byte, err error) {
	out = append(out, '{')
	for i := range n {
		if i > 0 {
			out = append(out, ',')
		}
		if out, err = w.value(out); err != nil {
			return out, err
		}
		out = append(out, ':')
		if out, err = w.value(out); err != nil {
			return out, err
		}
	}
	return w.close(out, '}')
}

func (w *jsonWriter) close(out []byte, c byte) ([]byte, error) {
	if out = append(out, c); len(out)-w.start > w.max {
		return out, &LimitError{"octets in a message", w.max}
	}
	return out, nil
}

// appendJSONText appends a text as a string. What Perl would not take for UTF-8
// is written like bytes.
func appendJSONText(out, s []byte) []byte {
	if plainASCII(s) {
		out = append(append(out, '"'), s...)
		return append(out, '"')
	}
	if !perlText(s) {
		return appendJSONBytes(out, s)
	}
	out = append(out, '"')
	for i := 0; ; {
		end := plainEnd(s, i)
		out = append(out, s[i:end]...)
		if end == len(s) {
			return append(out, '"')
		}
		out = appendJSONEscape(out, s[end])
		i = end + 1
	}
}

// appendJSONBytes appends octets as a string of the characters with their numbers.
func appendJSONBytes(out, s []byte) []byte {
	out = append(out, '"')
	for _, c := range s {
		switch {
		case c >= utf8.RuneSelf:
			out = append(out, 0xc0|c>>6, 0x80|c&0x3f)
		case c < 0x20 || c == '"' || c == '\\':
			out = appendJSONEscape(out, c)
		default:
			out = append(out, c)
		}
	}
	return append(out, '"')
}

// appendJSONEscape appends a character that can't stand for itself.
func appendJSONEscape(out []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(out, '\\', c)
	case '\n':
		return append(out, '\\', 'n')
	case '\r':
		return append(out, '\\', 'r')
	case '\t':
		return append(out, '\\', 't')
	}
	const hex = "0123456789abcdef"
	return append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}

// appendJSONFloat appends the shortest decimal form that reads back as f, with a
// point or exponent. It takes the exponent where Perl would.
func appendJSONFloat(out []byte, f float64) ([]byte, error) {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return out, &ValueError{"float " + strconv.FormatFloat(f, 'g', -1, 64), JSON}
	case abs != 0 && (abs < 1e-4 || abs >= 1e15):
		return strconv.AppendFloat(out, f, 'e', -1, 64), nil
	case f == math.Trunc(f):
		return strconv.AppendFloat(out, f, 'f', 1, 64), nil
	}
	return strconv.AppendFloat(out, f, 'f', -1, 64), nil
}
