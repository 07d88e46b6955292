package global

import (
	"slices"

	"github.com/aemp-go/aemp/codec"
)

// A subscription is a family that a peer watches.
type subscription struct {
	waits bool // it hasn't been told the whole family, and will be
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

// watched is g_mon1 FAMILY.
func (m *Machine) watched(p *peer, r *codec.Args) error {
	family := r.Text()
	if err := r.Err(); err != nil {
		return err
	}
	if len(family) > MaxFamily { // no entry is taken there
		m.send(p, m.compose("g_chg1").text(family).none().message())
		return nil
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
	switch {
	case len(id.Raw()) > maxRequestID:
		return &codec.LimitError{What: "octets in the ID of a request", Limit: maxRequestID}
	case len(family) > MaxFamily: // no entry is taken there
		m.flushed.change.reset()
		m.send(p, m.result(m.compose("g_reply").raw(id.Raw()), kind, &m.flushed.change).message())
		return nil
	}
	m.flush()
	return m.line(p, job{kind: jobReply, family: family, query: kind, id: slices.Clone(id.Raw())})
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
