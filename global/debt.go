package global

import (
	"maps"
	"slices"

	"github.com/aemp-go/aemp/global/merge"
)

// A debt is what changed in a family while a peer had no room: each key once, however often
// it changes, so a peer that doesn't read costs memory for the keys at most, and nobody
// else anything.
type debt struct {
	family string
	own    bool              // what this node publishes, for a global peer; else what it believes, for a watching one
	told   map[string]string // key → the value that the peer knows; "": none. Since these keys changed
	paying []string          // keys that are being paid, in order; they are in told
}

// owe notes a key's change that p can't be told of now.
func (p *peer) owe(family string, own bool, key, before []byte) {
	d := p.debt(family, own)
	if _, ok := d.told[string(key)]; !ok {
		d.told[string(key)] = string(before)
	}
}

func (p *peer) debt(family string, own bool) *debt {
	for _, d := range p.debts {
		if d.family == family && d.own == own {
			return d
		}
	}
	d := &debt{family: family, own: own, told: make(map[string]string)}
	p.debts = append(p.debts, d)
	return d
}

// remit drops the debts that are asked for.
func (p *peer) remit(which func(*debt) bool) { p.debts = slices.DeleteFunc(p.debts, which) }

// pay tells p a piece of the first debt: how these keys are now.
func (m *Machine) pay(p *peer) {
	d, draft := p.debts[0], &m.flushed.change
	if len(d.paying) == 0 {
		d.paying = slices.Sorted(maps.Keys(d.told))
	}
	draft.reset()
	for len(d.paying) > 0 && !draft.full() {
		key := d.paying[0]
		d.paying = d.paying[1:]
		told := d.told[key]
		delete(d.told, key)
		m.payKey(p, d, key, told)
	}
	if len(d.told) == 0 {
		p.debts = slices.Delete(p.debts, 0, 1)
	}
	switch {
	case draft.empty():
	case d.own:
		m.send(p, m.updateToGlobal(d.family, draft, p.ours))
	default:
		m.send(p, m.change(d.family, draft))
	}
}

func (m *Machine) payKey(p *peer, d *debt, key, told string) {
	draft := &m.flushed.change
	get := m.store.Get
	if d.own {
		get = m.store.OwnOf
	}
	e, ok := get(d.family, key)
	switch {
	case !ok && told != "":
		draft.del([]byte(key))
	case !ok || string(e.Value) == told && !(d.own && p.ours):
	default:
		draft.set([]byte(key), e.Value)
		if d.own && p.ours {
			draft.meta([]byte(key), e.Stamp, m.ownerTold(e))
		}
	}
}

// ownerTold is the owner as it is written: nothing stands for the publisher itself.
func (m *Machine) ownerTold(e merge.Entry) string {
	if e.Owner == m.config.Node {
		return ""
	}
	return e.Owner
}
