package merge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
)

// put is Set in short words.
func put(s *Store, publisher, family, key, value string, stamp Stamp, owner string) {
	s.Set(publisher, []byte(family), []byte(key), []byte(value), stamp, owner)
}

func settle(s *Store) { s.Changes(func(Change) {}) }

// expect compares a family's view with "key=value" in words.
func expect(t *testing.T, s *Store, family string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	for key, e := range s.Family(family) {
		got[string(key)] = string(e.Value)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s is %v, want %v", family, got, want)
	}
}

func TestTheLaterStampWinsAndTheRunnerUpFollows(t *testing.T) {
	s := New("self")
	s.Publisher("one", Slave)
	s.Publisher("two", Global)
	put(s, "one", "f", "k", "late", 2, "")
	put(s, "two", "f", "k", "early", 1, "")
	expect(t, s, "f", map[string]string{"k": "late"})
	s.Delete("one", []byte("f"), []byte("k"))
	expect(t, s, "f", map[string]string{"k": "early"})
}

func TestACopyAtTheFormerMasterIsVoid(t *testing.T) {
	s := New("self")
	s.Publisher("n", Slave)
	s.Publisher("other", Global)
	put(s, "n", location, "n", "here", 1, "")
	put(s, "n", "f", "old", "1", 1, "")
	expect(t, s, "f", map[string]string{"old": "1"})
	put(s, "other", "f", "new", "2", 2, "n")
	expect(t, s, "f", map[string]string{"old": "1"}) // its master isn't other, as far as known
	put(s, "other", location, "n", "there", 2, "n")
	expect(t, s, "f", map[string]string{"new": "2"})
	for range s.Own("f") {
		t.Error("the void entry is published")
	}
	s.Drop("other")
	expect(t, s, "f", map[string]string{"old": "1"})
}

func TestAMirrorDoesNotSayWhereANodeLives(t *testing.T) {
	s := New("self")
	s.Publisher("n", Slave)
	s.Publisher("other", Global)
	put(s, "n", location, "n", "here", 1, "")
	put(s, "other", location, "n", "mirror", 9, "other")
	put(s, "n", "f", "k", "1", 1, "")
	expect(t, s, location, map[string]string{"n": "here"})
	expect(t, s, "f", map[string]string{"k": "1"})
	s.Drop("n")
	expect(t, s, location, map[string]string{"n": "mirror"})
}

func TestAStrangersEntriesAreSeenButNotPassedOn(t *testing.T) {
	s := New("self")
	put(s, "stranger", "f", "k", "1", 1, "")
	expect(t, s, "f", map[string]string{"k": "1"})
	for range s.Own("f") {
		t.Error("it is published")
	}
	settle(s)
	s.Publisher("stranger", Slave)
	told := tell(s)
	if len(told) != 1 || string(told[0].Own.Value) != "1" || string(told[0].ViewBefore) != "1" {
		t.Errorf("told %v", told)
	}
}

func TestDroppingThisNodesMapLeavesItASlave(t *testing.T) {
	s := New("self")
	put(s, "self", "f", "k", "1", 1, "")
	s.Drop("self")
	s.Publisher("self", Stranger)
	put(s, "self", "f", "k", "2", 2, "")
	if e, ok := s.OwnOf("f", "k"); !ok || string(e.Value) != "2" {
		t.Errorf("own is %v", e)
	}
}

func TestNothingIsThereThatWasNotSet(t *testing.T) {
	s := New("self")
	put(s, "self", "f", "k", "1", 1, "")
	s.Delete("self", []byte("g"), []byte("k"))
	s.Delete("self", []byte("f"), []byte("other"))
	s.Delete("nobody", []byte("f"), []byte("k"))
	s.Drop("nobody")
	if _, ok := s.Get("g", "k"); ok {
		t.Error("g has k")
	}
	if _, ok := s.OwnOf("f", "other"); ok {
		t.Error("f has other")
	}
	if n := s.Held("nobody", []byte("f"), []byte("k")); n != -1 {
		t.Errorf("nobody holds %d octets", n)
	}
	if n := s.Len("g"); n != 0 {
		t.Errorf("g has %d keys", n)
	}
	for range s.Family("g") {
		t.Error("g has keys")
	}
}

func TestWhoStopsListingGetsNoMore(t *testing.T) {
	s := New("self")
	for i := range 10 {
		put(s, "self", "f", fmt.Sprint(i), "1", 1, "")
	}
	n := 0
	for range s.Family("f") {
		if n++; n == 3 {
			break
		}
	}
	for range s.Own("f") {
		if n++; n == 6 {
			break
		}
	}
	if n != 6 {
		t.Errorf("got %d", n)
	}
}

func TestLenIsRightWhileChangesAreTold(t *testing.T) {
	s := New("self")
	for i := range 10 {
		put(s, "self", "f", fmt.Sprint(i), "1", 1, "")
	}
	s.Changes(func(Change) {
		if n := s.Len("f"); n != 10 {
			t.Errorf("10 keys are %d", n)
		}
	})
	for i := range 4 {
		s.Delete("self", []byte("f"), []byte(fmt.Sprint(i)))
	}
	s.Changes(func(Change) {
		if n := s.Len("f"); n != 6 {
			t.Errorf("6 keys are %d", n)
		}
	})
}

// A value that is read may be set again elsewhere.
func TestAValueOfTheStoreCanBeSetInIt(t *testing.T) {
	for _, size := range []int{1, 10, 1000, 5000} {
		s := New("self")
		value := bytes.Repeat([]byte{7}, size)
		s.Set("other", []byte("f"), []byte("k"), value, 1, "")
		e, _ := s.Get("f", "k")
		s.Set("self", []byte("f"), []byte("copy"), e.Value, 1, "")
		for _, key := range []string{"k", "copy"} {
			if got, _ := s.Get("f", key); !bytes.Equal(got.Value, value) {
				t.Errorf("%s of %d octets is %v", key, size, got.Value)
			}
		}
	}
}

// Many keys, in more than one family, that come and go.
func TestALargeStoreIsAMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := New("self")
	families := []string{"f", "g"}
	want := map[place]string{}
	for i := range 60_000 {
		at := place{families[random.IntN(2)], fmt.Sprint("key ", random.IntN(8000))}
		if random.IntN(5) < 3 == (i < 40_000) { // first it grows, then it shrinks
			value := string(bytes.Repeat([]byte{byte(i)}, random.IntN(60)+1))
			put(s, "self", at.family, at.key, value, Stamp(i), "")
			want[at] = value
		} else {
			s.Delete("self", []byte(at.family), []byte(at.key))
			delete(want, at)
		}
		if i%20_000 == 0 {
			settle(s)
		}
	}
	lens := map[string]int{}
	for at, value := range want {
		lens[at.family]++
		if e, ok := s.Get(at.family, at.key); !ok || string(e.Value) != value {
			t.Fatalf("%v is %q, want %q", at, e.Value, value)
		}
	}
	for _, family := range families {
		if n := s.Len(family); n != lens[family] {
			t.Errorf("%s has %d keys, want %d", family, n, lens[family])
		}
	}
	s.Drop("self")
	settle(s)
	if err := leftovers(s); err != nil {
		t.Error(err)
	}
}
