package global

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// choose lists n choices.
func choose(c *chooser, n int, except ...string) string {
	var all []string
	for range n {
		member, ok := c.next(except)
		if !ok {
			member = "none"
		}
		all = append(all, member)
	}
	return strings.Join(all, " ")
}

func newTestChooser(p Pick, members ...string) *chooser {
	n := 0
	c := newChooser(p, func(below int) int { n++; return n % below })
	for _, m := range members {
		c.add(m)
	}
	return &c
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("chosen: %s, not %s", got, want)
	}
}

func TestNobodyIsChosenFromNobody(t *testing.T) {
	for _, p := range []Pick{Random, RoundRobin, LeastRecent} {
		expect(t, choose(newTestChooser(p), 1), "none")
		expect(t, choose(newTestChooser(p, "a", "b"), 2, "a", "b"), "none none")
		c := newTestChooser(p, "a")
		c.remove("a")
		c.remove("b")
		expect(t, choose(c, 1), "none")
	}
}

func TestEachRandomMemberIsAsLikely(t *testing.T) {
	c := newTestChooser(Random, "a", "b", "c")
	expect(t, choose(c, 4), "b c a b")
	expect(t, choose(c, 3, "c"), "a a b")
}

func TestRoundRobinGoesOnWhereItWas(t *testing.T) {
	c := newTestChooser(RoundRobin, "d", "b", "b")
	expect(t, choose(c, 3), "b d b")
	c.add("c")
	expect(t, choose(c, 2), "c d")
	c.add("e")
	c.remove("d")
	expect(t, choose(c, 3), "e b c")
	expect(t, choose(c, 2, "e"), "b c")
}

func TestTheLeastRecentMemberIsTheIdleOneOfOld(t *testing.T) {
	c := newTestChooser(LeastRecent, "a", "b", "c")
	expect(t, choose(c, 4), "a b c a")
	call := func(want string) {
		t.Helper()
		member, _ := c.next(nil)
		expect(t, member, want)
		c.began(member)
	}
	call("b")
	call("c")
	call("a")
	c.ended("c", true)
	call("c") // the only one without a call
	call("b") // one call each, and its last one began first
	c.ended("c", false)
	call("c") // idle again, if without an answer
	c.remove("a")
	c.ended("a", true)
	c.add("a")
	call("a")
}

func TestMembersAreWhatCanBePorts(t *testing.T) {
	for _, key := range []string{"", "node", "node#", "a#b", "a/b#c#d"} {
		want := slices.Contains([]string{"a#b", "a/b#c#d"}, key)
		if got := isPort(key); got != want {
			t.Errorf("%s: %v", fmt.Sprintf("%q", key), got)
		}
	}
}
