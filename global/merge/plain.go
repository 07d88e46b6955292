package merge

import (
	"cmp"
	"iter"
	"maps"
	"slices"
)

// location is the family of the nodes' addresses.
const location = "'l"

func compare(a, b place) int {
	return cmp.Or(cmp.Compare(a.family, b.family), cmp.Compare(a.key, b.key))
}

func (s *Store) all(m map[place]Entry, family string) iter.Seq2[[]byte, Entry] {
	return func(yield func([]byte, Entry) bool) {
		for _, p := range slices.SortedFunc(maps.Keys(m), compare) {
			if p.family == family && !yield([]byte(p.key), m[p]) {
				return
			}
		}
	}
}

func (s *Store) merged(own bool) map[place]Entry {
	won := map[place]claim{}
	for publisher, m := range s.maps { // locations judge all others
		for p, e := range m {
			if c := s.claim(publisher, p, e); p.family == location && s.roles[publisher] != Stranger && won[p].less(c) {
				won[p] = c
			}
		}
	}
	judges := won
	won = map[place]claim{}
	for publisher, m := range s.maps {
		if own && s.roles[publisher] != Slave {
			continue
		}
		for p, e := range m {
			c := s.claim(publisher, p, e)
			home, known := judges[place{location, e.Owner}]
			if p.family != location && known && home.rank == 1 && home.via != c.via {
				continue
			}
			if won[p].less(c) {
				won[p] = c
			}
		}
	}
	out := map[place]Entry{}
	for p, c := range won {
		out[p] = c.Entry
	}
	return out
}

type claim struct {
	Entry
	rank           int
	via, publisher string
}

func (s *Store) claim(publisher string, p place, e Entry) claim {
	c := claim{e, 1, s.self, publisher}
	if s.roles[publisher] == Global {
		c.via = publisher
	}
	if p.family == location && p.key != e.Owner {
		c.rank = 0
	}
	return c
}

func (c claim) less(d claim) bool {
	return c.Value == nil || cmp.Or(cmp.Compare(c.rank, d.rank), cmp.Compare(c.Stamp, d.Stamp), cmp.Compare(c.Owner, d.Owner),
		cmp.Compare(c.via, d.via), cmp.Compare(c.publisher, d.publisher)) < 0
}
