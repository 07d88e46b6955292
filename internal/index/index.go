// Package index finds things by their hash, millions of them, in little memory and without
// a pointer that the garbage collector would have to follow.
package index

// An Index has numbers from 1, such as those of records in an array, by the hash of what
// is found there. It is a
// directory of tables, chosen by the first bits of the hash, in which a hash stands
// beside its number: so other things, for each of which memory would have to be waited
// for, aren't looked at. A full table is copied into one of twice the size or, once it is
// large, divided into two (extendible hashing): so no Set pays for all.
type Index struct {
	tables []*table // a power of two of them; a table may be there several times
	bits   uint8    // of the hash, that choose among them
	number int
}

// A table is searched from where the last bits of the hash point to the next free slot.
type table struct {
	slots []slot // a power of two of them
	used  int
	bits  uint8 // that all its hashes begin with
}

type slot struct{ hash, ref uint32 } // ref 0: free

const (
	firstSlots = 4
	mostSlots  = 1 << 10 // 8 KiB
	mostBits   = 16      // of the directory: then tables go on growing
)

func newTable(slots int, bits uint8) *table { return &table{slots: make([]slot, slots), bits: bits} }

// table is where a hash belongs.
func (x *Index) table(hash uint32) *table { return x.tables[hash>>(32-x.bits)] }

// Len is how many numbers there are.
func (x *Index) Len() int { return x.number }

// Find is a number with the hash of which is says that it is the one; 0: there is none.
func (x *Index) Find(hash uint32, is func(ref uint32) bool) uint32 {
	if x.number == 0 {
		return 0
	}
	t := x.table(hash)
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch s := t.slots[at]; {
		case s.ref == 0:
			return 0
		case s.hash == hash && is(s.ref):
			return s.ref
		}
	}
}

// Add enters a number, which isn't there.
func (x *Index) Add(hash, ref uint32) {
	if x.number == 0 {
		*x = Index{tables: []*table{newTable(firstSlots, 0)}}
	}
	t := x.table(hash)
	for t.full() {
		x.grow(t, hash)
		t = x.table(hash)
	}
	t.add(slot{hash, ref})
	x.number++
}

// full says whether another slot would make searches long.
func (t *table) full() bool { return 4*(t.used+1) > 3*len(t.slots) }

func (t *table) add(s slot) {
	mask := uint32(len(t.slots) - 1)
	at := s.hash & mask
	for t.slots[at].ref != 0 {
		at = (at + 1) & mask
	}
	t.slots[at] = s
	t.used++
}

// grow makes room in a full table, to which a hash belongs.
func (x *Index) grow(t *table, hash uint32) {
	if len(t.slots) < mostSlots || t.bits == mostBits {
		larger := newTable(2*len(t.slots), t.bits)
		for _, s := range t.slots {
			if s.ref != 0 {
				larger.add(s)
			}
		}
		*t = *larger
		return
	}
	if t.bits == x.bits {
		x.double()
	}
	x.divide(t, hash)
}

// double makes the directory look at one more bit.
func (x *Index) double() {
	tables := make([]*table, 0, 2*len(x.tables))
	for _, t := range x.tables {
		tables = append(tables, t, t)
	}
	x.tables, x.bits = tables, x.bits+1
}

// divide puts two tables in the place of one, to which a hash belongs.
func (x *Index) divide(t *table, hash uint32) {
	halves := [2]*table{newTable(len(t.slots), t.bits+1), newTable(len(t.slots), t.bits+1)}
	next := uint8(31) - t.bits // the bit by which they differ
	for _, s := range t.slots {
		if s.ref != 0 {
			halves[s.hash>>next&1].add(s)
		}
	}
	n := 1 << (x.bits - t.bits) // as often it is there
	first := int(hash>>(32-x.bits)) &^ (n - 1)
	for i := range n {
		x.tables[first+i] = halves[i/(n/2)]
	}
}

// Replace puts another number of the same hash, or none: 0, in the place of one, if that
// is there.
func (x *Index) Replace(hash, ref, other uint32) {
	if x.number == 0 {
		return
	}
	t := x.table(hash)
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; t.slots[at].ref != 0; at = (at + 1) & mask {
		if t.slots[at].ref != ref {
			continue
		}
		if t.slots[at].ref = other; other == 0 {
			t.close(at)
			x.number--
		}
		return
	}
}

// close fills a gap, so that searches don't end there that would have gone on.
func (t *table) close(gap uint32) {
	t.used--
	mask := uint32(len(t.slots) - 1)
	for at := (gap + 1) & mask; t.slots[at].ref != 0; at = (at + 1) & mask {
		if home := t.slots[at].hash & mask; (at-home)&mask >= (at-gap)&mask {
			t.slots[gap], t.slots[at] = t.slots[at], slot{}
			gap = at
		}
	}
	t.slots[gap] = slot{}
}
