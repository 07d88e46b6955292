package global

import "github.com/aemp-go/aemp/global/merge"

// A localFamily has at least one entry.
type localFamily struct {
	name     string
	internal bool
	entries  map[string]*localEntry
	clean    localEntry // the head of a ring
	dirty    localEntry // and of what is to be taken, in the order of the changes
	waiting  bool       // is in Local.waiting
	live     int        // entries that aren't deleted
}

// A localEntry is a key that is set, or one whose deletion hasn't been taken.
type localEntry struct {
	prev, next *localEntry
	key        string
	value      []byte // encoded; nil: deleted
	stamp      merge.Stamp
	era        uint32 // in which it was taken; 0: never
	changed    bool   // since
}

func newLocalFamily(name string) *localFamily {
	f := &localFamily{name: name, internal: name[0] == '\'', entries: map[string]*localEntry{}}
	f.clean.ring()
	f.dirty.ring()
	return f
}

// ring makes e the head of an empty ring.
func (e *localEntry) ring() { e.prev, e.next = e, e }

func (e *localEntry) empty() bool { return e.next == e }

// add puts o at the end of the ring whose head is e.
func (e *localEntry) add(o *localEntry) {
	o.prev, o.next = e.prev, e
	e.prev.next, e.prev = o, o
}

// leave takes e out of its ring.
func (e *localEntry) leave() { e.prev.next, e.next.prev = e.next, e.prev }

// join puts all of another ring at the end of the ring whose head is e.
func (e *localEntry) join(o *localEntry) {
	if o.empty() {
		return
	}
	e.prev.next, o.next.prev = o.next, e.prev
	o.prev.next, e.prev = e, o.prev
	o.ring()
}

// keep copies a value, into the old one's place if that isn't far too large for it: quotas
// count what there is.
func (e *localEntry) keep(value []byte) {
	if cap(e.value) > 64 && cap(e.value) > 2*len(value) {
		e.value = nil
	}
	e.value = append(e.value[:0], value...)
}

// growth is by how much an entry grows when its key gets a value (nil: none). There
// may be no entry.
func (e *localEntry) growth(key string, value []byte) (keys, octets int) {
	if e != nil && e.value != nil {
		keys, octets = -1, -len(key)-len(e.value)
	}
	if value != nil {
		keys, octets = keys+1, octets+len(key)+len(value)
	}
	return keys, octets
}
