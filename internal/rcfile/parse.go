package rcfile

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	// maxSize bounds the file (octets): a chain of certificates has some 10 KiB.
	maxSize = 1 << 20

	// maxDepth bounds the nesting of values. Settings need four levels, the
	// arguments of services have what remains.
	maxDepth = 64
)

// An Error says what is wrong, and where.
type Error struct {
	Path   string
	Line   int // from 1; 0: the file as a whole
	Column int // from 1, in characters
	Reason string
}

func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.Path, e.Reason)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Reason)
}

type kind uint8

const (
	nullValue kind = iota
	boolValue
	numberValue
	textValue
	listValue
	objectValue
)

func (k kind) String() string {
	return [...]string{"null", "a boolean", "a number", "a string", "a list", "an object"}[k]
}

// A value is a node of the tree, with its place in the source.
type value struct {
	kind       kind
	start, end int
	text       string // of a string its characters, of a number or boolean its literal
	list       []value
	members    []member
	trailing   bool // a comma follows the last element
}

type member struct {
	key   string
	start int // of the key
	value value
}

// find returns the member of that name; nil if there is none.
func (v *value) find(key string) *member {
	for i := range v.members {
		if v.members[i].key == key {
			return &v.members[i]
		}
	}
	return nil
}

// A fault is what is wrong at an offset; it becomes an Error.
type fault struct {
	offset int
	reason string
}

// A parser reads one source. Its methods panic with a fault.
type parser struct {
	src   string
	pos   int
	depth int
}

// parse reads a whole source. There is no value (nil) in one of white space and
// comments only.
func parse(src string) (root *value, bad *fault) {
	if len(src) > maxSize {
		return nil, &fault{-1, fmt.Sprintf("the file is larger than %d octets", maxSize)}
	}
	defer func() {
		if caught := recover(); caught != nil {
			f, ok := caught.(fault)
			if !ok {
				panic(caught)
			}
			root, bad = nil, &f
		}
	}()
	return (&parser{src: src}).source(), nil
}

func (p *parser) source() *value {
	p.space()
	if p.pos == len(p.src) {
		return nil
	}
	root := p.value()
	p.space()
	if p.pos < len(p.src) {
		p.fail("%s after the end of the configuration", p.here())
	}
	if root.kind != objectValue {
		p.failAt(root.start, "the configuration is %s, not an object", root.kind)
	}
	return &root
}

func (p *parser) fail(format string, args ...any) { p.failAt(p.pos, format, args...) }

func (p *parser) failAt(offset int, format string, args ...any) {
	panic(fault{offset, fmt.Sprintf(format, args...)})
}

// here names the character that is next, for errors.
func (p *parser) here() string {
	if p.pos == len(p.src) {
		return "the end of the file"
	}
	c, _ := utf8.DecodeRuneInString(p.src[p.pos:])
	return strconv.QuoteRune(c)
}

// peek is the next octet; 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.src) {
		return p.src[p.pos]
	}
	return 0
}

func (p *parser) take(c byte) bool {
	if p.pos < len(p.src) && p.src[p.pos] == c {
		p.pos++
		return true
	}
	return false
}

// space skips white space and comments. Those may have any octets.
func (p *parser) space() {
	for p.pos < len(p.src) {
		switch p.src[p.pos] {
		case ' ', '\t', '\n', '\r':
			p.pos++
		case '#':
			p.comment()
		default:
			return
		}
	}
}

func (p *parser) comment() {
	length := strings.IndexAny(p.src[p.pos:], "\r\n")
	if length < 0 {
		length = len(p.src) - p.pos
	}
	p.pos += length
}

func (p *parser) value() value {
	v := value{start: p.pos}
	switch c := p.peek(); {
	case c == '{':
		p.object(&v)
	case c == '[':
		p.array(&v)
	case c == '"':
		v.kind, v.text = textValue, p.string()
	case c == '-' || isDigit(c):
		p.number(&v)
	default:
		p.word(&v)
	}
	v.end = p.pos
	return v
}

func (p *parser) enter() {
	p.depth++
	if p.depth > maxDepth {
		p.fail("nested deeper than %d levels", maxDepth)
	}
	p.pos++
}

