package merge

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// A step is something that happens to a store, drawn from few names, so that they
// meet.
type step struct {
	do                      string
	publisher, owner        string
	role                    Role
	family, key, value, via string
	stamp                   Stamp
}

var (
	persons = []string{"a", "b", "c", "d", "e"} // c is the store's own
	stages  = []string{location, "f", "g"}
	stamps  = []Stamp{0, 1, 2, 1 << 60}
)

func (s step) String() string {
	switch s.do {
	case "set":
		return fmt.Sprintf("set %s %s %s = %s stamp %d owner %q", s.publisher, s.family, s.key, s.value, s.stamp, s.owner)
	case "delete":
		return fmt.Sprintf("delete %s %s %s", s.publisher, s.family, s.key)
	case "role":
		return fmt.Sprintf("role %s %d", s.publisher, s.role)
	}
	return s.do + " " + s.publisher
}

func steps(does, names, globals []string, least, most int) *rapid.Generator[[]step] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			do:        rapid.SampledFrom(does).Draw(t, "do"),
			publisher: rapid.SampledFrom(names).Draw(t, "publisher"),
			owner:     rapid.SampledFrom(append([]string{"", "", ""}, names...)).Draw(t, "owner"),
			role:      Role(rapid.IntRange(0, 2).Draw(t, "role")),
			family:    rapid.SampledFrom(stages).Draw(t, "family"),
			key:       rapid.SampledFrom(names).Draw(t, "key"),
			value:     rapid.SampledFrom([]string{"x", "y", "much longer than the others"}).Draw(t, "value"),
			via:       rapid.SampledFrom(globals).Draw(t, "via"),
			stamp:     rapid.SampledFrom(stamps).Draw(t, "stamp"),
		}
	}), least, most)
}

// A pair is a store and what it should be, and a twin that is told the same.
type pair struct {
	store, twin *Store
	copies      map[string]*copyOf
	view, own   map[place]Entry // as of the last Changes
}

func newPair(f Fault) *pair {
	p := &pair{store: NewFaulty("c", f), twin: NewFaulty("c", f), copies: map[string]*copyOf{}}
	for _, id := range persons {
		p.copies[id] = &copyOf{publisher: id, via: "c", entries: map[place]Entry{}}
	}
	p.copies["c"].role = Slave
	p.view, p.own = p.merged()
	return p
}

func (p *pair) merged() (view, own map[place]Entry) {
	all := slices.Collect(maps.Values(p.copies))
	return reference(all, false), reference(all, true)
}

func (p *pair) take(s step) error {
	c := p.copies[s.publisher]
	family, key := []byte(s.family), []byte(s.key)
	for _, store := range []*Store{p.store, p.twin} {
		switch s.do {
		case "set":
			store.Set(s.publisher, family, key, []byte(s.value), s.stamp, s.owner)
		case "delete":
			store.Delete(s.publisher, family, key)
		case "drop":
			store.Drop(s.publisher)
		case "role":
			store.Publisher(s.publisher, s.role)
		}
	}
	switch s.do {
	case "set":
		if s.owner == "" {
			s.owner = s.publisher
		}
		c.entries[place{s.family, s.key}] = Entry{[]byte(s.value), s.stamp, s.owner}
	case "delete":
		delete(c.entries, place{s.family, s.key})
	case "drop":
		c.entries = map[place]Entry{}
		s.role = Stranger
		fallthrough
	case "role":
		if s.publisher != "c" {
			c.role, c.via = s.role, "c"
			if s.role == Global {
				c.via = s.publisher
			}
		}
	case "changes":
		return p.changes()
	}
	return p.compare()
}

// compare asks the store all that can be asked.
func (p *pair) compare() error {
	view, own := p.merged()
	lens := map[string]int{}
	for at := range view {
		lens[at.family]++
	}
	if got, want := p.store.Families(), slices.Sorted(maps.Keys(lens)); !slices.Equal(got, want) {
		return fmt.Errorf("families are %q, want %q", got, want)
	}
	for _, family := range stages {
		if got := p.store.Len(family); got != lens[family] {
			return fmt.Errorf("%s has %d keys, want %d", family, got, lens[family])
		}
		for _, key := range persons {
			got, some := p.store.Get(family, key)
			if want, should := view[place{family, key}]; some != should || !got.equal(want) {
				return fmt.Errorf("%s %s is %v, want %v", family, key, got, want)
			}
			got, some = p.store.OwnOf(family, key)
			if want, should := own[place{family, key}]; some != should || !got.equal(want) {
				return fmt.Errorf("own of %s %s is %v, want %v", family, key, got, want)
			}
			for _, c := range p.copies {
				size := -1
				if e, some := c.entries[place{family, key}]; some {
					size = len(e.Value)
				}
				if got := p.store.Held(c.publisher, []byte(family), []byte(key)); got != size {
					return fmt.Errorf("%s holds %d octets of %s %s, want %d", c.publisher, got, family, key, size)
				}
			}
		}
	}
	if err := same("view", contents(p.store, (*Store).Family), view); err != nil {
		return err
	}
	return same("own", contents(p.store, (*Store).Own), own)
}

func same(what string, got, want map[place]Entry) error {
	if !maps.EqualFunc(got, want, Entry.equal) {
		return fmt.Errorf("%s is %v, want %v", what, got, want)
	}
	return nil
}

