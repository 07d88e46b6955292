package merge

import (
	"bytes"
	"hash/maphash"
	"iter"
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
	faults   faults
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
	peer := s.find(f, key, hash)
	r := s.of(h.publisher, peer)
	if r != 0 && s.holds(h, r, stamp, value) {
		return
	}
	s.mark(f, key, hash, peer)
	if r == 0 {
		r = s.insert(h, key, value, hash, peer)
	} else {
		s.replace(h, r, value)
	}
	s.records.at(r).stamp = stamp
	s.faults.arrived(r)
	if f.location {
		s.elect(key, r)
	}
}

func (s *Store) holds(h *holding, r uint32, stamp Stamp, value []byte) bool {
	rec := s.records.at(r)
	return rec.holding == h.number && rec.stamp == stamp && bytes.Equal(s.blobs.value(rec.blob), value)
}

// insert makes a record. peer is one of the same key, if there is any.
func (s *Store) insert(h *holding, key, value []byte, hash, peer uint32) uint32 {
	r := s.records.add()
	rec := s.records.at(r)
	rec.blob, rec.hash = s.blobs.put(key, value), hash
	s.hold(h, r)
	if peer == 0 {
		rec.peer = r
		h.family.index.add(&s.records, r)
	} else {
		at := &s.records.at(peer).peer
		*at, rec.peer = r, *at
	}
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
	if r := s.entryBy(publisher, family, key); r != 0 {
		s.remove(r)
	}
}

// remove deletes a record.
func (s *Store) remove(r uint32) {
	rec := s.records.at(r)
	f := s.holdings[rec.holding].family
	key := s.blobs.key(rec.blob)
	s.mark(f, key, rec.hash, r)
	peer := s.part(r)
	f.index.replace(&s.records, r, peer)
	s.release(r)
	if f.location {
		s.elect(key, peer)
	}
	s.blobs.drop(rec.blob)
	s.records.drop(r)
}

// part takes a record out of its key's ring, and returns another one there, or 0.
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
	for r := *f.index.bucket(hash); r != 0; {
		rec := s.records.at(r)
		if rec.hash == hash && bytes.Equal(s.blobs.key(rec.blob), key) {
			return r
		}
		r = rec.chain
	}
	return 0
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
