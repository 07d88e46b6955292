package link

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// pairing says who the two nodes are.
type pairing int

const (
	oursAndOurs pairing = iota
	oursAndPerl
	oursAndYielding
)

func (p pairing) String() string {
	return [...]string{"two of ours", "ours and the original", "ours and one that plays the original"}[p]
}

func newModel(p pairing, pick func(n int) int) *model {
	m := &model{pick: pick, extends: p == oursAndOurs, log: func(string, ...any) {}}
	m.ours[0] = &ourModel{m: m, side: 0}
	m.node[0] = m.ours[0]
	if p == oursAndPerl {
		m.node[1] = &perlModel{m: m}
	} else {
		m.ours[1] = &ourModel{m: m, side: 1, yield: p == oursAndYielding}
		m.node[1] = m.ours[1]
	}
	for _, n := range m.node {
		n.restart()
	}
	return m
}

// attempt runs a model and returns what was broken, if anything.
func attempt(m *model) (what string) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(broken)
			if !ok {
				panic(r)
			}
			what = string(b)
		}
	}()
	m.run()
	return ""
}

// forSeeds runs a model with many seeds and tells the story of the first that fails.
func forSeeds(t *testing.T, seeds int, build func(pick func(n int) int) *model, judge func(m *model) string) {
	try := func(seed int, log func(string, ...any)) string {
		r := rand.New(rand.NewPCG(uint64(seed), 0))
		m := build(r.IntN)
		if log != nil {
			m.log = log
		}
		if what := attempt(m); what != "" {
			return what
		}
		return judge(m)
	}
	for seed := range seeds {
		what := try(seed, nil)
		if what == "" {
			continue
		}
		var story strings.Builder
		try(seed, func(format string, args ...any) { fmt.Fprintf(&story, format+"\n", args...) })
		t.Fatalf("seed %d: %s\n%s", seed, what, story.String())
	}
}

func anything(*model) string { return "" }

func TestWhateverHappensOneConnectionIsTheLinkOfBothSides(t *testing.T) {
	for _, p := range []pairing{oursAndOurs, oursAndPerl, oursAndYielding} {
		t.Run(p.String(), func(t *testing.T) {
			forSeeds(t, 20000, func(pick func(n int) int) *model {
				m := newModel(p, pick)
				m.breaks, m.dials, m.hasty = pick(4), 1+pick(6), pick(3)
				return m
			}, anything)
		})
	}
}

// once says what is wrong if the link has come up more than once on a side.
func once(m *model) string {
	if m.ups != [2]int{1, 1} {
		return fmt.Sprintf("links came up %d and %d times", m.ups[0], m.ups[1])
	}
	return ""
}

func TestCrossingConnectsBringOneLinkUpOnce(t *testing.T) {
	for _, p := range []pairing{oursAndOurs, oursAndPerl, oursAndYielding} {
		t.Run(p.String(), func(t *testing.T) {
			forSeeds(t, 20000, func(pick func(n int) int) *model {
				m := newModel(p, pick)
				m.dials = 1 + pick(8)
				return m
			}, once)
		})
	}
}

// exhaust runs a model with every sequence of choices.
func exhaust(t *testing.T, build func(pick func(n int) int) *model, judge func(m *model) string) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	var choice, arity []int
	for runs := 1; ; runs++ {
		at := 0
		m := build(func(n int) int {
			if at == len(choice) {
				choice, arity = append(choice, 0), append(arity, n)
			}
			at++
			return choice[at-1]
		})
		what := attempt(m)
		if what == "" {
			what = judge(m)
		}
		if what != "" {
			t.Fatalf("run %d, choices %v: %s", runs, choice, what)
		}
		choice, arity = choice[:at], arity[:at]
		for len(choice) > 0 && choice[len(choice)-1] == arity[len(arity)-1]-1 {
			choice, arity = choice[:len(choice)-1], arity[:len(arity)-1]
		}
		if len(choice) == 0 {
			t.Logf("%d runs", runs)
			return
		}
		choice[len(choice)-1]++
	}
}

func TestEveryOrderOfThreeCrossingConnectsBringsOneLinkUpOnce(t *testing.T) {
	for _, p := range []pairing{oursAndOurs, oursAndPerl, oursAndYielding} {
		t.Run(p.String(), func(t *testing.T) {
			exhaust(t, func(pick func(n int) int) *model {
				m := newModel(p, pick)
				for range 3 {
					m.dial()
				}
				return m
			}, once)
		})
	}
}

func TestEveryOrderOfALossAndARedialEndsInOneLink(t *testing.T) {
	for _, p := range []pairing{oursAndOurs, oursAndPerl, oursAndYielding} {
		t.Run(p.String(), func(t *testing.T) {
			exhaust(t, func(pick func(n int) int) *model {
				m := newModel(p, pick)
				m.dial()
				m.dials, m.breaks = 1, 1
				return m
			}, anything)
		})
	}
}
