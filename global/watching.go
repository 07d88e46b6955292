package global

import (
	"iter"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// A watch is a family that this node's program watches.
type watch struct {
	arrived bool // its contents are in the store
	known   bool // and were told
	present bool // they are what the present master has
	whole   gathering
}

// Watch wants to know the contents of a family and its changes, by Changed actions, of
// which the first comes as soon as the contents are known (then First is set). It must not
// be watched already: who else wants to watch it, too, reads it if it is Known.
func (m *Machine) Watch(now time.Duration, family string) []Action {
	m.begin(now)
	if m.watches[family] == nil {
		m.watches[family] = new(watch)
		m.startWatch(family)
	}
	return m.finish()
}

func (m *Machine) startWatch(family string) {
	switch {
	case m.settle.on:
	case m.global:
		m.flush()
		m.tellFirst(family)
	case m.slave.master != nil:
		m.ask(m.compose("g_mon1").text(family).message())
	}
}

// Unwatch ends that.
func (m *Machine) Unwatch(now time.Duration, family string) []Action {
	m.begin(now)
	w := m.watches[family]
	if w == nil {
		return m.finish()
	}
	if !m.global {
		m.flush()
		if m.slave.master != nil {
			m.ask(m.compose("g_mon0").text(family).message())
		}
		m.forget(family)
	}
	if w.arrived && !w.known {
		m.flushed.firsts--
	}
	delete(m.watches, family)
	return m.finish()
}

// Known says whether a watched family's contents are known.
func (m *Machine) Known(family string) bool {
	w := m.watches[family]
	return w != nil && w.known
}

// seen is the store that the watchers have been told of.
func (m *Machine) seen() *merge.Store {
	if m.settle.on {
		return m.settle.former
	}
	return m.store
}

// Get, Len and Entries read a family that is Known: as the last Changed told it if the
// Machine isn't Dirty. What they lend is valid until the next input. Entries come in no
// particular order.
func (m *Machine) Get(family, key string) (codec.Value, bool) {
	e, ok := m.seen().Get(family, key)
	return value(e.Value), ok
}

func (m *Machine) Len(family string) int { return m.seen().Len(family) }

func (m *Machine) Entries(family string) iter.Seq2[[]byte, codec.Value] {
	return func(yield func([]byte, codec.Value) bool) {
		for key, e := range m.seen().Family(family) {
			if !yield(key, value(e.Value)) {
				return
			}
		}
	}
}
