package global

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aemp-go/aemp/codec"
)

// encoded is a value as a Difference has it; 0: none.
func encoded(n int) []byte {
	if n == 0 {
		return nil
	}
	return []byte{byte(n)}
}

// However slow a watcher takes what a feed has for him: each Change is exact, after
// the last his view is the family, and what waits is bounded by the two.
func TestASlowWatcherGetsExactDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		notified := 0
		f := &feed{family: "F", notify: func() { notified++ }}
		family, seen := map[string]int{}, map[string]int{}
		first := true
		take := func() {
			was := notified
			c, ok := f.take()
			if was == 0 && ok {
				t.Fatal("something to take without a notice")
			}
			notified = 0
			if !ok {
				return
			}
			if !first && c.empty() {
				t.Fatal("a change of nothing")
			}
			first = false
			for _, list := range [][]string{c.Added, c.Changed, c.Deleted} {
				if !slices.IsSorted(list) {
					t.Fatalf("not sorted: %v", list)
				}
			}
			for _, key := range c.Added {
				if seen[key] != 0 {
					t.Fatalf("%s is added, and was there", key)
				}
				seen[key] = number(t, c.View, key)
			}
			for _, key := range c.Changed {
				n := number(t, c.View, key)
				if seen[key] == 0 || seen[key] == n {
					t.Fatalf("%s has changed from %d to %d", key, seen[key], n)
				}
				seen[key] = n
			}
			for _, key := range c.Deleted {
				if _, there := c.View.Get(key); there || seen[key] == 0 {
					t.Fatalf("%s is deleted, there: %v, seen: %v", key, there, seen[key] != 0)
				}
				delete(seen, key)
			}
			if c.View.Len() != len(seen) {
				t.Fatalf("%d keys, seen %d", c.View.Len(), len(seen))
			}
		}
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.IntRange(0, 3).Draw(t, "take") == 0 {
				take()
				continue
			}
			var differences []Difference
			for key := range 4 {
				if i == 0 || rapid.Bool().Draw(t, "touched") {
					name := fmt.Sprint(key)
					n := rapid.IntRange(0, 3).Draw(t, "value")
					if n == family[name] {
						continue
					}
					differences = append(differences, Difference{[]byte(name), encoded(family[name]), encoded(n)})
					if family[name] = n; n == 0 {
						delete(family, name)
					}
				}
			}
			f.put(newsOf(differences))
			for _, d := range differences {
				copy(d.Key, "?????") // it was borrowed
			}
			if len(f.pending) > len(f.view)+len(family) {
				t.Fatalf("%d wait, %d seen and %d there", len(f.pending), len(f.view), len(family))
			}
		}
		take()
		if !maps.Equal(family, seen) {
			t.Fatalf("there is %v, seen %v", family, seen)
		}
	})
}

func number(t *rapid.T, v View, key string) int {
	value, ok := v.Get(key)
	n, err := value.Int()
	if !ok || err != nil {
		t.Fatalf("%s is %v, %v", key, value, ok)
	}
	return int(n)
}

func TestAnEmptyFamilyIsShownOnce(t *testing.T) {
	f := &feed{family: "F", notify: func() {}}
	if _, ok := f.take(); ok {
		t.Error("shown before it is known")
	}
	f.put(nil)
	c, ok := f.take()
	if !ok || !c.empty() || c.Family != "F" || c.View.Len() != 0 {
		t.Errorf("%v %v", c, ok)
	}
	f.put(nil)
	if _, ok := f.take(); ok {
		t.Error("shown twice")
	}
}

func TestAViewIsReadInTheOrderOfItsKeys(t *testing.T) {
	v := View{own: map[string]codec.Value{"b": value([]byte{2}), "a": value([]byte{1}), "c": value([]byte{3})}}
	text := ""
	for key, value := range v.All() {
		if key == "c" {
			break
		}
		text += fmt.Sprint(key, value, " ")
	}
	if text != "a1 b2 " {
		t.Error(text)
	}
	if _, ok := v.Get("d"); ok {
		t.Error("there is a d")
	}
}
