package global

import (
	"fmt"
	"log/slog"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// complaint is what a peer is reproached with. Each is logged once for a link.
type complaint uint8

const (
	overQuota complaint = 1 << iota // it publishes more than it may
	notItsOwn                       // it publishes what isn't its own
	uncarried                       // its framing can't carry a value
)

// holdings counts what a peer publishes that isn't global.
type holdings struct {
	keys, octets int
	families     tally
}

// publishFor stores an entry for a peer, if it may publish it. What is refused is as if
// it were deleted: a value that the peer itself doesn't have any more would be
// worse than none.
func (m *Machine) publishFor(p *peer, family, key, value []byte, stamp merge.Stamp, owner []byte) {
	if p.foretells(family, key) {
		return
	}
	before := m.held(p, family, key)
	if what, err := m.refuse(p, family, key, value, before); err != nil {
		m.withdraw(p, family, key)
		m.stats.Refused++
		m.accuse(p, what, "entry refused", err)
		return
	}
	by := ""
	switch {
	case !p.global:
		p.count(family, key, len(value), before)
	case owner != nil:
		by = m.hub.name(owner)
	}
	m.store.Set(p.node, family, key, value, stamp, by)
	if p.mirrored(family, key) {
		m.setHere(familyNodes, p.node, value, stamp)
	}
}

// foretells says whether an entry is an original's word that it is global, of which it
// tells the globals that it knows before it says so to everybody, and then again.
func (p *peer) foretells(family, key []byte) bool {
	return !p.ours && !p.global && string(family) == familyGlobals && string(key) == p.node
}

// withdraw deletes an entry of a peer.
func (m *Machine) withdraw(p *peer, family, key []byte) {
	p.count(family, key, -1, m.held(p, family, key))
	m.store.Delete(p.node, family, key)
	if p.mirrored(family, key) {
		m.deleteHere(familyNodes, p.node)
	}
}

// mirrored says whether this node publishes the entry, too: another global's addresses
// (protocol 6).
func (p *peer) mirrored(family, key []byte) bool {
	return p.global && string(family) == familyNodes && string(key) == p.node
}

// held is the octets of the value that p has at a key; -1: none. What globals hold isn't
// counted.
func (m *Machine) held(p *peer, family, key []byte) int {
	if p.global {
		return -1
	}
	return m.store.Held(p.node, family, key)
}

// count keeps the sums right when the value at a key takes other octets; -1: none.
func (p *peer) count(family, key []byte, now, before int) {
	h := &p.holdings
	if before >= 0 {
		h.keys--
		h.octets -= len(key) + before
	}
	if now >= 0 {
		h.keys++
		h.octets += len(key) + now
	}
	switch {
	case before < 0 && now >= 0:
		h.families.add(family, 1)
	case before >= 0 && now < 0:
		h.families.add(family, -1)
	}
}

// A RefusalError says why an entry of a peer isn't stored.
type RefusalError struct {
	Family, Key string
	Why         string
}

func (e *RefusalError) Error() string {
	return fmt.Sprintf("%.80q in family %.80q: %s", e.Key, e.Family, e.Why)
}

// refuse says why a peer may not publish an entry, if so.
func (m *Machine) refuse(p *peer, family, key, value []byte, before int) (complaint, error) {
	no := func(what complaint, why string, args ...any) (complaint, error) {
		return what, &RefusalError{string(family), string(key), fmt.Sprintf(why, args...)}
	}
	switch {
	case len(family) > MaxFamily:
		return no(overQuota, "the family's name has more than %d octets", MaxFamily)
	case len(key) > MaxKey:
		return no(overQuota, "the key has more than %d octets", MaxKey)
	case len(value) > MaxValue:
		return no(overQuota, "the value has more than %d octets", MaxValue)
	case intricate(value):
		return no(overQuota, "the value has more than %d levels of nesting or %d elements", maxValueDepth, valueLimits.Items)
	case p.global:
		return 0, nil
	case string(family) == familyGlobals:
		return no(notItsOwn, "it isn't global")
	case p.ours && string(family) == familyNodes && string(key) != p.node:
		return no(notItsOwn, "these are another node's addresses")
	}
	h, q := &p.holdings, &m.config.Quotas
	more := len(value) - before
	if before < 0 {
		more = len(key) + len(value)
		if h.keys >= q.Keys {
			return no(overQuota, "more keys than the quota of %d", q.Keys)
		}
		if !h.families.has(family) && h.families.len() >= q.Families {
			return no(overQuota, "more families than the quota of %d", q.Families)
		}
	}
	if more > 0 && h.octets+more > q.Octets {
		return no(overQuota, "more octets than the quota of %d", q.Octets)
	}
	return 0, nil
}

// intricate says whether a value is nested deeper or has more elements than one may. Such a
// value may fit into the message that brought it, but not into one that takes it further, which
// would end the link with whoever is told. Each level and each element takes an octet.
func intricate(value []byte) bool {
	return len(value) > maxValueDepth && codec.Check(value, valueLimits) != nil
}

// accuse logs what is wrong with a peer, once.
func (m *Machine) accuse(p *peer, what complaint, text string, err error) {
	if p.accused&what == 0 {
		p.accused |= what
		m.log(slog.LevelWarn, text, p.node, err)
	}
}
