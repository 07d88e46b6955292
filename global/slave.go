package global

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// slave is the part of a node that isn't global: it has a master, tells it what this
// node itself holds, and asks it for all else (protocol 6).
type slave struct {
	seeds       []string // that are connected, in the order in which they came
	master      *peer
	registers   bool // the master is to be told what this node holds, and hasn't been told any of it
	unpublished bool // Local has something to take
	batch       Batch
	queries     map[uint64]inquiry
}

func (s *slave) init() { s.queries = make(map[uint64]inquiry) }

// SeedUp says that a node which answers at a seed's address is connected, before or
// after NodeUp.
func (m *Machine) SeedUp(now time.Duration, node string) []Action {
	m.begin(now)
	if !slices.Contains(m.slave.seeds, node) {
		m.slave.seeds = append(m.slave.seeds, node)
		m.seedIsUp(node)
	}
	return m.finish()
}

// SeedDown says that this is over: it went down, or answers there no more. In that case it
// stays master, if it is, as long as it is linked.
func (m *Machine) SeedDown(now time.Duration, node string) []Action {
	m.begin(now)
	m.slave.seeds = slices.DeleteFunc(m.slave.seeds, func(s string) bool { return s == node })
	return m.finish()
}

// seedIsUp does what is due when a node is both linked and a seed.
func (m *Machine) seedIsUp(node string) {
	p := m.peers[node]
	if p == nil || !slices.Contains(m.slave.seeds, node) {
		return
	}
	if !p.told {
		p.told = true
		m.send(p, m.compose("g_slave").message())
	}
	m.chooseMaster()
}

// chooseMaster takes the first seed that is up, if there is no master.
func (m *Machine) chooseMaster() {
	if m.global || m.slave.master != nil {
		return
	}
	for _, node := range m.slave.seeds {
		if p := m.peers[node]; p != nil {
			m.register(p)
			return
		}
	}
}

// register makes p the master: it is told all that this node holds, and asked again all
// that is still to be answered.
func (m *Machine) register(p *peer) {
	m.slave.master = p
	m.do(Action{Do: MasterIs, Node: p.node})
	m.log(slog.LevelInfo, "has a master", p.node, nil)
	m.config.Local.Renew()
	m.slave.registers, m.slave.unpublished = true, true
	m.pump(p)
	for _, family := range slices.Sorted(maps.Keys(m.watches)) {
		m.ask(m.compose("g_mon1").text(family).message())
	}
	for _, number := range slices.Sorted(maps.Keys(m.slave.queries)) {
		m.askQuery(number, m.slave.queries[number])
	}
	for _, node := range m.finder.wanted() {
		m.askWhere(node)
	}
}

// masterIsDown looks for another one if p was the master.
func (m *Machine) masterIsDown(p *peer) {
	if m.slave.master != p {
		return
	}
	m.slave.master, m.slave.registers = nil, false
	for _, w := range m.watches {
		w.whole, w.present = gathering{}, false
	}
	for number, q := range m.slave.queries {
		q.parts = gathering{}
		m.slave.queries[number] = q
	}
	m.chooseMaster()
	if m.slave.master == nil {
		m.do(Action{Do: MasterIs})
		m.log(slog.LevelWarn, "has no master, requests wait", p.node, nil)
	}
}

// ask sends a small request to the master. What this node has set before is told first, so
// that the answer has it.
func (m *Machine) ask(msg codec.Message) {
	if p := m.slave.master; m.slave.unpublished {
		p.asks = append(p.asks, msg.Clone())
		m.pump(p)
	} else {
		m.send(p, msg)
	}
}

// publishPiece tells the master some of what this node has changed.
func (m *Machine) publishPiece(p *peer) {
	b, d := &m.slave.batch, &m.flushed.change
	d.reset()
	taken := m.config.Local.Take(b)
	m.slave.unpublished = taken
	for _, e := range b.Set {
		key := []byte(e.Key)
		d.set(key, e.Value)
		if p.ours {
			d.meta(key, e.Stamp, "")
		}
	}
	for _, key := range b.Deleted {
		d.del([]byte(key))
	}
	switch {
	case m.slave.registers:
		m.slave.registers = false
		whole := &m.flushed.bundle
		whole.reset()
		if taken {
			whole.add(b.Family, d)
		}
		m.send(p, m.bundled("g_slave", whole, p.ours, false))
	case taken:
		m.send(p, m.updateToMaster(b.Family, d, p.ours))
	}
}
