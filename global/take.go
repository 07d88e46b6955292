package global

import (
	"maps"
	"slices"

	"github.com/aemp-go/aemp/global/merge"
	"github.com/aemp-go/aemp/internal/spin"
)

// A Batch is changes of one family that Take has taken: the keys that are set now, and
// those that aren't any more, no key twice.
type Batch struct {
	Family  string
	Set     []LocalEntry
	Deleted []string

	values []byte
}

// A LocalEntry is a key that is set. Value is its encoding; it belongs to the Batch.
type LocalEntry struct {
	Key   string
	Value []byte
	Stamp merge.Stamp
}

// Take fills b with some changes that weren't taken before, as many as make a good
// message, and says whether there were any. What was in b is overwritten. After false
// the next change is announced again. On the loop.
func (l *Local) Take(b *Batch) bool {
	b.Family, b.Set, b.Deleted, b.values = "", b.Set[:0], b.Deleted[:0], b.values[:0]
	spin.Lock(&l.mu)
	defer l.mu.Unlock()
	for len(l.waiting) > 0 {
		f := l.waiting[0]
		b.Family = f.name
		l.fill(b, f)
		if l.entries.empty(f.dirty) {
			l.waiting = slices.Delete(l.waiting, 0, 1)
			f.waiting = false
			if f.index.Len() == 0 {
				l.forget(f)
			}
		}
		if len(b.Set) > 0 || len(b.Deleted) > 0 {
			return true
		}
	}
	l.told = false
	return false
}

// fill takes a family's changes until b has enough.
func (l *Local) fill(b *Batch, f *localFamily) {
	size := 0
	for n := 0; n < takeKeys && size < takeOctets; n++ {
		if l.entries.empty(f.dirty) {
			return
		}
		e := l.entries.at(l.entries.at(f.dirty).next)
		value := e.value()
		size += len(e.key) + len(value)
		if value == nil {
			if e.era == l.era {
				b.Deleted = append(b.Deleted, e.key)
			}
			l.remove(f, e) // which is waiting, so it isn't forgotten
			continue
		}
		at := len(b.values)
		b.values = append(b.values, value...)
		b.Set = append(b.Set, LocalEntry{e.key, b.values[at:len(b.values):len(b.values)], e.stamp})
		l.entries.leave(e)
		l.entries.enter(f.clean, e)
		e.changed, e.era = false, l.era
	}
}

// Renew makes everything a change that is to be taken, since there is a master who
// knows nothing of it; the node's own addresses get a new stamp, so that they
// count more than what its former master still has. The internal families come
// first. On the loop.
func (l *Local) Renew() {
	spin.Lock(&l.mu)
	l.era++
	l.waiting = l.waiting[:0]
	for _, name := range slices.Sorted(maps.Keys(l.families)) {
		f := l.families[name]
		l.entries.join(f.dirty, f.clean)
		f.waiting = true
		l.waiting = append(l.waiting, f)
	}
	if f := l.families[familyNodes]; f != nil {
		if _, e := l.find(familyNodes, l.node, l.hash(l.node)); e != nil {
			e.stamp = l.clock.Now(l.wall())
		}
	}
	tell := !l.told && len(l.waiting) > 0
	l.told = l.told || tell
	l.mu.Unlock()
	if tell {
		l.changed()
	}
}
