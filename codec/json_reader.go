package codec

import (
	"encoding/binary"
	"fmt"
	"unicode/utf8"
)

// What may come next outside of a string or word.
type jsonState uint8

const (
	jsonValue    jsonState = iota // a value
	jsonFirst                     // a list's first value, or its end
	jsonFirstKey                  // a map's first key, or its end
	jsonKey                       // a key
	jsonColon                     // the colon after a key
	jsonMore                      // a comma, or the end of the list or map
)

// A jsonReader turns JSON into MessagePack in one pass. Strings become text, as
// they are: what isn't valid UTF-8 stays (protocol 3). Integers from -2^63 to
// 2^64-1 stay exact, all other numbers become float64.
type jsonReader struct {
	build
	state  jsonState
	word   []byte // number or literal whose end hasn't come
	inText bool   // inside a string
	at     int    // where that string's head is in out
	escape []byte // an escape sequence whose end hasn't come, in place
	spare  [6]byte
	high   rune // first half of a surrogate pair, or 0
}

// next takes octets from p up to the end of a top-level value: body is nil if
// that hasn't come, and then all of p is used.
func (r *jsonReader) next(p []byte) (body []byte, used int, err error) {
	i := 0
	if !r.busy {
		for i < len(p) && jsonSpace(p[i]) {
			i++
		}
		if i == len(p) {
			return nil, i, nil
		}
		used = i
		r.reset()
		r.state = jsonValue
		if cap(r.word) > maxKept {
			r.word = nil
		}
		if n := r.flat(p[i:]); n > 0 {
			r.busy = false
			return r.out, i + n, r.within(n)
		}
		r.out = r.out[:0]
	}
	for i < len(p) {
		n, done, err := r.step(p[i:])
		if e, ok := err.(*SyntaxError); ok {
			e.Offset += i
		}
		i += n
		if err == nil {
			err = r.within(i - used)
		}
		if err != nil {
			return nil, i, err
		}
		if done {
			r.busy = false
			return r.finish(), i, nil
		}
	}
	r.size += i - used
	return nil, i, nil
}

// finish makes the head of a list as short as it can be.
func (r *jsonReader) finish() []byte {
	if r.out[0] != 0xdd {
		return r.out
	}
	n := int(binary.BigEndian.Uint32(r.out[1:]))
	var head [5]byte
	h := listHead(head[:0], n)
	return r.out[5-copy(r.out[5-len(h):], h):]
}

// flat is the fast path for a list that is here as a whole, of at most 15
// elements that are short words or strings without escapes, without white space.
// It returns how long it is, or 0 if a closer look is needed.
func (r *jsonReader) flat(p []byte) int {
	if p[0] != '[' || len(p) < 2 || p[1] == ']' || r.lim.Items < 15 || r.lim.Depth < 1 {
		return 0
	}
	out := append(r.out, 0)
	i := 1
	for n := 1; n < 16; n++ {
		if i >= len(p) {
			return 0
		}
		if p[i] == '"' {
			end := plainEnd(p, i+1)
			if end >= len(p) || p[end] != '"' {
				return 0
			}
			out = append(textHead(out, end-i-1), p[i+1:end]...)
			i = end + 1
		} else {
			digits := i
			var u uint64
			for i < len(p) && p[i]-'0' <= 9 {
				u = 10*u + uint64(p[i]-'0')
				i++
			}
			if count := i - digits; 0 < count && count <= safeDigits && (count == 1 || p[digits] != '0') && i < len(p) && !inWord[p[i]] {
				out = appendUint(out, u)
			} else {
				i = wordEnd(p, digits)
				if i == len(p) || i == digits {
					return 0
				}
				var ok bool
				if out, ok = appendJSONWord(out, p[digits:i]); !ok {
					return 0
				}
			}
		}
		if i >= len(p) {
			return 0
		}
		i++
		switch p[i-1] {
		case ',':
		case ']':
			out[0] = 0x90 | byte(n)
			r.out = out
			return i
		default:
			return 0
		}
	}
	return 0
}

