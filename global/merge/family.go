package merge

import (
	"bytes"
	"hash/maphash"

	"github.com/aemp-go/aemp/internal/index"
)

// location is the family of the nodes' addresses.
const location = "'l"

// A family has its own index of keys.
type family struct {
	name     string
	location bool
	seed     maphash.Seed // only where a record lies depends on it, no result and no order
	index    index.Index
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
	return f.index.Find(hash, func(r uint32) bool {
		return bytes.Equal(s.blobs.key(s.records.at(r).blob), key)
	})
}
