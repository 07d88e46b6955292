package history

import (
	"fmt"
	"slices"
)

// A View is what a program that watches a family of the database has been shown.
type View struct {
	p      *Process
	owner  string // local name
	family string
	id     uint64
	rough  bool
	shown  bool
	over   bool
	keys   map[string]string
}

// entry is one value that a program has stored under a key.
type entry struct{ family, key, value string }

func nameOf(family, key string) string { return family + "/" + key }

// short is a value as a report shows it.
func short(value string) string {
	if len(value) <= shownValue {
		return value
	}
	return fmt.Sprintf("%s… (%d octets)", value[:shownValue], len(value))
}

// shownValue is how much of a long value a report shows, in octets.
const shownValue = 40

// Stored: a program of the process has set a key, which was accepted.
func (p *Process) Stored(family, key, value string) {
	p.h.write(stored, p.name, nameOf(family, key), uint64(p.h.number(value)), 0, false)
	p.h.entries[entry{family, key, value}] = struct{}{}
}

// Removed: it has deleted one.
func (p *Process) Removed(family, key string) {
	p.h.write(removed, p.name, nameOf(family, key), 0, 0, false)
}

// WatchFamily: an actor of the process begins to watch a family. The views of a rough
// watcher are right, but its differences may name what hasn't changed (the original's).
func (p *Process) WatchFamily(local, family string, rough bool) *View {
	p.count++
	v := &View{p: p, owner: local, family: family, id: p.count, rough: rough, keys: map[string]string{}}
	p.h.write(familyWatched, p.Actor(local), family, v.id, 0, rough)
	p.views = append(p.views, v)
	return v
}

func (v *View) String() string {
	return fmt.Sprintf("view %d of %s by %s", v.id, v.family, v.p.Actor(v.owner))
}

// Shown: the watcher is told that keys were added, changed and deleted, and what there
// is now. The differences, applied to what it was shown before, give the new view.
func (v *View) Shown(added, changed, deleted []string, now map[string]string) {
	h := v.p.h
	h.write(familyShown, v.p.Actor(v.owner), v.family, v.id, uint64(len(now)), false)
	if v.over || v.p.dies(v.owner) {
		h.wrong("%s is shown something after its end", v)
	}
	if v.shown && len(added)+len(changed)+len(deleted) == 0 && !v.rough {
		h.wrong("%s is shown no difference", v)
	}
	v.shown = true
	if v.rough {
		v.replace(now)
		return
	}
	for _, key := range added {
		if _, there := v.keys[key]; there {
			h.wrong("%s: %s is added, and was there", v, key)
		}
		v.take(key, now)
	}
	for _, key := range changed {
		switch old, there := v.keys[key]; {
		case !there:
			h.wrong("%s: %s has changed, and wasn't there", v, key)
		case old == now[key]:
			h.wrong("%s: %s has changed to what it was, %s", v, key, short(old))
		}
		v.take(key, now)
	}
	for _, key := range deleted {
		if _, there := v.keys[key]; !there {
			h.wrong("%s: %s is deleted, and wasn't there", v, key)
		}
		delete(v.keys, key)
		h.mix(uint64(h.number(key)))
	}
	v.same("differences up to now give", v.keys, now)
	if !slices.IsSorted(added) || !slices.IsSorted(changed) || !slices.IsSorted(deleted) {
		h.wrong("%s: keys aren't sorted: %q, %q, %q", v, added, changed, deleted)
	}
}

// take takes a key over from what there is now. Only what somebody has once stored can be there.
func (v *View) take(key string, now map[string]string) {
	h := v.p.h
	value, there := now[key]
	if !there {
		h.wrong("%s: %s is told of, and isn't there", v, key)
		return
	}
	v.keys[key] = value
	h.mix(uint64(h.number(key))<<32 | uint64(h.number(value)))
	if _, known := h.entries[entry{v.family, key, value}]; !known && v.family[0] != '\'' {
		h.wrong("%s: %s is %s, which nobody has stored", v, key, short(value))
	}
}

func (v *View) replace(now map[string]string) {
	clear(v.keys)
	for _, key := range sorted(now) {
		v.take(key, now)
	}
}

// Stopped: the watcher's Stop has returned.
func (v *View) Stopped() {
	v.p.h.write(familyStopped, v.p.Actor(v.owner), v.family, v.id, 0, false)
	v.over = true
}

// Ends compares the last view with what the family holds when all is quiet. Keys of
// which loose is true may differ.
func (v *View) Ends(want map[string]string, loose func(key string) bool) {
	if v.over || v.p.dies(v.owner) {
		return
	}
	if !v.shown {
		v.p.h.wrong("%s was never shown anything", v)
		return
	}
	v.same("the last view is", without(v.keys, loose), without(want, loose))
}

// Views are the process's views, in the order in which they began.
func (p *Process) Views() []*View { return p.views }

// Family is what the view is of.
func (v *View) Family() string { return v.family }

// Live says whether the watcher still watches.
func (v *View) Live() bool { return !v.over && !v.p.dies(v.owner) }

func (v *View) same(what string, got, want map[string]string) {
	if diff := Difference(got, want); diff != "" {
		v.p.h.wrong("%s: %s%s", v, what, diff)
	}
}

// Agrees checks that what the process has in a place is what it must have there.
func (p *Process) Agrees(place string, got, want map[string]string) {
	if diff := Difference(got, want); diff != "" {
		p.h.wrong("%s: %s:%s", p.name, place, diff)
	}
}

// Difference says what is wrong with got; empty: nothing.
func Difference(got, want map[string]string) string {
	text := ""
	for _, key := range sorted(want) {
		switch value, there := got[key]; {
		case !there:
			text += fmt.Sprintf(" without %s=%s;", key, short(want[key]))
		case value != want[key]:
			text += fmt.Sprintf(" with %s=%s instead of %s;", key, short(value), short(want[key]))
		}
	}
	for _, key := range sorted(got) {
		if _, there := want[key]; !there {
			text += fmt.Sprintf(" with %s=%s, which isn't there;", key, short(got[key]))
		}
	}
	return text
}

func without(m map[string]string, loose func(string) bool) map[string]string {
	rest := map[string]string{}
	for key, value := range m {
		if !loose(key) {
			rest[key] = value
		}
	}
	return rest
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
