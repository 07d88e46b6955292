package global

import (
	"bytes"
	"maps"
	"slices"

	"github.com/aemp-go/aemp/global/merge"
)

// flushing tells everybody what has changed in the store: this node's program the families
// that it watches, slaves those that they watch, the other globals what this node publishes.
// One message serves all who can take it now.
type flushing struct {
	m    *Machine
	each func(merge.Change) // heard, made once

	family  string
	begun   bool // a family
	changed int  // where the family's differences begin
	watch   *watch
	change  draft // for who watches the family
	now     []*peer
	later   []*peer

	update       draft // for globals of ours
	bare         draft // for original ones, which don't see stamps
	split        bool  // the globals
	globalsNow   []*peer
	globalsLater []*peer
	foreign      bool // one of globalsNow is an original

	bundle bundle   // of a g_set or g_slave, not of a flush
	firsts int      // watches whose contents have arrived and weren't told
	heeded []heeded // changes of internal families
}

// heeded is a key of an internal family that came or went.
type heeded struct {
	family, key string
	there       bool
}

func (f *flushing) init(m *Machine) { f.m, f.each = m, f.heard }

// flush tells what has changed since the last one.
func (m *Machine) flush() {
	f := &m.flushed
	if m.store.Dirty() {
		m.store.Changes(f.each)
		f.endFamily()
		f.split = false
		m.heed()
	}
	if f.firsts > 0 && !m.global {
		m.tellFirsts()
	}
}

func (f *flushing) heard(c merge.Change) {
	if !f.begun || c.Family != f.family {
		f.endFamily()
		f.beginFamily(c.Family)
	}
	if !bytes.Equal(c.ViewBefore, c.View) {
		f.seen(c)
	}
	if f.m.global {
		f.published(c)
	}
}

func (f *flushing) beginFamily(family string) {
	m := f.m
	f.family, f.begun = family, true
	f.watch = m.watches[family]
	f.changed = len(m.diff)
	f.change.reset()
	f.update.reset()
	f.bare.reset()
	f.now, f.later = f.now[:0], f.later[:0]
	for _, p := range m.hub.watching[family] {
		switch {
		case p.watches[family].waits: // it will be told all
		case m.behind(p):
			f.later = append(f.later, p)
		default:
			f.now = append(f.now, p)
		}
	}
}

// seen is a change of what this node believes.
func (f *flushing) seen(c merge.Change) {
	m := f.m
	if f.watch != nil && f.watch.known && !m.settle.on && !alike(c.ViewBefore, c.View) {
		m.diff = append(m.diff, Difference{m.lend(c.Key), m.lend(c.ViewBefore), m.lend(c.View)})
	}
	for _, p := range f.later {
		p.owe(c.Family, false, c.Key, c.ViewBefore)
	}
	if len(f.now) > 0 {
		f.change.add(c.Key, c.View)
		if f.change.full() {
			f.sendChange()
		}
	}
	if m.global && (c.Family == familyNodes || c.Family == familyGlobals) {
		f.heeded = append(f.heeded, heeded{c.Family, string(c.Key), c.ViewBefore != nil})
	}
}

// add takes a key with its new value; nil: deleted.
func (d *draft) add(key, value []byte) {
	if value == nil {
		d.del(key)
	} else {
		d.set(key, value)
	}
}

// published is a change of what this node publishes.
func (f *flushing) published(c merge.Change) {
	before, now := c.OwnBefore, c.Own
	same := bytes.Equal(before.Value, now.Value)
	if same && before.Stamp == now.Stamp && before.Owner == now.Owner {
		return
	}
	f.splitGlobals()
	for _, p := range f.globalsLater {
		p.owe(c.Family, true, c.Key, before.Value)
	}
	if len(f.globalsNow) == 0 {
		return
	}
	f.update.add(c.Key, now.Value)
	if now.Value != nil {
		f.update.meta(c.Key, now.Stamp, f.m.ownerTold(now))
	}
	if f.foreign && !same {
		f.bare.add(c.Key, now.Value)
	}
	if f.update.full() {
		f.sendUpdate()
	}
}

// splitGlobals says, once in a flush, who can be told now.
func (f *flushing) splitGlobals() {
	if f.split {
		return
	}
	f.split, f.foreign = true, false
	f.globalsNow, f.globalsLater = f.globalsNow[:0], f.globalsLater[:0]
	for _, p := range f.m.hub.globals {
		switch {
		case p.setWaits: // it will be told all
		case f.m.behind(p):
			f.globalsLater = append(f.globalsLater, p)
		default:
			f.globalsNow = append(f.globalsNow, p)
			f.foreign = f.foreign || !p.ours
		}
	}
}

func (f *flushing) endFamily() {
	if !f.begun {
		return
	}
	f.begun = false
	f.sendChange()
	f.sendUpdate()
	if len(f.m.diff) > f.changed {
		f.m.do(Action{Do: Changed, Family: f.family, Changes: f.m.diff[f.changed:]})
	}
}

func (f *flushing) sendChange() {
	if f.change.empty() {
		return
	}
	msg := f.m.change(f.family, &f.change)
	for _, p := range f.now {
		f.m.send(p, msg)
	}
	f.change.reset()
}

func (f *flushing) sendUpdate() {
	if f.update.empty() {
		return
	}
	m := f.m
	msg := m.updateToGlobal(f.family, &f.update, true)
	bare := msg
	if !f.bare.empty() {
		bare = m.updateToGlobal(f.family, &f.bare, false)
	}
	for _, p := range f.globalsNow {
		switch {
		case p.ours:
			m.send(p, msg)
		case !f.bare.empty():
			m.send(p, bare)
		}
	}
	f.update.reset()
	f.bare.reset()
}

// alike says whether two encoded values mean the same to a program, though they are
// written differently: one may have come by way of an original node, which doesn't tell
// text from octets.
func alike(a, b []byte) bool { return a != nil && b != nil && value(a).Equal(value(b)) }

// lend copies what the driver is to see.
func (m *Machine) lend(b []byte) []byte {
	if b == nil {
		return nil
	}
	at := len(m.buf)
	m.buf = append(m.buf, b...)
	return m.buf[at:len(m.buf):len(m.buf)]
}

// tellFirsts tells of families whose contents have arrived.
func (m *Machine) tellFirsts() {
	m.flushed.firsts = 0
	for _, family := range slices.Sorted(maps.Keys(m.watches)) {
		if w := m.watches[family]; w.arrived && !w.known {
			m.tellFirst(family)
		}
	}
}

func (m *Machine) tellFirst(family string) {
	w := m.watches[family]
	w.arrived, w.known = true, true
	m.do(Action{Do: Changed, Family: family, First: true})
}

// heed acts on changes of the internal families.
func (m *Machine) heed() {
	for _, h := range m.flushed.heeded {
		if h.family == familyGlobals {
			m.keepOrLose(h.key)
		} else {
			m.located(h.key, h.there)
		}
	}
	m.flushed.heeded = m.flushed.heeded[:0]
}
