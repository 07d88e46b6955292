package codec

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// CBOR's major types (RFC 8949, 3.1).
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborList
	cborMap
	cborTag
	cborSimple
)

// tagSelfDescribed is a tag that only says "this is CBOR". It is dropped.
const tagSelfDescribed = 55799

// indefinite is the low five bits of a head that leaves its size open.
const indefinite = 31

// A cborReader turns CBOR into MessagePack in one pass. Text and bytes stay what
// they are, integer map keys become decimal text, undefined becomes nil, and tags
// become our extension type.
type cborReader struct {
	build
	head   [9]byte // beginning of a head whose end hasn't come
	nhead  int
	skip   int  // octets of a string that haven't come
	chunks byte // inside a string of indefinite length: its major type, else 0
	at     int  // where that string's head is in out
}

// next takes octets from p up to the end of a top-level value: body is nil if
// that hasn't come, and then all of p is used.
func (r *cborReader) next(p []byte) (body []byte, used int, err error) {
	if len(p) == 0 {
		return nil, 0, nil
	}
	if !r.busy {
		r.reset()
		if used = r.flat(p); used > 0 {
			r.busy = false
			return r.out, used, r.within(used)
		}
		r.out = r.out[:0]
	}
	for i := 0; ; {
		n, done, err := r.step(p[i:])
		if e, ok := err.(*SyntaxError); ok {
			e.Offset = i
		}
		i += n
		if err == nil {
			err = r.within(i)
		}
		if err != nil {
			return nil, i, err
		}
		if done {
			r.busy = false
			return r.out, i, nil
		}
		if i == len(p) {
			r.size += i
			return nil, i, nil
		}
	}
}

// flat is the fast path for a message that is here as a whole, of at most 15
// elements and of the common kinds. It returns how long it is, or 0 if a closer
// look is needed.
func (r *cborReader) flat(p []byte) int {
	if p[0]&0xf0 != 0x80 || r.lim.Items < 15 || r.lim.Depth < 1 {
		return 0
	}
	n := int(p[0] & 15)
	out := append(r.out, 0x90|byte(n))
	i := 1
	for ; n > 0; n-- {
		if i >= len(p) {
			return 0
		}
		c := p[i]
		arg := int(c & 31)
		i++
		if arg >= 24 {
			if c>>5 == cborSimple {
				return 0
			}
			size := 1 << (arg - 24)
			if size > 4 || len(p)-i < size {
				return 0
			}
			switch size {
			case 1:
				arg = int(p[i])
			case 2:
				arg = int(binary.BigEndian.Uint16(p[i:]))
			case 4:
				arg = int(binary.BigEndian.Uint32(p[i:]))
			}
			i += size
		}
		switch c >> 5 {
		case cborUint:
			out = appendUint(out, uint64(arg))
			continue
		case cborNegative:
			out = appendInt(out, -1-int64(arg))
			continue
		case cborBytes:
			out = bytesHead(out, arg)
		case cborText:
			out = textHead(out, arg)
		case cborSimple:
			switch arg {
			case 20, 21:
				out = append(out, 0xc2+byte(arg-20))
			case 22, 23:
				out = append(out, 0xc0)
			default:
				return 0
			}
			continue
		default:
			return 0
		}
		if arg > len(p)-i {
			return 0
		}
		out = append(out, p[i:i+arg]...)
		i += arg
	}
	r.out = out
	return i
}

// step takes one head, or a string's contents as far as they are here.
func (r *cborReader) step(p []byte) (used int, done bool, err error) {
	if r.skip > 0 {
		n := min(r.skip, len(p))
		r.out = append(r.out, p[:n]...)
		r.skip -= n
		return n, r.skip == 0 && r.chunks == 0 && r.complete(), nil
	}
	head, used, err := r.nextHead(p)
	if head == nil || err != nil {
		return used, false, err
	}
	major, info := head[0]>>5, head[0]&31
	if r.chunks != 0 {
		done, err = r.chunk(major, info, headArg(head))
		return used, done, err
	}
	if info == indefinite {
		done, err = r.indefinite(major)
		return used, done, err
	}
	done, err = r.item(major, info, headArg(head))
	return used, done, err
}

