package global

import (
	"log/slog"
	"maps"
	"slices"
	"strconv"
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

// An inquiry is a query that waits for its answer.
type inquiry struct {
	kind   QueryKind
	family string
	parts  gathering
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
		m.ask(m.compose("g_find").text(node).message())
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

// ask sends a small request to the master.
func (m *Machine) ask(msg codec.Message) { m.send(m.slave.master, msg) }

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

// A QueryKind is what a query asks for of a family.
type QueryKind uint8

const (
	QueryFamily QueryKind = iota // a map: its keys and values
	QueryKeys                    // a list
	QueryValues                  // a list; both in no particular order
)

var queryTags = [...]string{"g_db_family", "g_db_keys", "g_db_values"}

// Query asks for a family, which needn't be watched. It is answered once, as soon as
// somebody can answer, unless it is cancelled. No two queries may have the same number.
func (m *Machine) Query(now time.Duration, number uint64, kind QueryKind, family string) []Action {
	m.begin(now)
	q := inquiry{kind: kind, family: family}
	m.slave.queries[number] = q
	switch {
	case m.settle.on:
	case m.global:
		m.flush()
		m.answerHere(number, q)
	case m.slave.master != nil:
		m.askQuery(number, q)
	}
	return m.finish()
}

// Cancel forgets a query.
func (m *Machine) Cancel(number uint64) { delete(m.slave.queries, number) }

func (m *Machine) askQuery(number uint64, q inquiry) {
	m.ask(m.compose(queryTags[q.kind]).text(q.family).text(strconv.FormatUint(number, 36)).message())
}

// reply is g_reply ID RESULT [MORE].
func (m *Machine) reply(p *peer, r *codec.Args) error {
	id, result, more := r.TextBytes(), r.Value(), goesOn(r)
	if err := r.Err(); err != nil {
		return err
	}
	number, err := strconv.ParseUint(string(id), 36, 64)
	q, asked := m.slave.queries[number]
	if err != nil || !asked || p != m.slave.master {
		return nil
	}
	if err := q.fits(result); err != nil {
		return err
	}
	whole, done, err := q.parts.part(result, more)
	if err != nil {
		return err
	}
	if !done {
		m.slave.queries[number] = q
		return nil
	}
	delete(m.slave.queries, number)
	m.do(Action{Do: Answer, Query: number, Result: whole})
	return nil
}

// fits says whether a result is of the kind that was asked for.
func (q inquiry) fits(result codec.Value) (err error) {
	if q.kind == QueryFamily {
		_, err = result.Map()
	} else {
		_, err = result.List()
	}
	return err
}

// goesOn reads the last argument of a message that may come in parts.
func goesOn(r *codec.Args) bool { return r.More() && r.Bool() }

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

// pairsOrNil reads a map; nil, or nothing, stands for an empty one.
func pairsOrNil(r *codec.Args) codec.Pairs {
	if !r.More() {
		return codec.Pairs{}
	}
	if r.IsNil() {
		r.Skip()
		return codec.Pairs{}
	}
	return r.Map()
}

// listOrNil reads a list in the same way.
func listOrNil(r *codec.Args) codec.Args {
	if !r.More() {
		return codec.Args{}
	}
	if r.IsNil() {
		r.Skip()
		return codec.Args{}
	}
	return r.List()
}
