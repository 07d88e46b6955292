package merge

import (
	"iter"
	"slices"
)

// Get is what this node believes of a key.
func (s *Store) Get(family, key string) (Entry, bool) {
	view, _ := s.lookup(family, key)
	return s.entryOf(view)
}

// OwnOf is what this node publishes of a key to the other global nodes.
func (s *Store) OwnOf(family, key string) (Entry, bool) {
	_, own := s.lookup(family, key)
	return s.entryOf(own)
}

// Held is the size in octets of the value that a publisher has at a key; -1: none.
func (s *Store) Held(publisher string, family, key []byte) int {
	r := s.entryBy(publisher, family, key)
	if r == 0 {
		return -1
	}
	return len(s.blobs.value(s.records.at(r).blob))
}

// Family yields what this node believes of a family: keys, borrowed like the
// values, and entries. The order depends on nothing but the calls before. The
// store must not be changed meanwhile.
func (s *Store) Family(family string) iter.Seq2[[]byte, Entry] {
	return func(yield func([]byte, Entry) bool) {
		s.each(family, func(r, view, _ uint32) bool {
			return r != view || yield(s.blobs.key(s.records.at(r).blob), s.entry(r))
		})
	}
}

// Own yields what this node publishes of a family to the other global nodes: the
// best of its slaves' entries, its own among them. As with Family, the order is
// deterministic, and all is borrowed.
//
// Who is told this and from then on each Change knows what is published, if there
// were no changes to be told when it was: an entry that came after the last Changes
// can go before the next one, and isn't mentioned there. The same holds for Family
// and Get.
func (s *Store) Own(family string) iter.Seq2[[]byte, Entry] {
	return func(yield func([]byte, Entry) bool) {
		s.each(family, func(r, _, own uint32) bool {
			return r != own || yield(s.blobs.key(s.records.at(r).blob), s.entry(r))
		})
	}
}

// each visits the records of a family that count, and names the winners of their
// keys, until visit returns false.
func (s *Store) each(name string, visit func(r, view, own uint32) bool) {
	f := s.families[name]
	if f == nil {
		return
	}
	for _, h := range f.holdings.list {
		if !h.counts {
			continue
		}
		for r := h.first; r != 0; r = s.records.at(r).next {
			if view, own := s.winners(f, r); !visit(r, view, own) {
				return
			}
		}
	}
}

// Families are the names of all families that have keys, sorted.
func (s *Store) Families() []string {
	var names []string
	for name := range s.families {
		if s.Len(name) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Len is the number of a family's keys.
func (s *Store) Len(family string) int {
	f := s.families[family]
	if f == nil {
		return 0
	}
	n := f.keys
	for i := f.marked.first; i != 0; {
		b := &s.pending.befores[i-1]
		view, _ := s.winners(f, s.find(f, b.key, b.hash))
		n += change(b.there, view != 0)
		i = b.next
	}
	return n
}

// lookup finds the winners of a key.
func (s *Store) lookup(family, key string) (view, own uint32) {
	f := s.families[family]
	if f == nil {
		return 0, 0
	}
	k := []byte(key)
	return s.winners(f, s.find(f, k, f.hash(k)))
}

func (s *Store) entryOf(r uint32) (Entry, bool) {
	if r == 0 {
		return Entry{}, false
	}
	return s.entry(r), true
}

func (s *Store) entry(r uint32) Entry {
	rec := s.records.at(r)
	return Entry{Value: s.blobs.value(rec.blob), Stamp: rec.stamp, Owner: s.holdings[rec.holding].owner.id}
}
