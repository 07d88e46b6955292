package global

import (
	"iter"
	"maps"
	"slices"

	"github.com/aemp-go/aemp/codec"
)

// A Change is what has become different in a family since the watcher was last told.
// The lists are sorted and not to be changed, no key is in two of them. The first Change has all there is in
// Added, which may be nothing; each further one has something.
type Change struct {
	Family                  string
	Added, Changed, Deleted []string
	// View is the family after the change.
	View View
}

// A View is the contents of a family at one moment. It is borrowed, as are the values
// in it: it may be read until the callback returns or, of DB.Changes, until the loop
// goes on; Clone what is to be kept.
type View struct {
	family  string
	machine *Machine               // either a node's, on its loop
	own     map[string]codec.Value // or the watcher's own
}

// Get is a key's value.
func (v View) Get(key string) (value codec.Value, ok bool) {
	if v.machine != nil {
		return v.machine.Get(v.family, key)
	}
	value, ok = v.own[key]
	return value, ok
}

// Len is the number of keys.
func (v View) Len() int {
	if v.machine != nil {
		return v.machine.Len(v.family)
	}
	return len(v.own)
}

// Keys lists the keys, sorted. The list is the caller's.
func (v View) Keys() []string {
	if v.machine == nil {
		return slices.Sorted(maps.Keys(v.own))
	}
	keys := make([]string, 0, v.Len())
	for key := range v.machine.Entries(v.family) {
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	return keys
}

// All is the keys and their values, sorted by key.
func (v View) All() iter.Seq2[string, codec.Value] {
	return func(yield func(string, codec.Value) bool) {
		for _, key := range v.Keys() {
			value, _ := v.Get(key)
			if !yield(key, value) {
				return
			}
		}
	}
}

// add sorts a key into one of the lists.
func (c *Change) add(key string, before, after bool) {
	switch {
	case !before:
		c.Added = append(c.Added, key)
	case after:
		c.Changed = append(c.Changed, key)
	default:
		c.Deleted = append(c.Deleted, key)
	}
}

func (c *Change) sort() {
	slices.Sort(c.Added)
	slices.Sort(c.Changed)
	slices.Sort(c.Deleted)
}

func (c *Change) empty() bool { return len(c.Added)+len(c.Changed)+len(c.Deleted) == 0 }