// step takes one token, as far as it is here.
func (r *jsonReader) step(p []byte) (used int, done bool, err error) {
	switch {
	case r.inText:
		return r.text(p)
	case len(r.word) > 0:
		return r.wordPart(p)
	}
	c := p[0]
	if jsonSpace(c) {
		return 1, false, nil
	}
	switch r.state {
	case jsonColon:
		if c != ':' {
			return 0, false, unexpected(c, "a colon")
		}
		r.state = jsonValue
		return 1, false, nil
	case jsonMore:
		return r.more(c)
	case jsonKey:
		if c != '"' {
			return 0, false, unexpected(c, "a key")
		}
	case jsonFirstKey:
		if c == '}' {
			return 1, r.end(), nil
		}
		if c != '"' {
			return 0, false, unexpected(c, "a key or the map's end")
		}
	case jsonFirst:
		if c == ']' {
			return 1, r.end(), nil
		}
	}
	return r.value(p)
}

func unexpected(c byte, instead string) error {
	return &SyntaxError{Framing: JSON, What: fmt.Sprintf("%q instead of %s", c, instead)}
}

// value begins a value or key.
func (r *jsonReader) value(p []byte) (used int, done bool, err error) {
	if len(r.levels) > 0 {
		if err := r.count(1); err != nil {
			return 0, false, err
		}
	}
	switch p[0] {
	case '"':
		used, done = r.begin(p)
		return used, done, nil
	case '[':
		r.state = jsonFirst
		return 1, false, r.open(List)
	case '{':
		if len(r.levels) == 0 {
			return 0, false, &SyntaxError{Framing: JSON, What: "a message that is a map"}
		}
		r.state = jsonFirstKey
		return 1, false, r.open(Map)
	}
	if end := wordEnd(p, 0); end == 0 {
		return 0, false, unexpected(p[0], "a value")
	} else if end < len(p) {
		done, err = r.endWord(p[:end])
		return end, done, err
	}
	r.word = append(r.word[:0], p...)
	return len(p), false, nil
}

func (r *jsonReader) open(kind ValueKind) error {
	l := level{kind: kind, open: true, at: len(r.out)}
	r.out = openHead(r.out, kind)
	return r.push(l)
}

// more handles what follows a value inside a list or map.
func (r *jsonReader) more(c byte) (used int, done bool, err error) {
	kind := r.top().kind
	switch {
	case c == ',' && kind == List:
		r.state = jsonValue
	case c == ',':
		r.state = jsonKey
	case c == ']' && kind == List, c == '}' && kind == Map:
		done = r.end()
	default:
		err = unexpected(c, "a comma or the end of the "+kind.String())
	}
	return 1, done, err
}

// end closes the innermost list or map.
func (r *jsonReader) end() (done bool) {
	r.closeOpen()
	return r.valueDone()
}

// valueDone notes that a value or key is complete. True: it was the message.
func (r *jsonReader) valueDone() bool {
	if r.key() {
		r.state = jsonColon
	} else {
		r.state = jsonMore
	}
	return r.complete()
}

// wordPart goes on with a number or literal.
func (r *jsonReader) wordPart(p []byte) (used int, done bool, err error) {
	used = wordEnd(p, 0)
	r.word = append(r.word, p[:used]...)
	if used == len(p) {
		return used, false, nil
	}
	done, err = r.endWord(r.word)
	r.word = r.word[:0]
	return used, done, err
}

func (r *jsonReader) endWord(word []byte) (done bool, err error) {
	var ok bool
	if r.out, ok = appendJSONWord(r.out, word); !ok {
		return false, &SyntaxError{Framing: JSON, What: fmt.Sprintf("%.40q is neither number nor literal", word)}
	}
	return r.valueDone(), nil
}

