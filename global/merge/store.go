package merge

import (
	"bytes"
	"iter"
	"maps"
	"slices"
)

// An Entry is a key's value with its origin.
type Entry struct {
	Value []byte // one encoded MessagePack value; borrowed, valid until the store changes
	Stamp Stamp  // when the owner set it
	Owner string // the node that set it
}

// A Change is what happened to one key since the last call of Changes. All of it
// is borrowed until the function returns.
type Change struct {
	Family            string
	Key               []byte
	ViewBefore, View  []byte // what this node believes; nil: no such key
	OwnBefore, OwnNow Entry  // what it publishes to the other globals; no Value: nothing
}

// A Store holds the maps of all publishers and merges them. It belongs to one
// loop. Names, keys and values that it is given are copied.
type Store struct {
	self   string
	faults Fault
	roles  map[string]Role
	maps   map[string]map[place]Entry // publisher → its map
	view   map[place]Entry            // as of the last Changes
	own    map[place]Entry
	dirty  bool
}

type place struct{ family, key string }

// New makes an empty store of the node self, which is its own first slave.
func New(self string) *Store {
	return &Store{self: self, roles: map[string]Role{self: Slave}, maps: map[string]map[place]Entry{}}
}

// Publisher gives a node a role; its map stays. A node that never got one is a
// Stranger.
func (s *Store) Publisher(node string, r Role) {
	s.roles[node] = r
	s.dirty = true
}

// Set puts an entry into a publisher's map. The value is one encoded MessagePack
// value and so never empty. The owner "" is the publisher itself.
func (s *Store) Set(publisher string, family, key, value []byte, stamp Stamp, owner string) {
	if owner == "" {
		owner = publisher
	}
	if s.maps[publisher] == nil {
		s.maps[publisher] = map[place]Entry{}
	}
	s.maps[publisher][place{string(family), string(key)}] = Entry{bytes.Clone(value), stamp, owner}
	s.dirty = true
}

// Delete takes an entry out of a publisher's map. It may be absent.
func (s *Store) Delete(publisher string, family, key []byte) {
	delete(s.maps[publisher], place{string(family), string(key)})
	s.dirty = true
}

// Drop takes a publisher's whole map and its role away: it went down, or begins
// anew. This node keeps its own role.
func (s *Store) Drop(publisher string) {
	delete(s.maps, publisher)
	if publisher != s.self {
		delete(s.roles, publisher)
	}
	s.dirty = true
}

// Get is what this node believes of a key.
func (s *Store) Get(family, key string) (Entry, bool) {
	e, ok := s.merged(false)[place{family, key}]
	return e, ok
}

// Family yields what this node believes of a family: keys, borrowed like the
// values, and entries. The order depends on nothing but the calls before. The
// store must not be changed meanwhile.
func (s *Store) Family(family string) iter.Seq2[[]byte, Entry] {
	return s.all(s.merged(false), family)
}

// Own yields what this node publishes of a family to the other global nodes: the
// best of its slaves' entries, its own among them. As with Family, the order is
// deterministic, and all is borrowed.
func (s *Store) Own(family string) iter.Seq2[[]byte, Entry] {
	return s.all(s.merged(true), family)
}

// Families are the names of all families that have keys, sorted.
func (s *Store) Families() []string {
	names := map[string]bool{}
	for p := range s.merged(false) {
		names[p.family] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// Len is the number of a family's keys.
func (s *Store) Len(family string) int {
	n := 0
	for range s.Family(family) {
		n++
	}
	return n
}

// Dirty says whether there may be changes.
func (s *Store) Dirty() bool { return s.dirty }

// Changes tells f of each key that changed since the last call, family by family,
// in an order that depends on nothing but the calls before. A key whose view and
// own are as they were isn't mentioned. f must not change the store.
func (s *Store) Changes(f func(c Change)) {
	view, own := s.merged(false), s.merged(true)
	places := map[place]bool{}
	for _, m := range []map[place]Entry{view, own, s.view, s.own} {
		for p := range m {
			places[p] = true
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(places), compare) {
		c := Change{
			Family: p.family, Key: []byte(p.key),
			ViewBefore: s.view[p].Value, View: view[p].Value,
			OwnBefore: s.own[p], OwnNow: own[p],
		}
		same := bytes.Equal(c.ViewBefore, c.View) && bytes.Equal(c.OwnBefore.Value, c.OwnNow.Value) &&
			c.OwnBefore.Stamp == c.OwnNow.Stamp && c.OwnBefore.Owner == c.OwnNow.Owner
		if !same {
			f(c)
		}
	}
	s.view, s.own, s.dirty = view, own, false
}