// nextHead collects a head: nil if its end hasn't come.
func (r *cborReader) nextHead(p []byte) (head []byte, used int, err error) {
	first := p[0]
	if r.nhead > 0 {
		first = r.head[0]
	}
	size := 1
	switch info := first & 31; {
	case 24 <= info && info <= 27:
		size += 1 << (info - 24)
	case 28 <= info && info <= 30:
		return nil, 0, r.malformed(fmt.Sprintf("octet %#x begins no value", first))
	}
	if r.nhead == 0 && len(p) >= size {
		return p[:size], size, nil
	}
	used = copy(r.head[r.nhead:size], p)
	if r.nhead += used; r.nhead < size {
		return nil, used, nil
	}
	r.nhead = 0
	return r.head[:size], used, nil
}

// headArg is the number in a head.
func headArg(head []byte) uint64 {
	switch len(head) {
	case 1:
		return uint64(head[0] & 31)
	case 2:
		return uint64(head[1])
	case 3:
		return uint64(binary.BigEndian.Uint16(head[1:]))
	case 5:
		return uint64(binary.BigEndian.Uint32(head[1:]))
	default:
		return binary.BigEndian.Uint64(head[1:])
	}
}

func (r *cborReader) malformed(what string) error {
	return &SyntaxError{Framing: CBOR, What: what}
}

// item handles a value with a definite head.
func (r *cborReader) item(major, info byte, arg uint64) (done bool, err error) {
	if r.key() {
		return false, r.keyItem(major, arg)
	}
	if err := r.element(); err != nil {
		return false, err
	}
	switch major {
	case cborUint:
		r.out = appendUint(r.out, arg)
	case cborNegative:
		if err := r.negative(arg); err != nil {
			return false, err
		}
	case cborBytes, cborText:
		if err := r.text(major, arg); err != nil || r.skip > 0 {
			return false, err
		}
	case cborList, cborMap:
		return r.container(major, arg)
	case cborTag:
		return false, r.tag(arg)
	default:
		if err := r.simple(info, arg); err != nil {
			return false, err
		}
	}
	return r.complete(), nil
}

// element counts an element of a list or map that didn't say how many it has.
func (r *cborReader) element() error {
	if l := r.top(); l != nil && l.open {
		return r.count(1)
	}
	return nil
}

// text begins a string of which arg octets follow.
func (r *cborReader) text(major byte, arg uint64) error {
	if arg > uint64(r.lim.Message) {
		return &LimitError{"octets in a message", r.lim.Message}
	}
	r.skip = int(arg)
	if major == cborText {
		r.out = textHead(r.out, r.skip)
	} else {
		r.out = bytesHead(r.out, r.skip)
	}
	return nil
}

// negative is the integer -1-arg. Below -2^63 that is a big integer for us.
func (r *cborReader) negative(arg uint64) error {
	if arg < 1<<63 {
		r.out = appendInt(r.out, -1-int64(arg))
		return nil
	}
	if len(r.levels) >= r.lim.Depth {
		return &LimitError{"levels of nesting", r.lim.Depth}
	}
	b, at := beginTag(r.out, tagBigNeg)
	r.out = endTag(binary.BigEndian.AppendUint64(bytesHead(b, 8), arg), at)
	return r.count(1)
}

// container opens a list or map of arg elements or entries.
func (r *cborReader) container(major byte, arg uint64) (done bool, err error) {
	if arg > uint64(r.lim.Items) {
		return false, &LimitError{"elements in a message", r.lim.Items}
	}
	l := level{kind: List, at: len(r.out), want: int(arg)}
	if major == cborMap {
		if l.kind, l.want = Map, 2*l.want; len(r.levels) == 0 {
			return false, r.malformed("a message that is a map")
		}
		r.out = mapHead(r.out, int(arg))
	} else {
		r.out = listHead(r.out, int(arg))
	}
	if err := r.count(uint64(l.want)); err != nil {
		return false, err
	}
	if err := r.push(l); err != nil || l.want > 0 {
		return false, err
	}
	r.levels = r.levels[:len(r.levels)-1]
	return r.complete(), nil
}

