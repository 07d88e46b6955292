package global

import (
	"github.com/aemp-go/aemp/global/merge"
	"github.com/aemp-go/aemp/internal/index"
)

// A localFamily has at least one entry.
type localFamily struct {
	name     string
	internal bool
	index    index.Index // of its entries
	clean    uint32      // the head of a ring
	dirty    uint32      // and of what is to be taken, in the order of the changes
	waiting  bool        // is in Local.waiting
	live     int         // entries that aren't deleted
}

// A localEntry is a key that is set, or one whose deletion hasn't been taken. There may be
// a million of them, so they refer to each other by number: the garbage collector has
// only the keys and large values to follow.
type localEntry struct {
	key     string
	large   []byte           // the encoded value, if it isn't small
	small   [smallValue]byte // or here
	size    uint8            // of a small one; 0: there is none
	changed bool             // since it was taken
	stamp   merge.Stamp
	era     uint32 // in which it was taken; 0: never
	hash    uint32
	number  uint32

	prev, next uint32 // neighbours in its ring
}

// smallValue is how long the encoding of a number or a short word is at most.
const smallValue = 15

// value is the encoding; nil: deleted. It lasts until the entry changes.
func (e *localEntry) value() []byte {
	if e.size > 0 {
		return e.small[:e.size]
	}
	return e.large
}

// keep copies a value, into the old one's place if that isn't far too large for it: quotas
// count what there is. nil: none.
func (e *localEntry) keep(value []byte) {
	if len(value) <= smallValue {
		e.size, e.large = uint8(copy(e.small[:], value)), nil
		return
	}
	if cap(e.large) > 64 && cap(e.large) > 2*len(value) {
		e.large = nil
	}
	e.size, e.large = 0, append(e.large[:0], value...)
}

// growth is by how much an entry grows when its key gets a value (nil: none). There
// may be no entry.
func (e *localEntry) growth(key string, value []byte) (keys, octets int) {
	if e != nil && e.value() != nil {
		keys, octets = -1, -len(key)-len(e.value())
	}
	if value != nil {
		keys, octets = keys+1, octets+len(key)+len(value)
	}
	return keys, octets
}

// localEntries gives out entries by number; 0 is none.
type localEntries struct {
	pages []*[entriesInPage]localEntry
	free  uint32 // a list by next
	used  uint32 // numbers up to this one were given out at some time
}

const entriesInPage = 64

func (es *localEntries) at(n uint32) *localEntry { return &es.pages[n/entriesInPage][n%entriesInPage] }

func (es *localEntries) add() *localEntry {
	n := es.free
	if n != 0 {
		es.free = es.at(n).next
	} else {
		es.used++
		n = es.used
		if int(n/entriesInPage) == len(es.pages) {
			es.pages = append(es.pages, new([entriesInPage]localEntry))
		}
	}
	e := es.at(n)
	e.number = n
	return e
}

func (es *localEntries) drop(e *localEntry) {
	n := e.number
	*e = localEntry{next: es.free}
	es.free = n
}

// ring makes the head of an empty ring.
func (es *localEntries) ring() uint32 {
	e := es.add()
	e.prev, e.next = e.number, e.number
	return e.number
}

func (es *localEntries) empty(head uint32) bool { return es.at(head).next == head }

// enter puts an entry at the end of a ring.
func (es *localEntries) enter(head uint32, e *localEntry) {
	h := es.at(head)
	e.prev, e.next = h.prev, head
	es.at(h.prev).next, h.prev = e.number, e.number
}

// leave takes an entry out of its ring.
func (es *localEntries) leave(e *localEntry) {
	es.at(e.prev).next, es.at(e.next).prev = e.next, e.prev
}

// join puts all of another ring at the end of a ring.
func (es *localEntries) join(head, other uint32) {
	if es.empty(other) {
		return
	}
	h, o := es.at(head), es.at(other)
	es.at(h.prev).next, es.at(o.next).prev = o.next, h.prev
	es.at(o.prev).next, h.prev = head, o.prev
	o.prev, o.next = other, other
}