// begin begins a string. If it ends here and has no escapes it is done at once.
func (r *jsonReader) begin(p []byte) (used int, done bool) {
	if end := plainEnd(p, 1); end < len(p) && p[end] == '"' {
		r.out = append(textHead(r.out, end-1), p[1:end]...)
		return end + 1, r.valueDone()
	}
	r.inText, r.at = true, len(r.out)
	r.out = append(r.out, 0xdb, 0, 0, 0, 0)
	return 1, false
}

// text goes on with a string.
func (r *jsonReader) text(p []byte) (used int, done bool, err error) {
	if len(r.escape) > 0 {
		used, err = r.escaped(p)
		return used, false, err
	}
	if r.high != 0 && p[0] != '\\' {
		r.flushHigh()
	}
	used = plainEnd(p, 0)
	r.out = append(r.out, p[:used]...)
	if used == len(p) {
		return used, false, nil
	}
	switch c := p[used]; c {
	case '"':
		r.inText = false
		putLength(r.out[r.at:], len(r.out)-r.at-5)
		return used + 1, r.valueDone(), nil
	case '\\':
		r.escape = append(r.spare[:0], c)
		return used + 1, false, nil
	default:
		return used, false, &SyntaxError{Framing: JSON, Offset: used, What: fmt.Sprintf("control character %#x in a string", c)}
	}
}

// escaped goes on with an escape sequence.
func (r *jsonReader) escaped(p []byte) (used int, err error) {
	for used < len(p) {
		r.escape = append(r.escape, p[used])
		used++
		if len(r.escape) == 2 && r.escape[1] != 'u' || len(r.escape) == 6 {
			err = r.endEscape()
			r.escape = nil
			return used, err
		}
	}
	return used, nil
}

// endEscape appends what an escape sequence stands for.
func (r *jsonReader) endEscape() error {
	c, ok := unescape(r.escape)
	if !ok {
		return &SyntaxError{Framing: JSON, What: fmt.Sprintf("escape sequence %q", r.escape)}
	}
	switch {
	case r.high != 0 && 0xdc00 <= c && c <= 0xdfff:
		r.out = utf8.AppendRune(r.out, (r.high-0xd800)<<10+(c-0xdc00)+0x10000)
		r.high = 0
		return nil
	case r.high != 0:
		r.flushHigh()
	}
	if 0xd800 <= c && c <= 0xdbff {
		r.high = c
		return nil
	}
	r.out = appendAnyRune(r.out, c)
	return nil
}

// flushHigh appends half of a surrogate pair whose other half didn't come.
func (r *jsonReader) flushHigh() {
	r.out = appendAnyRune(r.out, r.high)
	r.high = 0
}

// appendAnyRune appends a character up to U+FFFF, surrogates included.
func appendAnyRune(b []byte, c rune) []byte {
	if 0xd800 <= c && c <= 0xdfff {
		return append(b, 0xe0|byte(c>>12), 0x80|byte(c>>6)&0xbf, 0x80|byte(c)&0xbf)
	}
	return utf8.AppendRune(b, c)
}

// unescape reads a complete escape sequence.
func unescape(s []byte) (rune, bool) {
	switch s[1] {
	case '"', '\\', '/':
		return rune(s[1]), true
	case 'b':
		return '\b', true
	case 'f':
		return '\f', true
	case 'n':
		return '\n', true
	case 'r':
		return '\r', true
	case 't':
		return '\t', true
	case 'u':
		return hexRune(s[2:])
	}
	return 0, false
}

func hexRune(digits []byte) (c rune, ok bool) {
	for _, d := range digits {
		switch {
		case '0' <= d && d <= '9':
			d -= '0'
		case 'a' <= d && d <= 'f':
			d -= 'a' - 10
		case 'A' <= d && d <= 'F':
			d -= 'A' - 10
		default:
			return 0, false
		}
		c = c<<4 | rune(d)
	}
	return c, true
}

func jsonSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }
