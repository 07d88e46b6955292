package merge

import (
	"bytes"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A mesh is three global nodes of ours, a, b and c, and an original one, o. Nodes
// publish at one of them or at several, as a node does that moves, each global tells
// the others what it publishes, and everything is on its way for any time.
type mesh struct {
	stores map[string]*Store
	copies map[link]*copyOf // publisher and global node
	onWay  map[link][]told  // what one global has told another
	linked map[link]bool    // pairs of ours, in order
	links  []link           // keys of onWay, in a fixed order
}

type link struct{ from, to string }

// told is a set, or a delete if there is no value.
type told struct {
	family, key []byte
	Entry
}

var (
	ours  = []string{"a", "b", "c"}
	world = []string{"a", "b", "c", "o", "p", "q", "r"}
)

func newMesh(f Fault) *mesh {
	m := &mesh{stores: map[string]*Store{}, copies: map[link]*copyOf{}, onWay: map[link][]told{}, linked: map[link]bool{}}
	for _, id := range ours {
		m.stores[id] = NewFaulty(id, f)
		m.stores[id].Publisher("o", Global)
		m.links = append(m.links, link{"o", id})
		for _, other := range ours {
			if other != id {
				m.links = append(m.links, link{id, other})
			}
		}
		m.join(id)
	}
	return m
}

// copy is what a publisher has at a global node; who is one itself publishes there.
func (m *mesh) copy(publisher, via string) *copyOf {
	at := link{publisher, via}
	if m.copies[at] == nil {
		m.copies[at] = &copyOf{publisher: publisher, via: via, role: Slave, entries: map[place]Entry{}}
	}
	return m.copies[at]
}

func (m *mesh) take(s step) {
	if s.publisher <= "o" && slices.Contains([]string{"set", "delete", "drop"}, s.do) {
		s.via = s.publisher
	}
	store := m.stores[s.via]
	family, key := []byte(s.family), []byte(s.key)
	switch s.do {
	case "set":
		if s.publisher == "o" {
			s.stamp, s.owner = 0, ""
			m.tell("o", told{family, key, Entry{Value: []byte(s.value)}})
		} else {
			store.Publisher(s.publisher, Slave)
			store.Set(s.publisher, family, key, []byte(s.value), s.stamp, s.owner)
		}
		if s.owner == "" {
			s.owner = s.publisher
		}
		m.copy(s.publisher, s.via).entries[place{s.family, s.key}] = Entry{[]byte(s.value), s.stamp, s.owner}
	case "delete":
		if s.publisher == "o" {
			m.tell("o", told{family: family, key: key})
		} else {
			store.Delete(s.publisher, family, key)
		}
		delete(m.copy(s.publisher, s.via).entries, place{s.family, s.key})
	case "drop":
		if s.publisher != "o" {
			store.Drop(s.publisher)
			m.copy(s.publisher, s.via).entries = map[place]Entry{}
		}
	case "flush":
		m.flush(s.via)
	case "deliver":
		i := slices.Index(world, s.key) + len(world)*int(s.role)
		m.deliver(m.links[i%len(m.links)])
	case "cut":
		for _, other := range ours {
			if s.via != other {
				m.cut(s.via, other)
			}
		}
	case "join":
		m.join(s.via)
	}
}

func (m *mesh) tell(from string, t told) {
	for _, l := range m.links {
		if l.from == from && (from == "o" || m.linked[l]) {
			m.onWay[l] = append(m.onWay[l], t)
		}
	}
}

func (m *mesh) flush(id string) {
	m.stores[id].Changes(func(c Change) {
		if !c.OwnBefore.equal(c.Own) {
			c.Own.Value = bytes.Clone(c.Own.Value)
			m.tell(id, told{[]byte(c.Family), bytes.Clone(c.Key), c.Own})
		}
	})
}

func (m *mesh) deliver(l link) bool {
	if len(m.onWay[l]) == 0 {
		return false
	}
	t := m.onWay[l][0]
	m.onWay[l] = m.onWay[l][1:]
	if t.Value == nil {
		m.stores[l.to].Delete(l.from, t.family, t.key)
	} else {
		m.stores[l.to].Set(l.from, t.family, t.key, t.Value, t.Stamp, t.Owner)
	}
	return true
}

// cut ends the link of two: what is on its way is lost, and each forgets the other.
func (m *mesh) cut(one, other string) {
	for _, l := range []link{{one, other}, {other, one}} {
		m.linked[l] = false
		m.onWay[l] = nil
		m.stores[l.to].Drop(l.from)
	}
}

// join links a global node of ours to all others, and each of two tells the other
// all that it publishes.
func (m *mesh) join(id string) {
	for _, other := range ours {
		for _, l := range []link{{id, other}, {other, id}} {
			if id == other || m.linked[l] || m.stores[other] == nil {
				continue
			}
			m.flush(l.from)
			m.linked[l] = true
			m.stores[l.to].Publisher(l.from, Global)
			for at, e := range contents(m.stores[l.from], (*Store).Own) {
				m.onWay[l] = append(m.onWay[l], told{[]byte(at.family), []byte(at.key), e})
			}
		}
	}
}

// run plays a life, lets everything arrive, and compares all views with the
// reference, which knows nothing of time.
func (m *mesh) run(life []step) error {
	for _, s := range life {
		m.take(s)
	}
	for _, id := range ours {
		m.join(id)
	}
	for busy := true; busy; {
		busy = false
		for _, l := range m.links {
			for m.deliver(l) {
				busy = true
			}
		}
		for _, id := range ours {
			busy = busy || m.stores[id].Dirty()
			m.flush(id)
		}
	}
	var all []*copyOf
	for _, c := range m.copies {
		all = append(all, c)
	}
	want := reference(all, false)
	for _, id := range ours {
		if err := same("view of "+id, contents(m.stores[id], (*Store).Family), want); err != nil {
			return err
		}
	}
	return nil
}

var meshLives = steps([]string{"set", "set", "set", "set", "set", "delete", "drop", "flush", "flush", "deliver", "deliver", "deliver", "deliver", "cut", "join"}, world, ours, 60, 250)

func TestGlobalNodesAgreeWhateverTheOrderOfArrival(t *testing.T) {
	for range 20 {
		rapid.Check(t, func(t *rapid.T) {
			if err := newMesh(0).run(meshLives.Draw(t, "life")); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestGlobalNodesWithAFaultDoNotAgree(t *testing.T) {
	findsFaults(t, func(f Fault, seed int) error { return newMesh(f).run(meshLives.Example(seed)) })
}
