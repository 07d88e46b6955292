package global

import (
	"log/slog"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// greeted: p has said that it is global.
func (m *Machine) greeted(p *peer) {
	p.global = true
	if m.global {
		m.join(p)
	}
}

// join begins with another global: what it published so far doesn't count any more, and
// it is told all that this node publishes.
//
// A slave of ours that becomes global will publish the same again in a moment. If it is
// one of our own kind, its entries stay until then, so that nobody sees them vanish.
func (m *Machine) join(p *peer) {
	m.quit(p)
	p.slave, p.parts = false, nil
	p.deferred = p.ours && p.holdings.keys > 0
	if !p.deferred {
		m.begins(p)
	}
	m.setHere(familyGlobals, p.node, nilValue, m.config.Local.Now())
	m.flush()
	m.hub.globals = insert(m.hub.globals, p)
	p.jobs, p.setWaits = append(p.jobs[:0], job{kind: jobSet}), true
	m.pump(p)
	m.log(slog.LevelInfo, "global node joined", p.node, nil)
}

// begins forgets what p has published as something else than a global.
func (m *Machine) begins(p *peer) {
	p.deferred = false
	p.holdings = holdings{}
	m.store.Drop(p.node)
	m.store.Publisher(p.node, merge.Global)
}

// part: p has gone down. All that it published goes with it.
func (m *Machine) part(p *peer) {
	if !m.faults.has(forgottenCleanup) {
		m.store.Drop(p.node)
	}
	m.quit(p)
	if p.global {
		m.hub.globals = remove(m.hub.globals, p)
		m.deleteHere(familyGlobals, p.node)
		m.deleteHere(familyNodes, p.node)
		m.log(slog.LevelWarn, "global node is lost", p.node, nil)
	}
}

// registered is g_slave [DB [META]].
func (m *Machine) registered(p *peer, r *codec.Args) error {
	m.promote()
	if !r.More() {
		return nil
	}
	if !p.global && !p.slave {
		p.slave = true
		m.store.Publisher(p.node, merge.Slave)
	}
	return m.takeBundle(p, r)
}

// everything is g_set DB [META [MORE]].
func (m *Machine) everything(p *peer, r *codec.Args) error {
	msg, look := r.Rest(), *r
	pairsOrNil(&look)
	pairsOrNil(&look)
	more := goesOn(&look)
	if err := look.Err(); err != nil {
		return err
	}
	if p.deferred {
		if more {
			return p.keepPart(msg)
		}
		parts := p.parts
		p.parts = nil
		m.begins(p)
		for _, part := range parts {
			a := part.Args()
			if err := m.takeBundle(p, &a); err != nil {
				return err
			}
		}
	}
	if err := m.takeBundle(p, r); err != nil {
		return err
	}
	if !more {
		m.settled(p)
	}
	return nil
}

// keepPart keeps a part of a g_set until the last one is there.
func (p *peer) keepPart(msg codec.Message) error {
	size := len(msg.Raw())
	for _, part := range p.parts {
		size += len(part.Raw())
	}
	if err := gatherable(size); err != nil {
		return err
	}
	p.parts = append(p.parts, msg.Clone())
	return nil
}
