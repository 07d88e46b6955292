package codec

import "slices"

// A mapBuilder appends a map sorted by key, so that equal maps have equal
// encodings. It takes the entries as they come and sorts the encoded ones at the
// end: a slice of the keys would make the caller's arguments escape.
type mapBuilder struct {
	b       []byte
	entries []mapEntry
}

// A mapEntry says where in the buffer an entry is.
type mapEntry struct{ at, value, end int }

// beginMap begins a map of n entries: for each of them key has to be called and
// one value be appended to the builder's b, then end.
func beginMap(b []byte, n int) mapBuilder {
	return mapBuilder{mapHead(b, n), make([]mapEntry, 0, n)}
}

func (m *mapBuilder) key(k string) {
	e := mapEntry{at: len(m.b)}
	m.b = appendText(m.b, k)
	e.value = len(m.b)
	m.entries = append(m.entries, e)
}

// end completes the map and gives the buffer back.
func (m *mapBuilder) end() []byte {
	if len(m.entries) < 2 {
		return m.b
	}
	end := len(m.b)
	for i := range slices.Backward(m.entries) {
		m.entries[i].end, end = end, m.entries[i].at
	}
	start := end
	slices.SortFunc(m.entries, func(x, y mapEntry) int {
		return slices.Compare(Value{m.b[x.at:x.value]}.payload(), Value{m.b[y.at:y.value]}.payload())
	})
	sorted := make([]byte, 0, len(m.b)-start)
	for _, e := range m.entries {
		sorted = append(sorted, m.b[e.at:e.end]...)
	}
	copy(m.b[start:], sorted)
	return m.b
}
