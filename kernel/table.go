package kernel

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// table maps names to things. Reading takes no lock and allocates nothing, so that
// every loop and goroutine can route by it; writing is rare and takes one.
//
// It is an open-addressed array of pointers. Entries are only ever added to an
// array; a removed one leaves a tombstone, and a new array is made when this one is
// half full. The hash is seeded: peers choose the names of the ports they spawn.
type table[T any] struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]atomic.Pointer[entry[T]]]

	mu   sync.Mutex
	used int // slots that aren't nil
	live int
}

type entry[T any] struct {
	name  string
	value *T // nil: removed
}

func newTable[T any]() *table[T] {
	t := &table[T]{seed: maphash.MakeSeed()}
	s := make([]atomic.Pointer[entry[T]], 16)
	t.slots.Store(&s)
	return t
}

// get finds by a name in either form.
func (t *table[T]) get(name string) *T {
	s := *t.slots.Load()
	mask := uint64(len(s) - 1)
	for i := maphash.String(t.seed, name) & mask; ; i = (i + 1) & mask {
		e := s[i].Load()
		if e == nil {
			return nil
		}
		if e.name == name && e.value != nil {
			return e.value
		}
	}
}

func (t *table[T]) getBytes(name []byte) *T {
	s := *t.slots.Load()
	mask := uint64(len(s) - 1)
	for i := maphash.Bytes(t.seed, name) & mask; ; i = (i + 1) & mask {
		e := s[i].Load()
		if e == nil {
			return nil
		}
		if e.name == string(name) && e.value != nil {
			return e.value
		}
	}
}

// getOrPut returns what is there, or puts what make makes. limit bounds the number of entries.
func (t *table[T]) getOrPut(name string, limit int, make func() *T) (v *T, added bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if v := t.get(name); v != nil {
		return v, false
	}
	if t.live >= limit {
		return nil, false
	}
	v = make()
	t.grow()
	t.insert(*t.slots.Load(), &entry[T]{name, v})
	t.used++
	t.live++
	return v, true
}

// remove takes the name out if it still stands for v.
func (t *table[T]) remove(name string, v *T) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := *t.slots.Load()
	mask := uint64(len(s) - 1)
	for i := maphash.String(t.seed, name) & mask; ; i = (i + 1) & mask {
		e := s[i].Load()
		if e == nil {
			return
		}
		if e.name == name && e.value == v {
			s[i].Store(&entry[T]{})
			t.live--
			return
		}
	}
}

func (t *table[T]) insert(s []atomic.Pointer[entry[T]], e *entry[T]) {
	mask := uint64(len(s) - 1)
	i := maphash.String(t.seed, e.name) & mask
	for s[i].Load() != nil {
		i = (i + 1) & mask
	}
	s[i].Store(e)
}

// grow keeps at least half of the slots free.
func (t *table[T]) grow() {
	old := *t.slots.Load()
	if 2*(t.used+1) <= len(old) {
		return
	}
	n := 16
	for n < 4*(t.live+1) {
		n *= 2
	}
	s := make([]atomic.Pointer[entry[T]], n)
	for i := range old {
		if e := old[i].Load(); e != nil && e.value != nil {
			t.insert(s, e)
		}
	}
	t.used = t.live
	t.slots.Store(&s)
}

// all lists the values in no particular order.
func (t *table[T]) all() []*T {
	s := *t.slots.Load()
	var vs []*T
	for i := range s {
		if e := s[i].Load(); e != nil && e.value != nil {
			vs = append(vs, e.value)
		}
	}
	return vs
}

func (t *table[T]) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.live
}
