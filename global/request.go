package global

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// Message is a message from a node to the node port whose tag begins with g_. It is
// borrowed. An error, a *MessageError, says that it is nonsense and that the link has
// to be ended; there may be actions all the same.
func (m *Machine) Message(now time.Duration, from string, msg codec.Message) ([]Action, error) {
	m.begin(now)
	p := m.peers[from]
	if p == nil {
		return m.finish(), nil
	}
	tag, rest, ok := msg.CutTag()
	if !ok {
		return m.finish(), &MessageError{"database message", fmt.Errorf("no tag")}
	}
	m.args = rest.Args()
	if err := m.request(p, tag, &m.args); err != nil {
		return m.finish(), &MessageError{string(tag), err}
	}
	return m.finish(), nil
}

func (m *Machine) request(p *peer, tag []byte, r *codec.Args) error {
	switch string(tag) {
	case "g_chg2":
		return m.changedFamily(p, r)
	case "g_chg1":
		return m.wholeFamily(p, r)
	case "g_reply":
		return m.reply(p, r)
	case "g_found":
		return m.answered(p, r)
	case "g_slave":
		return m.registered(p, r)
	case "g_global":
		m.greeted(p)
		return nil
	case "g_upd", "g_set", "g_find", "g_mon1", "g_mon0", "g_db_family", "g_db_keys", "g_db_values":
		if !m.global {
			m.log(slog.LevelDebug, "request to a node that isn't global", p.node, fmt.Errorf("%s", tag))
			return nil
		}
		return m.requestToGlobal(p, tag, r)
	}
	m.stats.Unknown++
	m.log(slog.LevelDebug, "unknown database message", p.node, fmt.Errorf("%.40q", tag))
	return nil
}

func (m *Machine) requestToGlobal(p *peer, tag []byte, r *codec.Args) error {
	switch string(tag) {
	case "g_upd":
		return m.updated(p, r)
	case "g_set":
		return m.everything(p, r)
	case "g_find":
		return m.tellWhere(p, r)
	case "g_mon1":
		return m.watched(p, r)
	case "g_mon0":
		return m.unwatched(p, r)
	case "g_db_family":
		return m.asked(p, QueryFamily, r)
	case "g_db_keys":
		return m.asked(p, QueryKeys, r)
	default:
		return m.asked(p, QueryValues, r)
	}
}

// updated is g_upd FAMILY SET [DEL [META]]. Sets come before deletes.
func (m *Machine) updated(p *peer, r *codec.Args) error {
	family, set, del, meta := r.TextBytes(), pairsOrNil(r), listOrNil(r), pairsOrNil(r)
	if err := r.Err(); err != nil {
		return err
	}
	if err := m.takeFamily(p, family, set, meta); err != nil {
		return err
	}
	for del.More() {
		if key := del.TextBytes(); del.Err() == nil {
			m.withdraw(p, family, key)
		}
	}
	return del.Err()
}

// takeBundle reads DB [META] and takes what it sets.
func (m *Machine) takeBundle(p *peer, r *codec.Args) error {
	families, metas := pairsOrNil(r), pairsOrNil(r)
	if err := r.Err(); err != nil {
		return err
	}
	origins := beside{all: metas, rest: metas}
	for families.Next() {
		set, err := families.Value().Map()
		if err != nil {
			return err
		}
		var meta codec.Pairs
		if v, ok := origins.of(families.KeyBytes()); ok {
			if meta, err = v.Map(); err != nil {
				return err
			}
		}
		if err := m.takeFamily(p, families.KeyBytes(), set, meta); err != nil {
			return err
		}
	}
	return nil
}

// takeFamily takes what a peer sets in a family.
func (m *Machine) takeFamily(p *peer, family []byte, set, meta codec.Pairs) error {
	origins := beside{all: meta, rest: meta}
	var latest merge.Stamp
	for set.Next() {
		key := set.KeyBytes()
		v, _ := origins.of(key)
		stamp, owner, err := m.origin(v)
		if err != nil {
			return err
		}
		latest = max(latest, stamp)
		m.publishFor(p, family, key, set.Value().Raw(), stamp, owner)
	}
	if latest > 0 {
		m.config.Local.See(latest)
	}
	return nil
}

// origin reads [stamp, owner]. Nothing is an original node's.
func (m *Machine) origin(v codec.Value) (stamp merge.Stamp, owner []byte, err error) {
	if v.IsNil() {
		return 0, nil, nil
	}
	list := &m.origins
	if *list, err = v.List(); err != nil {
		return 0, nil, err
	}
	stamp = merge.Stamp(list.Uint())
	if list.More() && !list.IsNil() {
		owner = list.TextBytes()
	}
	return stamp, owner, list.Err()
}

// beside reads a map along with another one that has the same keys: in the same order if
// one of ours made them, but nobody has to.
type beside struct {
	all, rest codec.Pairs
	index     map[string]codec.Value
}

// of is the value at a key.
func (o *beside) of(key []byte) (codec.Value, bool) {
	if o.all.Len() == 0 {
		return codec.Value{}, false
	}
	if o.index == nil {
		if o.rest.Next() && string(o.rest.KeyBytes()) == string(key) {
			return o.rest.Value(), true
		}
		o.index = make(map[string]codec.Value, o.all.Len())
		for p := o.all; p.Next(); {
			o.index[p.Key()] = p.Value()
		}
	}
	v, ok := o.index[string(key)]
	return v, ok
}

// goesOn reads the last argument of a message that may come in parts.
func goesOn(r *codec.Args) bool { return r.More() && r.Bool() }

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
