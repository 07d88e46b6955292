package codec

import (
	"bytes"
	"math"
)

// Equal says whether two values mean the same to a tolerant reader: numbers by
// their value whatever their width, text and bytes by their characters, lists by
// their elements, maps by their entries in any order. NaN equals NaN. Numbers
// don't equal strings, and tags count.
func (v Value) Equal(w Value) bool {
	if bytes.Equal(v.raw, w.raw) {
		return true
	}
	switch k := v.Kind(); k {
	case Int, Float:
		return equalNumbers(v, w)
	case Text, Bytes:
		if w.Kind() != Text && w.Kind() != Bytes {
			return false
		}
		a, _ := v.TextBytes()
		b, _ := w.TextBytes()
		return bytes.Equal(a, b)
	case List:
		if w.Kind() != List {
			return false
		}
		a, _ := v.List()
		b, _ := w.List()
		return equalLists(a, b)
	case Map:
		if w.Kind() != Map {
			return false
		}
		a, _ := v.Map()
		b, _ := w.Map()
		return equalMaps(a, b)
	case Tagged:
		if w.Kind() != Tagged {
			return false
		}
		m, a, _ := v.Tag()
		n, b, _ := w.Tag()
		return m == n && a.Equal(b)
	default:
		return k == w.Kind() && k == Nil
	}
}

func equalNumbers(v, w Value) bool {
	a, b := v.Kind(), w.Kind()
	switch {
	case b != Int && b != Float:
		return false
	case a == Float && b == Float:
		x, y := v.float(), w.float()
		return x == y || math.IsNaN(x) && math.IsNaN(y)
	}
	u, neg, ok := v.integer()
	x, minus, okay := w.integer()
	return ok && okay && u == x && neg == minus
}

func equalLists(a, b Args) bool {
	if a.Len() != b.Len() {
		return false
	}
	for a.More() {
		if !a.Value().Equal(b.Value()) {
			return false
		}
	}
	return true
}

// equalMaps compares maps. If a key occurs twice, its last value counts.
func equalMaps(a, b Pairs) bool {
	x, y := a.table(), b.table()
	if len(x) != len(y) {
		return false
	}
	for key, v := range x {
		if w, ok := y[key]; !ok || !v.Equal(w) {
			return false
		}
	}
	return true
}

func (p Pairs) table() map[string]Value {
	t := make(map[string]Value, p.Len())
	for p.Next() {
		t[p.Key()] = p.val
	}
	return t
}
