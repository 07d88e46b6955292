package codec

import (
	"strconv"
	"unicode/utf8"
)

// maxPrint is about how many octets String makes of a value or message.
const maxPrint = 200

// String is a diagnostic form like JSON, cut off after about 200 octets.
func (m Message) String() string {
	b := printList(make([]byte, 0, maxPrint+64), m.Args())
	return string(b)
}

// String is a diagnostic form like JSON, cut off after about 200 octets.
func (v Value) String() string {
	return string(printValue(make([]byte, 0, maxPrint+64), v))
}

func printValue(b []byte, v Value) []byte {
	switch v.Kind() {
	case Bool:
		return strconv.AppendBool(b, v.raw[0] == 0xc3)
	case Int, Float:
		s, _ := v.TextBytes()
		return append(b, s...)
	case Text:
		return printString(b, v.payload())
	case Bytes:
		return printString(append(b, 'b'), v.payload())
	case List:
		l, _ := v.List()
		return printList(b, l)
	case Map:
		p, _ := v.Map()
		return printMap(b, p)
	case Tagged:
		n, inner, _ := v.Tag()
		b = strconv.AppendUint(append(b, "tag"...), n, 10)
		return append(printValue(append(b, '('), inner), ')')
	default:
		return append(b, "null"...)
	}
}

func printString(b, s []byte) []byte {
	left := max(maxPrint-len(b), 0)
	if len(s) <= left {
		return strconv.AppendQuote(b, string(s))
	}
	for left > 0 && !utf8.RuneStart(s[left]) {
		left--
	}
	return append(strconv.AppendQuote(b, string(s[:left])), "…"...)
}

func printList(b []byte, l Args) []byte {
	b = append(b, '[')
	for l.More() {
		if len(b) > maxPrint {
			b = append(b, "…"...)
			break
		}
		b = printValue(b, l.Value())
		if l.More() {
			b = append(b, ", "...)
		}
	}
	return append(b, ']')
}

func printMap(b []byte, p Pairs) []byte {
	b = append(b, '{')
	for sep := ""; p.Next(); sep = ", " {
		b = append(b, sep...)
		if len(b) > maxPrint {
			b = append(b, "…"...)
			break
		}
		b = printValue(b, p.key)
		b = append(b, ": "...)
		b = printValue(b, p.val)
	}
	return append(b, '}')
}
