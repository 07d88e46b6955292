package global

import (
	"bytes"
	"sync"

	"github.com/aemp-go/aemp/codec"
)

// A feed brings changes to a watcher that isn't on the node's loop and may be slow. What
// he hasn't taken yet is merged, so that it is never more than his view and the
// family together.
type feed struct {
	family string
	notify func() // there is something to take, after there was nothing; on the node's loop

	mu      sync.Mutex
	pending map[string]pending
	known   bool // the contents have come
	armed   bool // notified, and not taken yet

	// The watcher's.
	view  map[string]codec.Value
	shown bool // he got a Change
}

// pending is what will be true of a key.
type pending struct {
	fresh bool        // the watcher hasn't seen it
	gone  bool        // deleted
	value codec.Value // shared among feeds, never changed
}

// A news is one key's Difference that may be kept.
type news struct {
	key           string
	before, after bool
	value         codec.Value
}

// newsOf copies differences.
func newsOf(differences []Difference) []news {
	list := make([]news, len(differences))
	for i, d := range differences {
		list[i] = news{string(d.Key), d.Before != nil, d.After != nil, value(d.After).Clone()}
	}
	return list
}

// put adds news for the watcher. On the node's loop.
func (f *feed) put(list []news) {
	f.mu.Lock()
	f.known = true
	if f.pending == nil {
		f.pending = make(map[string]pending, len(list))
	}
	for _, n := range list {
		p, there := f.pending[n.key]
		if !there {
			p.fresh = !n.before
		}
		if !n.after && p.fresh {
			delete(f.pending, n.key)
			continue
		}
		p.gone, p.value = !n.after, n.value
		f.pending[n.key] = p
	}
	tell := !f.armed
	f.armed = true
	f.mu.Unlock()
	if tell {
		f.notify()
	}
}

// take is what the watcher hasn't seen. False: nothing. Only he calls it.
func (f *feed) take() (c Change, ok bool) {
	f.mu.Lock()
	list, known := f.pending, f.known
	f.pending, f.armed = nil, false
	f.mu.Unlock()
	if !known {
		return Change{}, false
	}
	if f.view == nil {
		f.view = make(map[string]codec.Value, len(list))
	}
	c = Change{Family: f.family, View: View{own: f.view}}
	for key, p := range list {
		was, before := f.view[key]
		if before && !p.gone && bytes.Equal(was.Raw(), p.value.Raw()) {
			continue
		}
		if p.gone {
			delete(f.view, key)
		} else {
			f.view[key] = p.value
		}
		c.add(key, before, !p.gone)
	}
	c.sort()
	if f.shown && c.empty() {
		return Change{}, false
	}
	f.shown = true
	return c, true
}
