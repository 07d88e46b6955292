package global

import (
	"bytes"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
	"github.com/aemp-go/aemp/internal/spin"
	"github.com/aemp-go/aemp/kernel"
)

// The internal families (protocol 6).
const (
	familyNodes   = "'l" // node → the addresses it listens at
	familyGlobals = "'g" // global node → nil
)

// Local is what this node itself holds in the database, and what of it is still to be
// told. Set and Delete may be called from any goroutine and never wait for the
// network: they note what they changed, and the loop takes it from time to time.
// A key that changes more often than it is taken is told with its last value only,
// so that what waits is bounded by what there is.
//
// Each entry is in one of two rings of its family, dirty or clean. Its era says in
// which registration with a master it was last taken: only what was taken in the
// present one can be clean, and has to be deleted there.
type Local struct {
	node    string
	quotas  Quotas
	wall    func() time.Time
	changed func() // there is something to take; called without the lock

	seed maphash.Seed // only where an entry lies depends on it, and no order

	mu       sync.Mutex
	clock    merge.Clock
	entries  localEntries
	families map[string]*localFamily
	latest   *localFamily // the last one that was set in: changes tend to come in rows
	waiting  []*localFamily
	era      uint32
	keys     int // of programs: internal families don't count
	octets   int
	named    int // families of programs with a key in them
	told     bool
	closed   bool
}

// newLocal makes an empty one. changed is called, on any goroutine, when there is
// something to take after there was nothing; it must not call back.
func newLocal(node string, q Quotas, wall func() time.Time, changed func()) *Local {
	return &Local{
		node:     node,
		quotas:   q.withDefaults(),
		wall:     wall,
		changed:  changed,
		seed:     maphash.MakeSeed(),
		families: map[string]*localFamily{},
		era:      1,
	}
}

// appendValue appends a value's encoding, if it can be stored and sent to any node.
// After an error b comes back as it was.
func appendValue(b []byte, family, key string, value any) ([]byte, error) {
	at := len(b)
	b, err := codec.AppendArgs(b, []any{value})
	if err == nil {
		err = codec.Check(b[at:], valueLimits)
	}
	if err == nil {
		err = codec.Fits(b[at:], framings, codec.DefaultLimits)
	}
	if err != nil {
		return b[:at], &EntryError{family, key, err}
	}
	return b, nil
}

var valueBuffers = sync.Pool{New: func() any { return new([]byte) }}

// Set sets a key. Setting the value that it has does nothing. Any goroutine. Errors: *NameError,
// *EntryError, *QuotaError, ErrClosed.
func (l *Local) Set(family, key string, value any) error {
	if err := checkFamily(family); err != nil {
		return err
	}
	if err := checkKey(key); err != nil {
		return err
	}
	buf := valueBuffers.Get().(*[]byte)
	b, err := appendValue((*buf)[:0], family, key, value)
	if err == nil {
		err = l.set(family, key, b)
	}
	if cap(b) <= keptBuffer {
		*buf = b
		valueBuffers.Put(buf)
	}
	return err
}

// set is Set with an encoded value, which is copied.
func (l *Local) set(family, key string, value []byte) error {
	hash := l.hash(key)
	l.mu.Lock()
	f, e := l.find(family, key, hash)
	keys, octets := e.growth(key, value)
	err := l.admit(f, family, keys, octets)
	tell := err == nil && l.put(f, e, family, key, hash, value)
	l.mu.Unlock()
	if tell {
		l.changed()
	}
	return err
}

// SetAll sets several keys of a family, all of them or, with an error, none.
func (l *Local) SetAll(family string, values map[string]any) error {
	if err := checkFamily(family); err != nil {
		return err
	}
	keys := slices.Sorted(maps.Keys(values))
	encoded := make([][]byte, len(keys))
	for i, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
		var err error
		if encoded[i], err = appendValue(nil, family, key, values[key]); err != nil {
			return err
		}
	}
	l.mu.Lock()
	tell, err := l.putAll(family, keys, encoded)
	l.mu.Unlock()
	if tell {
		l.changed()
	}
	return err
}

// putAll says whether the loop is to be told.
func (l *Local) putAll(family string, keys []string, values [][]byte) (tell bool, err error) {
	moreKeys, moreOctets := 0, 0
	for i, key := range keys {
		_, e := l.find(family, key, l.hash(key))
		k, o := e.growth(key, values[i])
		moreKeys, moreOctets = moreKeys+k, moreOctets+o
	}
	if err := l.admit(l.family(family), family, moreKeys, moreOctets); err != nil {
		return false, err
	}
	for i, key := range keys {
		hash := l.hash(key)
		f, e := l.find(family, key, hash)
		tell = l.put(f, e, family, key, hash, values[i]) || tell
	}
	return tell, nil
}

// find is a key's family and entry, as far as they are there.
func (l *Local) find(family, key string, hash uint32) (*localFamily, *localEntry) {
	f := l.family(family)
	if f == nil {
		return nil, nil
	}
	n := f.index.Find(hash, func(n uint32) bool { return l.entries.at(n).key == key })
	if n == 0 {
		return f, nil
	}
	return f, l.entries.at(n)
}

func (l *Local) hash(key string) uint32 { return uint32(maphash.String(l.seed, key)) }

