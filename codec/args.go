package codec

import "math"

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
	b   []byte // what is left
	n   int    // how many elements that is
	at  int    // index of the next one
	err error
}

// Err is the first error, an *AccessError.
func (a *Args) Err() error { return a.err }

// Len is the number of elements left.
func (a *Args) Len() int { return a.n }

// More says whether there are elements left and nothing has gone wrong.
func (a *Args) More() bool { return a.n > 0 && a.err == nil }

// Value reads the next element as it is. Borrowed.
func (a *Args) Value() Value {
	if !a.More() {
		a.fail(&AccessError{Index: a.at, Want: "a value", Have: Missing})
		return Value{}
	}
	size := valueSize(a.b)
	v := Value{a.b[:size:size]}
	a.advance(size)
	return v
}

func (a *Args) advance(size int) {
	a.b = a.b[size:]
	a.n--
	a.at++
}

// fail makes err stick, unless there was one before.
func (a *Args) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// wrong says which element err is about.
func (a *Args) wrong(err error) {
	if e, ok := err.(*AccessError); ok {
		e.Index = a.at - 1
	}
	a.fail(err)
}

// want is the next element, or false with an error that says what was wanted.
func (a *Args) want(what string) (Value, bool) {
	if !a.More() {
		a.fail(&AccessError{Index: a.at, Want: what, Have: Missing})
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
	if a.n > 0 && a.err == nil {
		if s := shapes[a.b[0]]; s.kind == Int {
			if u, neg := intBits(a.b); neg || u <= math.MaxInt64 {
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
	if a.n > 0 && a.err == nil {
		if s := shapes[a.b[0]]; s.kind == Text {
			end := int(s.head) + s.length(a.b)
			text := a.b[s.head:end:end]
			a.advance(end)
			return text
		}
	}
	return read(a, "text", Value.TextBytes)
}

// Bytes reads octets, borrowed where no conversion is needed.
func (a *Args) Bytes() []byte {
	if a.n > 0 && a.err == nil {
		if s := shapes[a.b[0]]; s.kind == Bytes {
			end := int(s.head) + s.length(a.b)
			octets := a.b[s.head:end:end]
			a.advance(end)
			return octets
		}
	}
	return read(a, "bytes", Value.Bytes)
}

// IsNil says whether the next element is nil. It doesn't step over it.
func (a *Args) IsNil() bool {
	return a.More() && Value{a.b[:valueSize(a.b)]}.IsNil()
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
	return ArgsMessage(a.b, a.n)
}
