package codec

import (
	"encoding/binary"
	"unicode/utf8"
)

// Perl strings without its UTF-8 flag travel as bytes that mean Latin-1: octet
// E9 is é (protocol 3).

// ascii says whether all octets of b are below 0x80: then Latin-1 and UTF-8 are
// the same.
func ascii(b []byte) bool {
	if len(b) >= 8 {
		for i := 0; i+8 < len(b); i += 8 {
			if binary.LittleEndian.Uint64(b[i:])&highs != 0 {
				return false
			}
		}
		return binary.LittleEndian.Uint64(b[len(b)-8:])&highs == 0
	}
	var or byte
	for _, c := range b {
		or |= c
	}
	return or < utf8.RuneSelf
}

// copyASCII copies src to dst, which is no shorter. False: src isn't ASCII, and dst has
// anything.
func copyASCII(dst, src []byte) bool {
	n := len(src)
	switch {
	case n >= 8:
		var or uint64
		for i := 0; i+8 < n; i += 8 {
			x := binary.LittleEndian.Uint64(src[i:])
			binary.LittleEndian.PutUint64(dst[i:], x)
			or |= x
		}
		x := binary.LittleEndian.Uint64(src[n-8:])
		binary.LittleEndian.PutUint64(dst[n-8:], x)
		return (or|x)&highs == 0
	case n >= 4:
		x, y := binary.LittleEndian.Uint32(src), binary.LittleEndian.Uint32(src[n-4:])
		binary.LittleEndian.PutUint32(dst, x)
		binary.LittleEndian.PutUint32(dst[n-4:], y)
		return uint64(x|y)&highs == 0
	}
	var or byte
	for i, c := range src {
		dst[i] = c
		or |= c
	}
	return or < utf8.RuneSelf
}

// latin1ToUTF8 gives the UTF-8 form of Latin-1 octets. It is b itself if b is ASCII.
func latin1ToUTF8(b []byte) []byte {
	if ascii(b) {
		return b
	}
	return appendLatin1(make([]byte, 0, len(b)+len(b)/4+8), b)
}

// appendLatin1 appends the UTF-8 form of Latin-1 octets.
func appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		if c < utf8.RuneSelf {
			dst = append(dst, c)
		} else {
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// utf8ToLatin1 gives the Latin-1 octets of UTF-8 text, or false if there are
// characters above U+00FF. It is b itself if b is ASCII.
func utf8ToLatin1(b []byte) ([]byte, bool) {
	if ascii(b) {
		return b, true
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c < utf8.RuneSelf {
			out = append(out, c)
			continue
		}
		if c&0xfe != 0xc2 || i+1 == len(b) || b[i+1]&0xc0 != 0x80 {
			return nil, false
		}
		i++
		out = append(out, c<<6|b[i]&0x3f)
	}
	return out, true
}