func (p *parser) object(v *value) {
	v.kind = objectValue
	p.enter()
	seen := make(map[string]int)
	for !p.ends(v, '}', len(v.members)) {
		m := member{start: p.pos}
		if p.peek() != '"' {
			p.fail("%s where a key in quotes is expected", p.here())
		}
		m.key = p.string()
		if first, twice := seen[m.key]; twice {
			line, column := position(p.src, first)
			p.failAt(m.start, "key %q again, it is at %d:%d already", m.key, line, column)
		}
		seen[m.key] = m.start
		p.space()
		if !p.take(':') {
			p.fail("%s where the colon after key %q is expected", p.here(), m.key)
		}
		p.space()
		m.value = p.value()
		v.members = append(v.members, m)
	}
}

func (p *parser) array(v *value) {
	v.kind = listValue
	p.enter()
	for !p.ends(v, ']', len(v.list)) {
		v.list = append(v.list, p.value())
	}
}

// ends takes what is between two elements or after the last, and says whether
// that was the end. before is how many elements there were.
func (p *parser) ends(v *value, closing byte, before int) bool {
	p.space()
	comma := before > 0 && p.take(',')
	p.space()
	if p.take(closing) {
		v.trailing = comma
		p.depth--
		return true
	}
	if before > 0 && !comma {
		p.fail("%s where a comma or %q is expected", p.here(), closing)
	}
	return false
}

func (p *parser) word(v *value) {
	switch rest := p.src[p.pos:]; {
	case strings.HasPrefix(rest, "null"):
		v.kind, v.text = nullValue, "null"
	case strings.HasPrefix(rest, "true"):
		v.kind, v.text = boolValue, "true"
	case strings.HasPrefix(rest, "false"):
		v.kind, v.text = boolValue, "false"
	default:
		p.fail("%s where a value is expected", p.here())
	}
	p.pos += len(v.text)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func (p *parser) number(v *value) {
	v.kind = numberValue
	p.take('-')
	leading := p.peek() == '0'
	if count := p.digits(); leading && count > 1 {
		p.failAt(v.start, "a number with a leading zero")
	}
	if p.take('.') {
		p.digits()
	}
	if p.take('e') || p.take('E') {
		_ = p.take('+') || p.take('-')
		p.digits()
	}
	v.text = p.src[v.start:p.pos]
}

func (p *parser) digits() (count int) {
	for ; isDigit(p.peek()); count++ {
		p.pos++
	}
	if count == 0 {
		p.fail("%s where a digit is expected", p.here())
	}
	return count
}

func (p *parser) string() string {
	start := p.pos
	p.pos++
	var s strings.Builder
	for {
		if p.pos == len(p.src) {
			p.failAt(start, "the string isn't closed")
		}
		c, size := utf8.DecodeRuneInString(p.src[p.pos:])
		switch {
		case c == '"':
			p.pos++
			return s.String()
		case c == '\\':
			s.WriteRune(p.escape())
			continue
		case c == utf8.RuneError && size == 1:
			p.fail("octet %#02x is not UTF-8", p.src[p.pos])
		case c < ' ' && c != '\t':
			p.fail("%s in a string", p.here())
		}
		s.WriteRune(c)
		p.pos += size
	}
}

var escapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func (p *parser) escape() rune {
	start := p.pos
	p.pos++
	if p.take('u') {
		return p.codePoint(start)
	}
	c, known := escapes[p.peek()]
	if !known {
		p.failAt(start, "unknown escape \\ before %s", p.here())
	}
	p.pos++
	return c
}

// codePoint reads what follows \u, of two such escapes when it is a surrogate.
func (p *parser) codePoint(start int) rune {
	c := p.hex()
	if !utf16.IsSurrogate(c) {
		return c
	}
	if strings.HasPrefix(p.src[p.pos:], `\u`) {
		p.pos += 2
		if pair := utf16.DecodeRune(c, p.hex()); pair != utf8.RuneError {
			return pair
		}
	}
	p.failAt(start, "half of a surrogate pair")
	return 0
}

func (p *parser) hex() rune {
	end := min(p.pos+4, len(p.src))
	digits := p.src[p.pos:end]
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil || len(digits) < 4 {
		p.fail("%q where four hexadecimal digits are expected", digits)
	}
	p.pos = end
	return rune(n)
}

// position turns an offset into line and column.
func position(src string, offset int) (line, column int) {
	before := src[:offset]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}
