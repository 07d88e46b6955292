package global

import "slices"

// A tally counts a peer's keys in each family. There may be thousands of peers, most of
// which have nothing but their address, so one of few families is a list.
type tally struct {
	few  []familyKeys
	many map[string]int // instead, once there have been more than fewFamilies
}

type familyKeys struct {
	name string
	keys int
}

// fewFamilies is how many names are compared at most to find one.
const fewFamilies = 8

// len is the number of families.
func (t *tally) len() int { return len(t.few) + len(t.many) }

func (t *tally) has(family []byte) bool {
	return t.many[string(family)] > 0 || t.index(family) >= 0
}

func (t *tally) index(family []byte) int {
	return slices.IndexFunc(t.few, func(f familyKeys) bool { return f.name == string(family) })
}

// add counts a key more or less in a family.
func (t *tally) add(family []byte, more int) {
	i := t.index(family)
	switch {
	case t.many != nil:
		t.addToMany(family, more)
	case i < 0 && len(t.few) == fewFamilies:
		t.many = make(map[string]int)
		for _, f := range t.few {
			t.many[f.name] = f.keys
		}
		t.few = nil
		t.addToMany(family, more)
	case i < 0:
		t.few = append(t.few, familyKeys{string(family), more})
	default:
		if t.few[i].keys += more; t.few[i].keys == 0 {
			t.few = slices.Delete(t.few, i, i+1)
		}
	}
}

func (t *tally) addToMany(family []byte, more int) {
	n := t.many[string(family)] + more
	if n == 0 {
		delete(t.many, string(family))
		return
	}
	t.many[string(family)] = n // a key that is there already keeps its string
}
