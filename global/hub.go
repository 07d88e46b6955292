package global

import (
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// hub is the part of a global node: it is master to its slaves, and tells the other
// globals what they and it publish (protocol 6).
type hub struct {
	globals  []*peer            // by node
	watching map[string][]*peer // by family, then by node
	kept     map[string]*kept
	lost     int           // of the kept
	lostDue  time.Duration // when one of them may have to be released; 0: never
	names    map[string]string
}

// A subscription is a family that a peer watches.
type subscription struct {
	waits bool // it hasn't been told the whole family, and will be
}

func (h *hub) init() {
	h.watching = make(map[string][]*peer)
	h.kept = make(map[string]*kept)
	h.names = make(map[string]string)
}

var nilValue = []byte{0xc0}

// publishHere puts what this node itself has changed into the store, a bounded part of
// it.
func (m *Machine) publishHere(batches int) {
	b := &m.slave.batch
	for range batches {
		if m.slave.unpublished = m.config.Local.Take(b); !m.slave.unpublished {
			return
		}
		family := []byte(b.Family)
		for _, e := range b.Set {
			m.store.Set(m.config.Node, family, []byte(e.Key), e.Value, e.Stamp, "")
		}
		for _, key := range b.Deleted {
			m.store.Delete(m.config.Node, family, []byte(key))
		}
	}
}

// setHere publishes an entry of an internal family in this node's name.
func (m *Machine) setHere(family, node string, value []byte, stamp merge.Stamp) {
	m.store.Set(m.config.Node, []byte(family), []byte(node), value, stamp, "")
}

func (m *Machine) deleteHere(family, node string) {
	m.store.Delete(m.config.Node, []byte(family), []byte(node))
}

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

// quit ends all that p watches and waits for.
func (m *Machine) quit(p *peer) {
	for family := range p.watches {
		m.hub.unwatch(family, p)
	}
	p.watches, p.pieces, p.jobs, p.debts, p.setWaits = nil, nil, nil, nil, false
}

func (h *hub) unwatch(family string, p *peer) {
	if list := remove(h.watching[family], p); len(list) > 0 {
		h.watching[family] = list
	} else {
		delete(h.watching, family)
	}
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

// watched is g_mon1 FAMILY.
func (m *Machine) watched(p *peer, r *codec.Args) error {
	family := r.Text()
	if err := r.Err(); err != nil {
		return err
	}
	s := p.watches[family]
	if s == nil {
		if len(p.watches) >= maxPeerWatches {
			return &codec.LimitError{What: "families watched by one node", Limit: maxPeerWatches}
		}
		if p.watches == nil {
			p.watches = make(map[string]*subscription)
		}
		s = new(subscription)
		p.watches[family] = s
		m.hub.watching[family] = insert(m.hub.watching[family], p)
	}
	if s.waits {
		return nil
	}
	m.flush()
	s.waits = true
	p.remit(func(d *debt) bool { return !d.own && d.family == family })
	return m.line(p, job{kind: jobWhole, family: family})
}

// line puts a job into p's line.
func (m *Machine) line(p *peer, j job) error {
	if len(p.jobs) >= maxJobs+len(p.watches) {
		return &codec.LimitError{What: "requests waiting for one node to read", Limit: maxJobs}
	}
	p.jobs = append(p.jobs, j)
	m.pump(p)
	return nil
}

// unwatched is g_mon0 FAMILY.
func (m *Machine) unwatched(p *peer, r *codec.Args) error {
	family := r.Text()
	if p.watches[family] != nil {
		delete(p.watches, family)
		m.hub.unwatch(family, p)
		p.jobs = slices.DeleteFunc(p.jobs, func(j job) bool { return j.kind == jobWhole && j.family == family })
		p.remit(func(d *debt) bool { return !d.own && d.family == family })
	}
	return r.Err()
}

// asked is g_db_… FAMILY ID.
func (m *Machine) asked(p *peer, kind QueryKind, r *codec.Args) error {
	family, id := r.Text(), r.Value()
	if err := r.Err(); err != nil {
		return err
	}
	m.flush()
	return m.line(p, job{kind: jobReply, family: family, query: kind, id: slices.Clone(id.Raw())})
}

// tellFamily sends a g_chg1, which begins a peer's watch. A peer of ours puts the parts
// of a large family together; an original gets the rest as changes.
func (m *Machine) tellFamily(p *peer, family string) {
	d, limit := &m.flushed.change, pieceOctets
	if !p.ours {
		limit = wholeOctets
	}
	d.reset()
	tag, parts := "g_chg1", 0
	for key, e := range m.store.Family(family) {
		if d.size() >= limit {
			m.piece(p, m.wholePart(tag, family, d, p.ours, true))
			d.reset()
			parts++
			if !p.ours {
				tag = "g_chg2"
			}
		}
		d.set(key, e.Value)
	}
	if d.empty() && parts == 0 {
		m.piece(p, m.compose("g_chg1").text(family).none().message())
		return
	}
	m.piece(p, m.wholePart(tag, family, d, p.ours, false))
}

func (m *Machine) wholePart(tag, family string, d *draft, ours, more bool) codec.Message {
	c := m.compose(tag).text(family).pairs(d.sets, d.nSets)
	switch {
	case tag == "g_chg2":
		c = c.list(nil, 0)
	case ours && more:
		c = c.yes()
	}
	return c.message()
}

// tellReply sends a g_reply.
func (m *Machine) tellReply(p *peer, j job) {
	d := &m.flushed.change
	d.reset()
	for key, e := range m.store.Family(j.family) {
		if p.ours && d.full() {
			m.piece(p, m.result(m.compose("g_reply").raw(j.id), j.query, d).yes().message())
			d.reset()
		}
		d.collect(j.query, key, e.Value)
	}
	m.piece(p, m.result(m.compose("g_reply").raw(j.id), j.query, d).message())
}

// answerHere answers a query of this node itself.
func (m *Machine) answerHere(number uint64, q inquiry) {
	d := &m.flushed.change
	d.reset()
	for key, e := range m.store.Family(q.family) {
		d.collect(q.kind, key, e.Value)
	}
	delete(m.slave.queries, number)
	at := len(m.buf)
	m.result(composition{m: m, at: at}, q.kind, d)
	m.do(Action{Do: Answer, Query: number, Result: value(m.buf[at:len(m.buf):len(m.buf)])})
}

// collect takes what a query asks for of an entry.
func (d *draft) collect(kind QueryKind, key, value []byte) {
	switch kind {
	case QueryFamily:
		d.set(key, value)
	case QueryKeys:
		d.del(key)
	case QueryValues:
		d.dels = append(d.dels, value...)
		d.nDels++
	}
}

func (m *Machine) result(c composition, kind QueryKind, d *draft) composition {
	if kind == QueryFamily {
		return c.pairs(d.sets, d.nSets)
	}
	return c.list(d.dels, d.nDels)
}

// tellOwn tells another global all that this node publishes, in a g_set. What is long is continued
// by further ones, but for an original by g_upd: it forgets where we are with each
// g_set that doesn't say so.
func (m *Machine) tellOwn(p *peer) {
	b, d := &m.flushed.bundle, &m.flushed.change
	b.reset()
	said, located := false, p.ours // the g_set of an original, and in it where we are
	for _, family := range m.store.Families() {
		d.reset()
		for key, e := range m.store.Own(family) {
			if located && b.size()+d.size() >= pieceOctets {
				m.ownPiece(p, family, said)
				said = !p.ours
			}
			d.set(key, e.Value)
			if p.ours {
				d.meta(key, e.Stamp, m.ownerTold(e))
			}
			located = located || family == familyNodes && string(key) == m.config.Node
		}
		switch {
		case d.empty():
		case said:
			m.ownPiece(p, family, said)
		default:
			b.add(family, d)
		}
	}
	if !said {
		m.piece(p, m.bundled("g_set", b, p.ours, false))
	}
}

// ownPiece tells p what has been gathered so far, of which the last is of a family.
func (m *Machine) ownPiece(p *peer, family string, said bool) {
	b, d := &m.flushed.bundle, &m.flushed.change
	if said {
		m.piece(p, m.updateToGlobal(family, d, false))
	} else {
		b.add(family, d)
		m.piece(p, m.bundled("g_set", b, p.ours, true))
	}
	b.reset()
	d.reset()
}

// sorted is all peers, in order.
func (m *Machine) sorted() []*peer {
	return slices.SortedFunc(maps.Values(m.peers), byNode)
}

// name is a node's ID as a string that is shared.
func (h *hub) name(b []byte) string {
	if s, ok := h.names[string(b)]; ok {
		return s
	}
	if len(h.names) >= maxNames {
		clear(h.names)
	}
	s := string(b)
	h.names[s] = s
	return s
}

// tellWhere is g_find NODE, answered by a g_found: where the node listens, as it has announced it.
func (m *Machine) tellWhere(p *peer, r *codec.Args) error {
	node := r.TextBytes()
	if err := r.Err(); err != nil {
		return err
	}
	c := m.compose("g_found").bytes(node)
	if e, ok := m.store.Get(familyNodes, string(node)); ok {
		m.send(p, c.raw(e.Value).message())
	} else {
		m.send(p, c.none().message())
	}
	return nil
}
