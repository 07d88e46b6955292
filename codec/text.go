package codec

import "unicode/utf8"

// perlText says whether a text is UTF-8 as Perl understands it: surrogates and
// characters beyond U+10FFFF, up to 31 bits, included. Anything else is sent to
// Perl as bytes: it would take text that is broken for valid and stumble over it
// later (CBOR), or stop reading the link (JSON).
func perlText(b []byte) bool {
	return ascii(b) || utf8.Valid(b) || wideText(b)
}

func wideText(b []byte) bool {
	for len(b) > 0 {
		n := wideRune(b)
		if n == 0 {
			return false
		}
		b = b[n:]
	}
	return true
}

// wideRune is the number of octets of the character that b begins with, or 0.
func wideRune(b []byte) int {
	c := b[0]
	if c < utf8.RuneSelf {
		return 1
	}
	n, low := 0, byte(0x80) // low: the lowest second octet, below which a shorter form exists
	switch {
	case 0xc2 <= c && c < 0xe0:
		n = 2
	case 0xe0 <= c && c < 0xf0:
		n = 3
		if c == 0xe0 {
			low = 0xa0
		}
	case 0xf0 <= c && c < 0xf8:
		n = 4
		if c == 0xf0 {
			low = 0x90
		}
	case 0xf8 <= c && c < 0xfc:
		n = 5
		if c == 0xf8 {
			low = 0x88
		}
	case 0xfc <= c && c < 0xfe:
		n = 6
		if c == 0xfc {
			low = 0x84
		}
	}
	if n == 0 || len(b) < n || b[1] < low {
		return 0
	}
	for _, c := range b[1:n] {
		if c&0xc0 != 0x80 {
			return 0
		}
	}
	return n
}