// contents is the view or own of a whole store. A key that comes twice spoils it.
func contents(s *Store, list func(*Store, string) iter.Seq2[[]byte, Entry]) map[place]Entry {
	all := map[place]Entry{}
	for _, family := range s.Families() {
		for key, e := range list(s, family) {
			at := place{family, string(key)}
			if _, twice := all[at]; twice {
				at.key += " twice"
			}
			all[at] = Entry{bytes.Clone(e.Value), e.Stamp, e.Owner}
		}
	}
	return all
}

// changes compares what the store tells of changes with what has changed.
func (p *pair) changes() error {
	told := tell(p.store)
	if again := tell(p.twin); !reflect.DeepEqual(told, again) {
		return fmt.Errorf("not the same twice: %v and %v", told, again)
	}
	for _, family := range stages {
		if one, other := order(p.store, family), order(p.twin, family); !slices.Equal(one, other) {
			return fmt.Errorf("%s comes as %q and as %q", family, one, other)
		}
	}
	view, own := p.merged()
	families := []string{""}
	for _, c := range told {
		at := place{c.Family, string(c.Key)}
		switch {
		case !bytes.Equal(c.ViewBefore, p.view[at].Value) || !bytes.Equal(c.View, view[at].Value):
			return fmt.Errorf("%v: the view of %v went from %s to %s", c, at, p.view[at].Value, view[at].Value)
		case !c.OwnBefore.equal(p.own[at]) || !c.Own.equal(own[at]):
			return fmt.Errorf("%v: own of %v went from %v to %v", c, at, p.own[at], own[at])
		case bytes.Equal(c.ViewBefore, c.View) && c.OwnBefore.equal(c.Own):
			return fmt.Errorf("%v is no change", c)
		case families[len(families)-1] != c.Family:
			if slices.Contains(families, c.Family) {
				return fmt.Errorf("%s comes in two parts", c.Family)
			}
			families = append(families, c.Family)
		}
		p.view[at], p.own[at] = view[at], own[at]
	}
	for _, m := range []map[place]Entry{p.view, p.own} {
		maps.DeleteFunc(m, func(_ place, e Entry) bool { return e.Value == nil })
	}
	if !maps.EqualFunc(p.view, view, func(a, b Entry) bool { return bytes.Equal(a.Value, b.Value) }) || !maps.EqualFunc(p.own, own, Entry.equal) {
		return fmt.Errorf("%v don't add up to %v, %v", told, view, own)
	}
	p.view, p.own = view, own
	if p.store.Dirty() {
		return fmt.Errorf("dirty after it told its changes")
	}
	if told := tell(p.store); told != nil {
		return fmt.Errorf("told twice: %v", told)
	}
	return p.compare()
}

func order(s *Store, family string) (keys []string) {
	for key := range s.Family(family) {
		keys = append(keys, string(key))
	}
	for key := range s.Own(family) {
		keys = append(keys, string(key))
	}
	return keys
}

func tell(s *Store) (all []Change) {
	s.Changes(func(c Change) {
		c.Key, c.ViewBefore, c.View = bytes.Clone(c.Key), bytes.Clone(c.ViewBefore), bytes.Clone(c.View)
		c.OwnBefore.Value, c.Own.Value = bytes.Clone(c.OwnBefore.Value), bytes.Clone(c.Own.Value)
		all = append(all, c)
	})
	return all
}

// run takes all steps and then everything away, after which nothing may be left.
func (p *pair) run(all []step) error {
	for i, s := range all {
		if err := p.take(s); err != nil {
			return fmt.Errorf("step %d, %v: %w", i, s, err)
		}
	}
	for _, id := range persons {
		if err := p.take(step{do: "drop", publisher: id}); err != nil {
			return err
		}
	}
	if err := p.changes(); err != nil {
		return err
	}
	return leftovers(p.store)
}

var lives = steps([]string{"set", "set", "set", "set", "set", "set", "delete", "drop", "role", "role", "changes"}, persons, persons, 100, 200)

func TestAStoreIsWhatTheReferenceSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if err := newPair(0).run(lives.Draw(t, "steps")); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAStoreWithAFaultIsNot(t *testing.T) {
	findsFaults(t, func(f Fault, seed int) error { return newPair(f).run(lives.Example(seed)) })
}

// findsFaults expects that a property fails soon with each of the faults.
func findsFaults(t *testing.T, property func(f Fault, seed int) error) {
	for name, f := range map[string]Fault{"MergeByArrival": MergeByArrival, "StaleCopyBelieved": StaleCopyBelieved} {
		t.Run(name, func(t *testing.T) {
			for seed := range 50 {
				if err := property(0, seed); err != nil {
					t.Fatalf("seed %d without a fault: %v", seed, err)
				}
				if err := property(f, seed); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Error("nobody noticed")
		})
	}
}

// leftovers is an error if an empty store isn't.
func leftovers(s *Store) error {
	live := 0
	for _, p := range s.blobs.pages {
		live += int(p.live)
	}
	live += len(s.blobs.big) - len(s.blobs.holes)
	free := uint32(0)
	for r := s.records.free; r != 0; r = s.records.at(r).next {
		free++
	}
	switch {
	case live != 0:
		return fmt.Errorf("%d blobs are left", live)
	case free != s.records.used:
		return fmt.Errorf("%d of %d records are free", free, s.records.used)
	case len(s.families) != 0 || len(s.held) != 0 || len(s.unused) != len(s.holdings):
		return fmt.Errorf("families %v, holdings %v are left", s.families, s.held)
	case len(s.nodes) != 1:
		return fmt.Errorf("nodes are left: %v", slices.Sorted(maps.Keys(s.nodes)))
	}
	return nil
}
