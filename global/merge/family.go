package merge

import (
	"bytes"
	"hash/maphash"
)

// location is the family of the nodes' addresses.
const location = "'l"

// A family has its own index of keys.
type family struct {
	name     string
	location bool
	seed     maphash.Seed // only where a record lies depends on it, no result and no order
	index    index
	holdings holdings
	marked   marked
	keys     int // that there were in the view at the last Changes
}

// family finds a family, or begins one. It lasts until a Changes finds it empty.
func (s *Store) family(name []byte) *family {
	f := s.families[string(name)]
	if f == nil {
		f = &family{name: string(name), location: string(name) == location, seed: maphash.MakeSeed()}
		s.families[f.name] = f
	}
	return f
}

func (f *family) hash(key []byte) uint32 { return uint32(maphash.Bytes(f.seed, key)) }

// find finds a record of a key; 0: there is none.
func (s *Store) find(f *family, key []byte, hash uint32) uint32 {
	if f.index.keys == 0 {
		return 0
	}
	t := f.index.table(hash)
	mask := uint32(len(t.slots) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		switch e := t.slots[at]; {
		case e.record == 0:
			return 0
		case e.hash == hash && bytes.Equal(s.blobs.key(s.records.at(e.record).blob), key):
			return e.record
		}
	}
}
