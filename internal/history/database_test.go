package history

import (
	"strings"
	"testing"
)

type contents = map[string]string

// watch is a's p watching family f, in which both nodes have stored things.
func (s *stage) watch() *View {
	s.a.Stored("f", "k", "1")
	s.a.Stored("f", "k", "2")
	s.b.Stored("f", "m", "3")
	return s.a.WatchFamily("p", "f", false)
}

func none(string) bool { return false }

func TestGoodViewsPass(t *testing.T) {
	for _, x := range []struct {
		name string
		play func(s *stage, v *View)
	}{
		{"an empty family", func(s *stage, v *View) { v.Shown(nil, nil, nil, nil); v.Ends(nil, none) }},
		{"keys come, change and go", func(s *stage, v *View) {
			v.Shown([]string{"k", "m"}, nil, nil, contents{"k": "1", "m": "3"})
			v.Shown(nil, []string{"k"}, nil, contents{"k": "2", "m": "3"})
			v.Shown(nil, nil, []string{"m"}, contents{"k": "2"})
			v.Ends(contents{"k": "2"}, none)
		}},
		{"what is stopped needn't be right", func(s *stage, v *View) { v.Stopped(); v.Ends(contents{"k": "1"}, none) }},
		{"nor a dead port's", func(s *stage, v *View) { s.a.PortDied("p"); v.Ends(contents{"k": "1"}, none) }},
		{"nor a loose key", func(s *stage, v *View) {
			v.Shown([]string{"k"}, nil, nil, contents{"k": "1"})
			v.Ends(contents{"k": "2"}, func(key string) bool { return key == "k" })
		}},
		{"rough differences aren't looked at", func(s *stage, v *View) {
			w := s.a.WatchFamily("p", "f", true)
			w.Shown(nil, []string{"k"}, []string{"m"}, contents{"k": "1"})
			w.Shown(nil, nil, nil, contents{"k": "1"})
			w.Ends(contents{"k": "1"}, none)
		}},
	} {
		s := newStage()
		v := s.watch()
		x.play(s, v)
		if r := s.Report(5); len(s.Violations()) > 0 {
			t.Errorf("%s:\n%s", x.name, r)
		}
	}
}

func TestBadViewsAreFound(t *testing.T) {
	first := func(v *View) { v.Shown([]string{"k"}, nil, nil, contents{"k": "1"}) }
	for _, x := range []struct {
		want string
		play func(s *stage, v *View)
	}{
		{"k is added, and was there", func(s *stage, v *View) {
			first(v)
			v.Shown([]string{"k"}, nil, nil, contents{"k": "1"})
		}},
		{"m has changed, and wasn't there", func(s *stage, v *View) {
			first(v)
			v.Shown(nil, []string{"m"}, nil, contents{"k": "1", "m": "3"})
		}},
		{"k has changed to what it was", func(s *stage, v *View) {
			first(v)
			v.Shown(nil, []string{"k"}, nil, contents{"k": "1"})
		}},
		{"m is deleted, and wasn't there", func(s *stage, v *View) {
			first(v)
			v.Shown(nil, nil, []string{"m"}, contents{"k": "1"})
		}},
		{"m is told of, and isn't there", func(s *stage, v *View) {
			first(v)
			v.Shown([]string{"m"}, nil, nil, contents{"k": "1"})
		}},
		{"differences up to now give without m=3", func(s *stage, v *View) {
			first(v)
			v.Shown(nil, []string{"k"}, nil, contents{"k": "2", "m": "3"})
		}},
		{"keys aren't sorted", func(s *stage, v *View) {
			v.Shown([]string{"m", "k"}, nil, nil, contents{"k": "1", "m": "3"})
		}},
		{"k is 9, which nobody has stored", func(s *stage, v *View) {
			v.Shown([]string{"k"}, nil, nil, contents{"k": "9"})
		}},
		{"shown no difference", func(s *stage, v *View) { first(v); v.Shown(nil, nil, nil, contents{"k": "1"}) }},
		{"after its end", func(s *stage, v *View) { first(v); v.Stopped(); v.Shown(nil, nil, []string{"k"}, nil) }},
		{"after its end", func(s *stage, v *View) { s.a.PortDied("p"); first(v) }},
		{"never shown anything", func(s *stage, v *View) { v.Ends(nil, none) }},
		{"with k=1 instead of 2", func(s *stage, v *View) { first(v); v.Ends(contents{"k": "2"}, none) }},
		{"with k=1, which isn't there", func(s *stage, v *View) { first(v); v.Ends(nil, none) }},
		{"store: without k=1", func(s *stage, v *View) { s.a.Agrees("store", nil, contents{"k": "1"}) }},
	} {
		s := newStage()
		x.play(s, s.watch())
		if r := s.Report(5); !strings.Contains(r, x.want) {
			t.Errorf("want %q, got\n%s", x.want, r)
		}
	}
}
