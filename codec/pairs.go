package codec

import "iter"

// Pairs reads a map's entries one after the other:
//
//	for p.Next() {
//		use(p.Key(), p.Value())
//	}
//
// It is borrowed like the message it reads; a copy of it reads on by itself.
type Pairs struct {
	b        []byte // what is left
	n        int    // how many entries that is
	key, val Value
}

// Len is the number of entries left.
func (p *Pairs) Len() int { return p.n }

// Next steps to the next entry and says whether there is one.
func (p *Pairs) Next() bool {
	if p.n == 0 {
		return false
	}
	p.n--
	size := valueSize(p.b)
	p.key, p.b = Value{p.b[:size:size]}, p.b[size:]
	size = valueSize(p.b)
	p.val, p.b = Value{p.b[:size:size]}, p.b[size:]
	return true
}

// Key is the entry's key. The result is a copy.
func (p *Pairs) Key() string { return string(p.KeyBytes()) }

// KeyBytes is the entry's key in UTF-8, borrowed where no conversion is needed.
func (p *Pairs) KeyBytes() []byte {
	b, _ := p.key.TextBytes() // can't fail: keys are text or bytes
	return b
}

// Value is the entry's value. Borrowed.
func (p *Pairs) Value() Value { return p.val }

// Get looks for a key among the entries left, whether it came as text or bytes.
func (p Pairs) Get(key string) (Value, bool) {
	for p.Next() {
		if string(p.KeyBytes()) == key {
			return p.val, true
		}
	}
	return Value{}, false
}

// All is the entries left, for range.
func (p Pairs) All() iter.Seq2[string, Value] {
	return func(yield func(string, Value) bool) {
		for p := p; p.Next(); {
			if !yield(p.Key(), p.val) {
				return
			}
		}
	}
}
