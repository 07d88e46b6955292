package merge

import "bytes"

// A Change is what happened to one key since the last call of Changes. All of it
// is borrowed until the function returns.
type Change struct {
	Family           string
	Key              []byte
	ViewBefore, View []byte // what this node believes; nil: no such key
	OwnBefore, Own   Entry  // what it publishes to the other globals; no Value: nothing
}

// Dirty says whether there may be changes.
func (s *Store) Dirty() bool { return len(s.pending.befores) > 0 }

// Changes tells f of each key that changed since the last call, family by family,
// in an order that depends on nothing but the calls before. A key whose view and
// own are as they were isn't mentioned. f must not change the store.
func (s *Store) Changes(f func(c Change)) {
	p := &s.pending
	for _, family := range p.families {
		for i := family.marked.first; i != 0; i = p.befores[i-1].next {
			s.tell(&p.befores[i-1], f)
		}
		family.marked = marked{}
		if len(family.holdings.list) == 0 {
			delete(s.families, family.name)
		}
	}
	p.reset()
}

func (s *Store) tell(b *before, f func(c Change)) {
	view, own := s.winners(b.family, s.find(b.family, b.key, b.hash))
	c := Change{Family: b.family.name, Key: b.key, ViewBefore: b.view, OwnBefore: b.own}
	if view != 0 {
		c.View = s.blobs.value(s.records.at(view).blob)
	}
	if own != 0 {
		c.Own = s.entry(own)
	}
	b.family.keys += change(b.there, view != 0)
	b.there = view != 0
	if !bytes.Equal(c.ViewBefore, c.View) || !c.OwnBefore.equal(c.Own) {
		f(c)
	}
}

// change is by how much a key changes the number of keys.
func change(before, now bool) int {
	switch {
	case now && !before:
		return 1
	case before && !now:
		return -1
	}
	return 0
}

func (e Entry) equal(o Entry) bool {
	return bytes.Equal(e.Value, o.Value) && e.Stamp == o.Stamp && e.Owner == o.Owner
}
