package merge

import (
	"bytes"
	"hash/maphash"
)

// location is the family of the nodes' addresses.
const location = "'l"

// An Entry is a key's value with its origin.
type Entry struct {
	Value []byte // one encoded MessagePack value; borrowed, valid until the store changes
	Stamp Stamp  // when the owner set it
	Owner string // the node that set it
}

// A Store holds the maps of all publishers and merges them. It belongs to one
// loop. What it is given as octets is copied.
type Store struct {
	self     *node
	faults   Fault
	nodes    map[string]*node
	families map[string]*family
	held     map[held]*holding
	holdings []*holding // by number
	unused   []uint32   // numbers
	recent   *holding   // where the last entry was set: they tend to come in rows
	records  records
	blobs    blobs
	pending  pending
}

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

// New makes an empty store of the node self, which is its own first slave.
func New(self string) *Store {
	s := &Store{
		nodes:    make(map[string]*node),
		families: make(map[string]*family),
		held:     make(map[held]*holding),
	}
	s.self = s.node(self)
	s.self.role = Slave
	return s
}

// Set puts an entry into a publisher's map. The value is one encoded MessagePack
// value and so never empty. The owner "" is the publisher itself.
func (s *Store) Set(publisher string, family, key, value []byte, stamp Stamp, owner string) {
	if owner == "" {
		owner = publisher
	}
	h := s.holding(publisher, family, owner)
	f, hash := h.family, h.family.hash(key)
	first := s.first(f, key, hash)
	r := s.of(h.publisher, first)
	if r != 0 {
		rec := s.records.at(r)
		if rec.holding == h.number && rec.stamp == stamp && bytes.Equal(s.blobs.value(rec.blob), value) {
			return
		}
	}
	s.mark(f, key, hash, first)
	if r == 0 {
		r = s.insert(h, key, value, hash, first)
	} else {
		s.replace(h, r, value)
	}
	s.records.at(r).stamp = stamp
	if s.faults&MergeByArrival != 0 {
		f.index.unlink(&s.records, r)
		f.index.link(&s.records, r, s.first(f, key, hash))
	}
	if f.location {
		s.elect(f, key, s.first(f, key, hash))
	}
}

func (s *Store) insert(h *holding, key, value []byte, hash, first uint32) uint32 {
	r := s.records.add()
	rec := s.records.at(r)
	rec.blob, rec.hash = s.blobs.put(key, value), hash
	s.hold(h, r)
	h.family.index.add(&s.records)
	h.family.index.link(&s.records, r, first)
	return r
}

func (s *Store) replace(h *holding, r uint32, value []byte) {
	rec := s.records.at(r)
	rec.blob = s.blobs.setValue(rec.blob, value)
	if rec.holding != h.number {
		s.release(r)
		s.hold(h, r)
	}
}

// Delete takes an entry out of a publisher's map. It may be absent.
func (s *Store) Delete(publisher string, family, key []byte) {
	f, n := s.families[string(family)], s.nodes[publisher]
	if f == nil || n == nil {
		return
	}
	first := s.first(f, key, f.hash(key))
	if r := s.of(n, first); r != 0 {
		s.remove(f, first, r)
	}
}

// remove deletes a record of a key, the first of whose records is known.
func (s *Store) remove(f *family, first, r uint32) {
	rec := s.records.at(r)
	hash := rec.hash
	key := s.blobs.key(rec.blob)
	s.mark(f, key, hash, first)
	if first == r {
		first = s.following(r)
	}
	f.index.unlink(&s.records, r)
	f.index.count--
	s.release(r)
	if f.location {
		s.elect(f, key, first)
	}
	s.blobs.drop(rec.blob)
	s.records.drop(r)
}

func (s *Store) family(name []byte) *family {
	f := s.families[string(name)]
	if f == nil {
		f = &family{name: string(name), location: string(name) == location, seed: maphash.MakeSeed()}
		s.families[f.name] = f
	}
	return f
}

func (f *family) hash(key []byte) uint32 { return uint32(maphash.Bytes(f.seed, key)) }

// first is the first record of a key, 0 if there is none.
func (s *Store) first(f *family, key []byte, hash uint32) uint32 {
	if f.index.count == 0 {
		return 0
	}
	for r := *f.index.bucket(hash); r != 0; {
		rec := s.records.at(r)
		if rec.hash == hash && bytes.Equal(s.blobs.key(rec.blob), key) {
			return r
		}
		r = rec.chain
	}
	return 0
}

// following is the next record of the same key.
func (s *Store) following(r uint32) uint32 {
	rec := s.records.at(r)
	if rec.chain == 0 {
		return 0
	}
	next := s.records.at(rec.chain)
	if next.hash != rec.hash || !bytes.Equal(s.blobs.key(next.blob), s.blobs.key(rec.blob)) {
		return 0
	}
	return rec.chain
}

// of is a publisher's record among those of a key.
func (s *Store) of(publisher *node, first uint32) uint32 {
	for r := first; r != 0; r = s.following(r) {
		if s.holdings[s.records.at(r).holding].publisher == publisher {
			return r
		}
	}
	return 0
}
