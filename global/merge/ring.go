package merge

import "iter"

// The records of a key, one of each publisher that has it, are a ring. Usually there
// is but one. The family's index leads to any of them.

// join puts a new record into the ring of a peer, or begins one: 0.
func (s *Store) join(r, peer uint32) {
	rec := s.records.at(r)
	if peer == 0 {
		rec.peer = r
		return
	}
	before := s.records.at(peer)
	before.peer, rec.peer = r, before.peer
}

// part takes a record out of its ring, and returns another one there, or 0.
func (s *Store) part(r uint32) uint32 {
	rec := s.records.at(r)
	before := r
	for s.records.at(before).peer != r {
		before = s.records.at(before).peer
	}
	if before == r {
		return 0
	}
	s.records.at(before).peer = rec.peer
	return before
}

// peers yields all records of a key of which one, or none, is known.
func (s *Store) peers(r uint32) iter.Seq2[uint32, *holding] {
	return func(yield func(uint32, *holding) bool) {
		if r == 0 {
			return
		}
		for at := r; ; {
			rec := s.records.at(at)
			if !yield(at, s.holdings[rec.holding]) || rec.peer == r {
				return
			}
			at = rec.peer
		}
	}
}

// of is a publisher's record among those of a key.
func (s *Store) of(publisher *node, peer uint32) uint32 {
	for r, h := range s.peers(peer) {
		if h.publisher == publisher {
			return r
		}
	}
	return 0
}

// entryBy is a publisher's record of a key; 0: it has none.
func (s *Store) entryBy(publisher string, family, key []byte) uint32 {
	f, n := s.families[string(family)], s.nodes[publisher]
	if f == nil || n == nil {
		return 0
	}
	return s.of(n, s.find(f, key, f.hash(key)))
}