// tag opens a tag, whose value follows.
func (r *cborReader) tag(number uint64) error {
	if number == tagSelfDescribed {
		if l := r.top(); l != nil && l.open {
			r.items-- // the value that follows is the element
		}
		return nil
	}
	if err := r.count(1); err != nil {
		return err
	}
	out, at := beginTag(r.out, number)
	r.out = out
	return r.push(level{kind: Tagged, at: at, want: 1})
}

// simple is a value of major type 7.
func (r *cborReader) simple(info byte, arg uint64) error {
	switch info {
	case 20, 21:
		r.out = append(r.out, 0xc2+info-20)
	case 22, 23:
		r.out = append(r.out, 0xc0)
	case 25:
		r.out = appendFloat32(r.out, halfFloat(uint16(arg)))
	case 26:
		r.out = binary.BigEndian.AppendUint32(append(r.out, 0xca), uint32(arg))
	case 27:
		r.out = binary.BigEndian.AppendUint64(append(r.out, 0xcb), arg)
	default:
		if info == 24 && arg < 32 {
			return r.malformed(fmt.Sprintf("simple value %d in two octets", arg))
		}
		return &ValueError{fmt.Sprintf("CBOR simple value %d", arg), Msgpack}
	}
	return nil
}

// halfFloat widens a float of 16 bits.
func halfFloat(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp, frac := uint32(h>>10)&0x1f, uint32(h&0x3ff)
	switch exp {
	case 0:
		f := float32(frac) / (1 << 24)
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1f:
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

// keyItem handles a map's key.
func (r *cborReader) keyItem(major byte, arg uint64) error {
	if major == cborTag && arg == tagSelfDescribed {
		return nil
	}
	if err := r.element(); err != nil {
		return err
	}
	var digits [21]byte
	switch {
	case major == cborText || major == cborBytes:
		if err := r.text(major, arg); err != nil || r.skip > 0 {
			return err
		}
	case major == cborUint:
		r.out = appendText(r.out, string(strconv.AppendUint(digits[:0], arg, 10)))
	case major == cborNegative && arg < 1<<63:
		r.out = appendText(r.out, string(strconv.AppendInt(digits[:0], -1-int64(arg), 10)))
	default:
		return r.malformed("a map key that is neither string nor 64-bit integer")
	}
	r.complete()
	return nil
}

// indefinite handles a head without size: of a string, list or map, or the break
// that ends one.
func (r *cborReader) indefinite(major byte) (done bool, err error) {
	if major == cborSimple {
		return r.end()
	}
	isString := major == cborBytes || major == cborText
	if r.key() && !isString {
		return false, r.malformed("a map key that is neither string nor 64-bit integer")
	}
	if err := r.element(); err != nil {
		return false, err
	}
	switch {
	case isString:
		r.chunks, r.at = major, len(r.out)
		first := byte(0xdb)
		if major == cborBytes {
			first = 0xc6
		}
		r.out = append(r.out, first, 0, 0, 0, 0)
		return false, nil
	case major == cborList:
		l := level{kind: List, open: true, at: len(r.out)}
		r.out = openHead(r.out, List)
		return false, r.push(l)
	case major == cborMap:
		if len(r.levels) == 0 {
			return false, r.malformed("a message that is a map")
		}
		l := level{kind: Map, open: true, at: len(r.out)}
		r.out = openHead(r.out, Map)
		return false, r.push(l)
	}
	return false, r.malformed("an integer or tag of indefinite length")
}

// end handles a break outside of strings.
func (r *cborReader) end() (done bool, err error) {
	l := r.top()
	if l == nil || !l.open || l.kind == Map && l.n&1 != 0 {
		return false, r.malformed("a break where nothing can end")
	}
	r.closeOpen()
	return r.complete(), nil
}

// chunk handles a head inside a string of indefinite length.
func (r *cborReader) chunk(major, info byte, arg uint64) (done bool, err error) {
	if major == cborSimple && info == indefinite {
		r.chunks = 0
		putLength(r.out[r.at:], len(r.out)-r.at-5)
		return r.complete(), nil
	}
	if major != r.chunks || info == indefinite {
		return false, r.malformed("a chunk of a string that is no such string itself")
	}
	if arg > uint64(r.lim.Message) {
		return false, &LimitError{"octets in a message", r.lim.Message}
	}
	r.skip = int(arg)
	return false, nil
}
