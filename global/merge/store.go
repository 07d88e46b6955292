package merge

import "bytes"

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

// holds says whether a record is exactly that.
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
	if s.join(r, peer); peer == 0 {
		h.family.index.Add(hash, r)
	}
	return r
}

// replace gives a record another value, and perhaps another owner.
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
	f.index.Replace(rec.hash, r, peer)
	s.release(r)
	if f.location {
		s.elect(key, peer)
	}
	s.blobs.drop(rec.blob)
	s.records.drop(r)
}
