package global

import "github.com/aemp-go/aemp/codec"

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
