package global

import (
	"encoding/binary"

	"github.com/aemp-go/aemp/codec"
)

// A gathering puts a map or list together that comes in parts: between our own nodes
// one message doesn't carry a whole large family.
type gathering struct {
	b    []byte // elements so far, after room for a head
	n    int    // how many
	kind codec.ValueKind
}

// headRoom is the greatest head of a map or list, in octets.
const headRoom = 5

// part takes one part. With the last one it gives the whole, which is lent until the
// next part.
func (g *gathering) part(v codec.Value, more bool) (whole codec.Value, done bool, err error) {
	v = v.Inner()
	if !more && g.n == 0 {
		return v, true, nil
	}
	if err := g.add(v); err != nil || more {
		return codec.Value{}, false, err
	}
	whole = g.whole()
	*g = gathering{}
	return whole, true, nil
}

func (g *gathering) add(v codec.Value) error {
	n, err := elements(v)
	if err != nil {
		return err
	}
	if g.b == nil {
		g.b, g.kind = make([]byte, headRoom), v.Kind()
	}
	if v.Kind() != g.kind {
		return &codec.AccessError{Index: -1, Want: g.kind.String(), Have: v.Kind()}
	}
	payload := v.Raw()[headSize(v.Raw()[0]):]
	if err := gatherable(len(g.b) + len(payload)); err != nil {
		return err
	}
	g.b = append(g.b, payload...)
	g.n += n
	return nil
}

// gatherable says whether parts may be so long together.
func gatherable(octets int) error {
	if octets > maxGathered {
		return &codec.LimitError{What: "octets in the parts of one message", Limit: maxGathered}
	}
	return nil
}

// elements is how many a map or list has.
func elements(v codec.Value) (int, error) {
	if v.Kind() == codec.Map {
		p, err := v.Map()
		return p.Len(), err
	}
	l, err := v.List()
	return l.Len(), err
}

// headSize is the size of a map's or list's head, by its first octet.
func headSize(c byte) int {
	switch c {
	case 0xdc, 0xde:
		return 3
	case 0xdd, 0xdf:
		return headRoom
	}
	return 1
}

func (g *gathering) whole() codec.Value {
	g.b[0] = 0xdd
	if g.kind == codec.Map {
		g.b[0] = 0xdf
	}
	binary.BigEndian.PutUint32(g.b[1:], uint32(g.n))
	return value(g.b)
}
