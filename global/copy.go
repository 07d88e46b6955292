package global

import (
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// wholeFamily is g_chg1 FAMILY MAP [MORE]: all of a watched family.
func (m *Machine) wholeFamily(p *peer, r *codec.Args) error {
	family, v, more := r.TextBytes(), r.Value(), goesOn(r)
	if err := r.Err(); err != nil {
		return err
	}
	if !v.IsNil() {
		if _, err := v.Map(); err != nil {
			return err
		}
	}
	w := m.watches[string(family)]
	if w == nil || p != m.slave.master {
		return nil
	}
	if v.IsNil() {
		v = emptyMap
	}
	all, done, err := w.whole.part(v, more)
	if err != nil || !done {
		return err
	}
	entries, _ := all.Map() // of maps
	m.replace(string(family), entries)
	w.present = true
	if !w.arrived {
		w.arrived = true
		m.flushed.firsts++
	}
	return nil
}

var emptyMap = value([]byte{0x80})

// replace makes the copy of a family what the master says. What another master said
// differently is a change.
func (m *Machine) replace(family string, entries codec.Pairs) {
	name := []byte(family)
	if m.store.Len(family) > 0 && !m.faults.has(lostDifference) {
		there := make(map[string]bool, entries.Len())
		for p := entries; p.Next(); {
			there[p.Key()] = true
		}
		for _, key := range m.keysOf(family, func(key []byte) bool { return !there[string(key)] }) {
			m.store.Delete(m.config.Node, name, key)
		}
	}
	for entries.Next() {
		m.store.Set(m.config.Node, name, entries.KeyBytes(), entries.Value().Raw(), 0, "")
	}
}

// changedFamily is g_chg2 FAMILY SET DEL: some of a watched family. It counts only after
// the whole: an original queues what it has for a link that was lost and says it
// first on the next one.
func (m *Machine) changedFamily(p *peer, r *codec.Args) error {
	family, set, del := r.TextBytes(), pairsOrNil(r), listOrNil(r)
	if err := r.Err(); err != nil {
		return err
	}
	w := m.watches[string(family)]
	counts := w != nil && w.present && p == m.slave.master
	for set.Next() {
		if counts {
			m.store.Set(m.config.Node, family, set.KeyBytes(), set.Value().Raw(), 0, "")
		}
	}
	for del.More() {
		if key := del.TextBytes(); counts && del.Err() == nil {
			m.store.Delete(m.config.Node, family, key)
		}
	}
	return del.Err()
}

// forget takes the copy of a family away. Nobody wants to know of that.
func (m *Machine) forget(family string) {
	for _, key := range m.keysOf(family, func([]byte) bool { return true }) {
		m.store.Delete(m.config.Node, []byte(family), key)
	}
	m.store.Changes(func(merge.Change) {})
}

// keysOf is those keys of a family in the store that are asked for.
func (m *Machine) keysOf(family string, want func(key []byte) bool) (keys [][]byte) {
	for key := range m.store.Family(family) {
		if want(key) {
			keys = append(keys, append([]byte(nil), key...))
		}
	}
	return keys
}
