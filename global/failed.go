package global

import (
	"errors"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// Failed says that the i-th of the actions that the last input returned, a Send, can't
// be carried by that node's framing. It returns the whole list again, with more at its
// end: the message without what can't be carried. Go on with it after index i.
//
// So a value that one peer can't have costs that peer this key, and nobody anything else.
func (m *Machine) Failed(now time.Duration, i int, err error) []Action {
	a := m.out[i]
	p := m.peers[a.Node]
	if p == nil {
		return m.out
	}
	s := sieve{m: m, framings: framings}
	var bad *codec.ValueError
	if errors.As(err, &bad) {
		s.framings = []codec.Framing{bad.Framing}
	}
	tag, rest, _ := a.Message.CutTag()
	if msg, ok := s.message(string(tag), rest.Args()); ok && s.lost > 0 {
		m.send(p, msg)
	}
	m.stats.Uncarried += uint64(max(s.lost, 1))
	m.accuse(p, uncarried, "value can't be sent to a node", err)
	return m.out
}

// A sieve makes messages without the values that some framings can't carry.
type sieve struct {
	m        *Machine
	framings []codec.Framing
	lost     int
}

func (s *sieve) passes(v codec.Value) bool {
	if codec.Fits(v.Raw(), s.framings, valueLimits) == nil && codec.Check(v.Raw(), valueLimits) == nil {
		return true
	}
	s.lost++
	return false
}

// message sifts a message; false: there is nothing in it to leave out.
func (s *sieve) message(tag string, r codec.Args) (codec.Message, bool) {
	c := s.m.compose(tag)
	switch tag {
	case "g_upd", "g_chg2":
		return s.difference(c.bytes(r.TextBytes()), r)
	case "g_chg1":
		c = c.bytes(r.TextBytes()).raw(s.pairs(pairsOrNil(&r), nil))
	case "g_set", "g_slave":
		c = c.raw(s.families(pairsOrNil(&r)))
	case "g_reply":
		c = c.raw(r.Value().Raw())
		if v := r.Value(); v.Kind() == codec.Map {
			p, _ := v.Map()
			c = c.raw(s.pairs(p, nil))
		} else {
			l, _ := v.List()
			c = c.raw(s.list(l))
		}
	case "g_found":
		s.lost++
		return c.raw(r.Value().Raw()).none().message(), true
	default:
		return codec.Message{}, false
	}
	for r.More() {
		c = c.raw(r.Value().Raw())
	}
	return c.message(), true
}

// difference sifts FAMILY SET DEL: the peer must not go on to believe an older value of
// what it can't have.
func (s *sieve) difference(c composition, r codec.Args) (codec.Message, bool) {
	var gone draft
	c = c.raw(s.pairs(pairsOrNil(&r), &gone))
	for del := listOrNil(&r); del.More(); {
		gone.del(del.TextBytes())
	}
	c = c.list(gone.dels, gone.nDels)
	for r.More() {
		c = c.raw(r.Value().Raw())
	}
	return c.message(), true
}

func (s *sieve) pairs(p codec.Pairs, gone *draft) []byte {
	var d draft
	for p.Next() {
		if s.passes(p.Value()) {
			d.set(p.KeyBytes(), p.Value().Raw())
		} else if gone != nil {
			gone.del(p.KeyBytes())
		}
	}
	return appendPairs(nil, &d)
}

func (s *sieve) families(p codec.Pairs) []byte {
	var d draft
	for p.Next() {
		family, _ := p.Value().Map() // we made it
		d.set(p.KeyBytes(), s.pairs(family, nil))
	}
	return appendPairs(nil, &d)
}

func (s *sieve) list(l codec.Args) []byte {
	var d draft
	for l.More() {
		if v := l.Value(); s.passes(v) {
			d.collect(QueryValues, nil, v.Raw())
		}
	}
	return appendList(nil, &d)
}
