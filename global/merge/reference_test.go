package merge

import "cmp"

// A copy is one publisher's map as one global node holds it.
type copyOf struct {
	publisher, via string
	role           Role
	entries        map[place]Entry
}

type place struct{ family, key string }

type claim struct {
	place
	Entry
	from *copyOf
}

// reference says what the store has to: what wins of all copies, or of those that
// are published.
func reference(copies []*copyOf, own bool) map[place]Entry {
	homes := best(copies, func(c claim) bool {
		return c.family == location && c.key == c.Owner && c.from.role != Stranger
	})
	won := map[place]Entry{}
	for p, c := range best(copies, func(c claim) bool {
		home, known := homes[place{location, c.Owner}]
		return (c.family == location || !known || home.from.via == c.from.via) && (!own || c.from.role == Slave)
	}) {
		won[p] = c.Entry
	}
	return won
}

func best(copies []*copyOf, counts func(claim) bool) map[place]claim {
	won := map[place]claim{}
	for _, from := range copies {
		for p, e := range from.entries {
			c := claim{p, e, from}
			if w, some := won[p]; counts(c) && (!some || w.less(c)) {
				won[p] = c
			}
		}
	}
	return won
}

func (c claim) less(d claim) bool {
	if c.family == location && (c.key == c.Owner) != (d.key == d.Owner) {
		return d.key == d.Owner
	}
	return cmp.Or(cmp.Compare(c.Stamp, d.Stamp), cmp.Compare(c.Owner, d.Owner),
		cmp.Compare(c.from.via, d.from.via), cmp.Compare(c.from.publisher, d.from.publisher)) < 0
}
