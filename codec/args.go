package codec

import (
	"math"
)

// Args reads a list's elements one after the other:
//
//	r := m.Args()
//	id, name := r.Int(), r.Text()
//	if err := r.Err(); err != nil { … }
//
// The first error sticks: from then on every method returns a zero value. The
// accessors are as tolerant as Value's. Args is borrowed like the message it
// reads; a copy of it reads on by itself.
type Args struct {
	// What isn't zero at first is little, so that the compiler builds an Args in place.
	b   []byte
	i   int   // what is left begins at b[i]
	n   int32 // elements in all
	at  int32 // index of the next one; after an error there is none
	err error
}

// left is the encoding of the elements that are left.
func (a *Args) left() []byte {
	if a.at == a.n {
		return nil
	}
	return a.b[a.i:]
}

// Err is the first error, an *AccessError.
func (a *Args) Err() error { return a.err }

// Len is the number of elements left; none after an error.
func (a *Args) Len() int { return int(a.n - a.at) }

// More says whether there are elements left and nothing has gone wrong.
func (a *Args) More() bool { return a.at < a.n }

// Value reads the next element as it is. Borrowed.
func (a *Args) Value() Value {
	if !a.More() {
		a.fail(&AccessError{Index: int(a.at), Want: "a value", Have: Missing})
		return Value{}
	}
	b := a.b[a.i:]
	size := valueSize(b)
	a.advance(size)
	return Value{b[:size:size]}
}

func (a *Args) advance(size int) {
	a.i += size
	a.at++
}

// fail makes err stick, unless there was one before.
func (a *Args) fail(err error) {
	if a.err == nil && err != nil {
		a.err, a.n = err, a.at
	}
}

// wrong says which element err is about.
func (a *Args) wrong(err error) {
	if e, ok := err.(*AccessError); ok {
		e.Index = int(a.at) - 1
	}
	a.fail(err)
}

// want is the next element, or false with an error that says what was wanted.
func (a *Args) want(what string) (Value, bool) {
	if !a.More() {
		a.fail(&AccessError{Index: int(a.at), Want: what, Have: Missing})
		return Value{}, false
	}
	return a.Value(), true
}

// read is the next element, taken by the accessor get.
func read[T any](a *Args, what string, get func(Value) (T, error)) (x T) {
	v, ok := a.want(what)
	if !ok {
		return x
	}
	x, err := get(v)
	if err != nil {
		a.wrong(err)
	}
	return x
}

// Int reads an integer.
func (a *Args) Int() int64 {
	// Written so that the compiler checks once whether all octets are there.
	if b, i := a.b, a.i; a.at < a.n && i >= 0 && i < len(b)-4 {
		c, follows := b[i], uint32(b[i+4])|uint32(b[i+3])<<8|uint32(b[i+2])<<16|uint32(b[i+1])<<24
		switch {
		case c < 0x80:
			a.advance(1)
			return int64(c)
		case c == 0xcd:
			a.advance(3)
			return int64(follows >> 16)
		case c == 0xce:
			a.advance(5)
			return int64(follows)
		}
	}
	return a.anyInt()
}

func (a *Args) anyInt() int64 {
	if b := a.left(); len(b) > 0 {
		if s := shapes[b[0]]; s.kind == Int {
			if u, neg := intBits(b); neg || u <= math.MaxInt64 {
				a.advance(1 + int(s.n))
				return int64(u)
			}
		}
	}
	return read(a, "int64", Value.Int)
}

// Uint reads an integer that isn't negative.
func (a *Args) Uint() uint64 { return read(a, "uint64", Value.Uint) }

// Float reads a number.
func (a *Args) Float() float64 { return read(a, "float", Value.Float) }

// Bool reads a truth value.
func (a *Args) Bool() bool { return read(a, "bool", Value.Bool) }

// Text reads a string. The result is a copy.
func (a *Args) Text() string { return string(a.TextBytes()) }

// TextBytes reads a string as UTF-8 octets, borrowed where no conversion is needed.
func (a *Args) TextBytes() []byte {
	// As shortText, but in place: it is most of what handlers read.
	if b, i := a.b, a.i; a.at < a.n && i >= 0 && i < len(b)-1 {
		c, at := b[i], i+1
		end := at + int(c&0x1f)
		if c == 0xd9 {
			at, end = i+2, i+2+int(b[i+1])
		}
		if (c == 0xd9 || c&0xe0 == 0xa0) && end <= len(b) {
			a.advance(end - i)
			return b[at:end:end]
		}
	}
	return read(a, "text", Value.TextBytes)
}

// Bytes reads octets, borrowed where no conversion is needed.
func (a *Args) Bytes() []byte {
	if b := a.left(); len(b) > 1 && b[0] == 0xc4 {
		if octets, n := b[2:], int(b[1]); n <= len(octets) {
			a.advance(2 + n)
			return octets[:n:n]
		}
	}
	return read(a, "bytes", Value.Bytes)
}

// IsNil says whether the next element is nil. It doesn't step over it.
func (a *Args) IsNil() bool {
	b := a.left()
	return len(b) > 0 && Value{b[:valueSize(b)]}.IsNil()
}

// Nil reads a nil.
func (a *Args) Nil() {
	if v, ok := a.want("nil"); ok && !v.IsNil() {
		a.wrong(valueError(v, "nil"))
	}
}

// List reads a list. If that fails, reading from the result gives the same error.
func (a *Args) List() Args {
	l := read(a, "list", Value.List)
	if a.err != nil {
		return Args{err: a.err}
	}
	return l
}

// Map reads a map.
func (a *Args) Map() Pairs { return read(a, "map", Value.Map) }

// Any reads an element as a Go value, see Value.Any.
func (a *Args) Any() any {
	v, ok := a.want("a value")
	if !ok {
		return nil
	}
	return v.Any()
}

// Skip steps over one element.
func (a *Args) Skip() { a.want("a value") }

// Rest is what is left, as a message; empty after an error. Borrowed.
func (a *Args) Rest() Message {
	if a.err != nil {
		return Message{}
	}
	return ArgsMessage(a.b[a.i:], a.Len())
}
