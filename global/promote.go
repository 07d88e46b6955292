package global

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aemp-go/aemp/global/merge"
)

// settling is the short time in which a node has become global but hasn't been told by the
// other globals what they have: as long its program sees what it saw before, and
// its requests wait.
type settling struct {
	on       bool
	former   *merge.Store // what was seen before
	awaited  []*peer      // who hasn't told all
	deadline time.Duration
}

func (s *settling) due() time.Duration {
	if s.on {
		return s.deadline
	}
	return 0
}

// promote makes this node global (protocol 6: "Becoming global").
func (m *Machine) promote() {
	if m.global {
		return
	}
	m.flush()
	m.settle = settling{on: true, former: m.store, deadline: m.now + settleTime}
	m.global = true
	m.store = merge.NewFaulty(m.config.Node, m.flaws)
	m.do(Action{Do: Promoted})
	m.log(slog.LevelInfo, "is global now", "", nil)
	if p := m.slave.master; p != nil {
		m.slave.master, p.asks = nil, nil
		m.do(Action{Do: MasterIs})
	}
	m.slave.registers = false
	m.config.Local.Renew()
	for m.slave.unpublished = true; m.slave.unpublished; {
		m.publishHere(publishBatches)
	}
	m.setHere(familyGlobals, m.config.Node, nilValue, m.config.Local.Now())
	peers := m.sorted()
	for _, p := range peers {
		m.send(p, m.compose("g_global").message())
	}
	for _, p := range peers {
		if p.global {
			m.settle.awaited = insert(m.settle.awaited, p)
			m.join(p)
		}
	}
	m.flush()
	m.settleIfAll()
}

// settled: p has told all that it has, or is gone.
func (m *Machine) settled(p *peer) {
	m.settle.awaited = remove(m.settle.awaited, p)
	m.settleIfAll()
}

func (m *Machine) settleIfAll() {
	if m.settle.on && len(m.settle.awaited) == 0 {
		m.endSettling()
	}
}

func (m *Machine) settleLate() {
	if m.settle.on && m.now >= m.settle.deadline {
		m.endSettling()
	}
}

// endSettling shows this node's program what is known now, and answers it.
func (m *Machine) endSettling() {
	m.flush()
	former := m.settle.former
	m.settle = settling{}
	m.flushed.firsts = 0
	for _, family := range slices.Sorted(maps.Keys(m.watches)) {
		if w := m.watches[family]; w.known {
			m.tellBetween(family, former)
		} else {
			m.tellFirst(family)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(m.slave.queries)) {
		m.answerHere(number, m.slave.queries[number])
	}
	for _, node := range m.finder.wanted() {
		m.lookHere(node)
	}
}

// tellBetween tells how a family differs from what it was in another store.
func (m *Machine) tellBetween(family string, former *merge.Store) {
	at := len(m.diff)
	for key, was := range former.Family(family) {
		e, ok := m.store.Get(family, string(key))
		if !ok || !alike(was.Value, e.Value) {
			m.diff = append(m.diff, Difference{m.lend(key), m.lend(was.Value), m.lend(e.Value)})
		}
	}
	for key, e := range m.store.Family(family) {
		if _, ok := former.Get(family, string(key)); !ok {
			m.diff = append(m.diff, Difference{Key: m.lend(key), After: m.lend(e.Value)})
		}
	}
	if len(m.diff) > at {
		m.do(Action{Do: Changed, Family: family, Changes: m.diff[at:]})
	}
}
