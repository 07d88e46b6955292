package codec

import (
	"encoding/binary"
	"math/bits"
	"strconv"
)

// inWord says which octets can be part of a number or literal.
var inWord = func() (t [256]bool) {
	for _, c := range []byte("0123456789+-.eEtrufalsn") {
		t[c] = true
	}
	return t
}()

// wordEnd is where the number or literal that begins at p[i] ends.
func wordEnd(p []byte, i int) int {
	for i < len(p) && inWord[p[i]] {
		i++
	}
	return i
}

// The lowest and the highest bit of each octet.
const ones, highs = 0x0101010101010101, 0x8080808080808080

// special marks the octets of x that can't stand for themselves in a JSON string
// by their highest bit. Above the lowest one there may be false marks.
func special(x uint64) uint64 {
	quote, slash := x^'"'*ones, x^'\\'*ones
	return ((quote-ones)&^quote | (slash-ones)&^slash | (x-0x20*ones)&^x) & highs
}

// plainASCII says whether all octets are ASCII and stand for themselves in a JSON
// string.
func plainASCII(s []byte) bool {
	if len(s) >= 8 {
		for i := 0; i+8 < len(s); i += 8 {
			if x := binary.LittleEndian.Uint64(s[i:]); special(x)|x&highs != 0 {
				return false
			}
		}
		x := binary.LittleEndian.Uint64(s[len(s)-8:])
		return special(x)|x&highs == 0
	}
	for _, c := range s {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			return false
		}
	}
	return true
}

// copyPlain copies src to dst, which is no shorter. False: src isn't ASCII that stands
// for itself in a JSON string, and dst has anything.
func copyPlain(dst, src []byte) bool {
	n := len(src)
	if n >= 8 {
		var found uint64
		for i := 0; i+8 < n; i += 8 {
			x := binary.LittleEndian.Uint64(src[i:])
			binary.LittleEndian.PutUint64(dst[i:], x)
			found |= special(x) | x
		}
		x := binary.LittleEndian.Uint64(src[n-8:])
		binary.LittleEndian.PutUint64(dst[n-8:], x)
		return (found|special(x)|x)&highs == 0
	}
	for i, c := range src {
		if c < 0x20 || c == '"' || c == '\\' || c >= 0x80 {
			return false
		}
		dst[i] = c
	}
	return true
}

// plainEnd finds the first octet from p[i] on that can't stand for itself in a
// JSON string: a quote, a backslash or a control character.
func plainEnd(p []byte, i int) int {
	for len(p)-i >= 8 {
		if found := special(binary.LittleEndian.Uint64(p[i:])); found != 0 {
			return i + bits.TrailingZeros64(found)/8
		}
		i += 8
	}
	for i < len(p) && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\' {
		i++
	}
	return i
}

// appendJSONWord appends the value of a number or literal. ok is false if it is neither.
func appendJSONWord(b, w []byte) (_ []byte, ok bool) {
	switch string(w) {
	case "null":
		return append(b, 0xc0), true
	case "true":
		return append(b, 0xc3), true
	case "false":
		return append(b, 0xc2), true
	}
	digits := w
	if w[0] == '-' {
		digits = w[1:]
	}
	if n, ok := smallUint(digits); ok {
		if len(digits) < len(w) {
			return appendInt(b, -int64(n)), true
		}
		return appendUint(b, n), true
	}
	return appendJSONNumber(b, w)
}

// safeDigits is how many decimal digits any 64-bit integer has room for.
const safeDigits = 18

// smallUint reads up to safeDigits digits without a leading zero.
func smallUint(digits []byte) (n uint64, ok bool) {
	if len(digits) == 0 || len(digits) > safeDigits || digits[0] == '0' && len(digits) > 1 {
		return 0, false
	}
	for _, c := range digits {
		if c -= '0'; c > 9 {
			return 0, false
		}
		n = n*10 + uint64(c)
	}
	return n, true
}

// maxDigits is the length of the longest 64-bit integers: -2^63 and 2^64-1.
const maxDigits = 20

// appendJSONNumber appends any number.
func appendJSONNumber(b, w []byte) (_ []byte, ok bool) {
	integer, ok := jsonNumber(w)
	if !ok {
		return b, false
	}
	s := borrowedString(w)
	if integer && len(w) <= maxDigits {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return appendInt(b, n), true
		}
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return appendUint(b, n), true
		}
	}
	f, _ := strconv.ParseFloat(s, 64) // beyond its range: infinity, as Perl reads it
	return appendFloat64(b, f), true
}

// jsonNumber says whether w is a number by JSON's grammar, and whether it is
// written as an integer.
func jsonNumber(w []byte) (integer, ok bool) {
	if len(w) > 0 && w[0] == '-' {
		w = w[1:]
	}
	n := countDigits(w)
	if n == 0 || n > 1 && w[0] == '0' {
		return false, false
	}
	w, integer = w[n:], true
	if len(w) > 0 && w[0] == '.' {
		n := countDigits(w[1:])
		if n == 0 {
			return false, false
		}
		w, integer = w[1+n:], false
	}
	if len(w) > 0 && (w[0] == 'e' || w[0] == 'E') {
		w = w[1:]
		if len(w) > 0 && (w[0] == '+' || w[0] == '-') {
			w = w[1:]
		}
		n := countDigits(w)
		if n == 0 {
			return false, false
		}
		w, integer = w[n:], false
	}
	return integer, len(w) == 0
}

func countDigits(w []byte) int {
	n := 0
	for n < len(w) && '0' <= w[n] && w[n] <= '9' {
		n++
	}
	return n
}