// admit says whether there may be so many more keys and octets in a family, which may be
// nil. What makes it less is always admitted.
func (l *Local) admit(f *localFamily, family string, keys, octets int) error {
	switch {
	case l.closed:
		return kernel.ErrClosed
	case keys > 0 && (f == nil || f.live == 0) && l.named >= l.quotas.Families:
		return &QuotaError{family, "families", l.quotas.Families}
	case keys > 0 && l.keys+keys > l.quotas.Keys:
		return &QuotaError{family, "keys", l.quotas.Keys}
	case octets > 0 && l.octets+octets > l.quotas.Octets:
		return &QuotaError{family, "octets", l.quotas.Octets}
	}
	return nil
}

// Delete deletes keys. One that isn't set does nothing. Any goroutine. Errors:
// *NameError, then nothing is deleted, and ErrClosed.
func (l *Local) Delete(family string, keys ...string) error {
	if err := checkFamily(family); err != nil {
		return err
	}
	for _, key := range keys {
		if err := checkKey(key); err != nil {
			return err
		}
	}
	l.mu.Lock()
	tell := false
	closed := l.closed
	if !closed {
		for _, key := range keys {
			tell = l.drop(family, key) || tell
		}
	}
	l.mu.Unlock()
	if tell {
		l.changed()
	}
	if closed {
		return kernel.ErrClosed
	}
	return nil
}

// setInternal sets a key of an internal family. Any goroutine.
func (l *Local) setInternal(family, key string, value []byte) {
	hash := l.hash(key)
	spin.Lock(&l.mu)
	f, e := l.find(family, key, hash)
	tell := l.put(f, e, family, key, hash, value)
	l.mu.Unlock()
	if tell {
		l.changed()
	}
}

func (l *Local) family(name string) *localFamily {
	if f := l.latest; f != nil && f.name == name {
		return f
	}
	f := l.families[name]
	if f != nil {
		l.latest = f
	}
	return f
}

// put sets a key, of which find has told family and entry, and says whether the loop
// is to be told.
func (l *Local) put(f *localFamily, e *localEntry, family, key string, hash uint32, value []byte) (tell bool) {
	switch {
	case e != nil && e.value() != nil && bytes.Equal(e.value(), value):
		return false
	case f == nil:
		f = l.begin(strings.Clone(family)) // it may be part of something large
	}
	if e == nil {
		e = l.entries.add()
		e.key, e.hash = strings.Clone(key), hash
		f.index.Add(hash, e.number)
		l.entries.enter(f.dirty, e)
	}
	l.count(f, e, value)
	e.keep(value)
	e.stamp = l.clock.Now(l.wall())
	return l.mark(f, e)
}

// drop deletes a key and says whether the loop is to be told.
func (l *Local) drop(family, key string) (tell bool) {
	f, e := l.find(family, key, l.hash(key))
	if e == nil || e.value() == nil {
		return false
	}
	l.count(f, e, nil)
	e.keep(nil)
	if e.era != l.era { // nobody knows of it
		l.remove(f, e)
		return false
	}
	return l.mark(f, e)
}

// count keeps the sums right when an entry gets another value; nil: none.
func (l *Local) count(f *localFamily, e *localEntry, value []byte) {
	keys, octets := e.growth(e.key, value)
	before := f.live
	f.live += keys
	if f.internal {
		return
	}
	l.keys += keys
	l.octets += octets
	switch {
	case before == 0 && f.live > 0:
		l.named++
	case before > 0 && f.live == 0:
		l.named--
	}
}

// mark says that an entry is to be taken.
func (l *Local) mark(f *localFamily, e *localEntry) (tell bool) {
	if e.era == l.era && !e.changed {
		l.entries.leave(e)
		l.entries.enter(f.dirty, e)
	}
	e.changed = true
	if !f.waiting {
		f.waiting = true
		l.waiting = append(l.waiting, f)
	}
	tell = !l.told
	l.told = true
	return tell
}

// remove forgets an entry and, if it was the last one, its family.
func (l *Local) remove(f *localFamily, e *localEntry) {
	l.entries.leave(e)
	f.index.Replace(e.hash, e.number, 0)
	l.entries.drop(e)
	if f.index.Len() == 0 && !f.waiting {
		l.forget(f)
	}
}

func (l *Local) begin(family string) *localFamily {
	f := &localFamily{name: family, internal: family[0] == '\'', clean: l.entries.ring(), dirty: l.entries.ring()}
	l.families[family] = f
	l.latest = f
	return f
}

func (l *Local) forget(f *localFamily) {
	l.entries.drop(l.entries.at(f.clean))
	l.entries.drop(l.entries.at(f.dirty))
	delete(l.families, f.name)
	if l.latest == f {
		l.latest = nil
	}
}

// See tells the clock of a stamp from elsewhere, so that what is set here afterwards
// counts more. Any goroutine.
func (l *Local) See(s merge.Stamp) {
	spin.Lock(&l.mu)
	l.clock.See(s, l.wall())
	l.mu.Unlock()
}

// Now is a stamp greater than all before. Any goroutine.
func (l *Local) Now() merge.Stamp {
	spin.Lock(&l.mu)
	defer l.mu.Unlock()
	return l.clock.Now(l.wall())
}

// Close refuses all further changes.
func (l *Local) Close() {
	spin.Lock(&l.mu)
	l.closed = true
	l.mu.Unlock()
}
