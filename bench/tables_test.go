package main

import (
	"path"
	"slices"
	"strings"
	"testing"
)

func TestAllNamesAreDifferent(t *testing.T) {
	seen := map[string]bool{}
	for _, w := range workloads {
		if seen[w.name] || w.name == "" || w.what == "" {
			t.Errorf("workload %q: there twice, or without a name or a text", w.name)
		}
		seen[w.name] = true
	}
	for _, s := range systems {
		if seen[s.name] || s.name == "" || s.what == "" || s.class == "" {
			t.Errorf("system %q: there twice, or without a name, a text or a class", s.name)
		}
		seen[s.name] = true
	}
}

func TestOfEverythingInAWorkloadThereIsOne(t *testing.T) {
	for _, w := range workloads {
		if s := w.spec; s.Kind == "" || min(s.Pairs, s.Ports, s.Links, s.Depth) < 1 {
			t.Errorf("%s: %+v", w.name, s)
		}
	}
}

func TestEveryWorkloadIsPlayed(t *testing.T) {
	for _, w := range workloads {
		if !slices.ContainsFunc(systems, func(s system) bool { return s.class != peer && s.playing(&w) }) {
			t.Errorf("nobody plays %s", w.name)
		}
	}
}

func TestEveryPatternOfASystemNamesAWorkload(t *testing.T) {
	for _, s := range systems {
		for _, pattern := range s.plays {
			if !slices.ContainsFunc(workloads, func(w workload) bool { ok, _ := path.Match(pattern, w.name); return ok }) {
				t.Errorf("%s: no workload is named %s", s.name, pattern)
			}
		}
	}
}

func TestASystemIsEitherInGoOrAScript(t *testing.T) {
	for _, s := range systems {
		if inGo := s.dir != "" && s.pkg != ""; inGo == (s.script != "") {
			t.Errorf("%s: %+v", s.name, s)
		}
	}
}

func TestEveryTargetIsAboutAWorkload(t *testing.T) {
	for _, target := range targets {
		if !slices.ContainsFunc(systemless(), target.about) {
			t.Errorf("%s: no such workload", target.what)
		}
		target.held(target.than) // knows its sign
	}
}

func systemless() (all []*workload) {
	for i := range workloads {
		all = append(all, &workloads[i])
	}
	return all
}

func TestAQuickRunHasTheCore(t *testing.T) {
	var names []string
	for _, w := range workloads {
		if w.quick {
			names = append(names, w.name)
		}
	}
	if got := strings.Join(names, " "); got != "local-goroutine oneway pingpong" {
		t.Error(got)
	}
}

func TestListsNameWhatIsChosen(t *testing.T) {
	all := []string{"oneway", "oneway-tls", "pingpong", "call"}
	for list, want := range map[string]string{
		"":              "oneway oneway-tls pingpong call",
		"call,oneway":   "oneway call",
		"oneway*, call": "oneway oneway-tls call",
		"oneway,oneway": "oneway",
		"oneway,typo":   `there is no workload "typo"; -list shows all`,
		"*-nothing":     `there is no workload "*-nothing"; -list shows all`,
		"[":             `workload "[": syntax error in pattern`,
	} {
		chosen, err := choose("workload", list, all, func(s *string) string { return *s })
		var names []string
		for _, s := range chosen {
			names = append(names, *s)
		}
		got := strings.Join(names, " ")
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: got %q, wanted %q", list, got, want)
		}
	}
}
