package global

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// quiet is a network in which only the test does something. The first two nodes are
// seeds of their own, so global, and know each other; the others are given.
func quiet(t *testing.T, seed uint64, others ...simNodePlan) *simNet {
	p := simPlan{
		timing: link.DefaultTiming, bound: 4 * time.Second, pace: 1000 * time.Hour, big: 1 << 30,
		world: sim.Options{Seed: seed},
	}
	for i, x := range append([]simNodePlan{{seeds: []int{0, 1}}, {seeds: []int{0, 1}}}, others...) {
		x.id, x.loops = fmt.Sprintf("n%d", i), 1+i%2
		p.nodes = append(p.nodes, x)
	}
	net := newSimNet(p, planted{}, nil)
	t.Cleanup(func() {
		if len(net.h.Violations()) > 0 {
			t.Error(net.h.Report(60))
		}
		for _, p := range net.w.Panics {
			t.Error(p)
		}
		net.w.Close()
	})
	return net
}

// until lets time pass until something holds, a minute at most.
func (net *simNet) until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	if !net.w.RunUntil(time.Minute, holds) {
		t.Fatalf("in vain: %s\n%s", what, net.h.Report(60))
	}
}

// In the original the second switch back is the last: it stays with the dead one for ever.
func TestASlaveFollowsItsMastersBackAndForth(t *testing.T) {
	net := quiet(t, 1, simNodePlan{seeds: []int{0, 1}}, simNodePlan{seeds: []int{0, 1}})
	slave, other := net.nodes[2], net.nodes[3]
	net.until(t, "masters", func() bool { return slave.life.lead != "" && other.life.lead != "" })
	slave.life.inside(func() { slave.life.base.watch(slave.life, "f") })
	view := func() map[string]string { return net.family(slave, "f") }
	for i := range 10 {
		was := net.node(slave.life.lead)
		before := fmt.Sprintf("before%d", i)
		other.life.set("f", "k", before)
		net.until(t, "the news of before", func() bool { return view()["k"] == before })
		shown := net.met.Shown

		was.life.end()
		was.host.Down()
		during := fmt.Sprintf("during%d", i)
		other.life.set("f", "k", during) // which the dead master has never heard of
		net.until(t, "another master", func() bool { return slave.life.lead != "" && slave.life.lead != was.id })
		net.until(t, "the news of meanwhile", func() bool { return view()["k"] == during })
		if n := net.met.Shown - shown; n > 2 { // the key may be gone until its owner has a master, too
			t.Errorf("one change was shown in %d pieces, switch %d", n, i)
		}
		was.restart()
		net.until(t, "the two globals' link", func() bool {
			return was.life.base.global() && net.family(was, "f")["k"] == during
		})
	}
	net.w.Run(net.w.Now() + 5*time.Second)
	net.check()
}

// In the original the last to arrive wins, which is another one at each of the two.
func TestGlobalsAgreeOnAKeyThatTwoSlavesSetAtOnce(t *testing.T) {
	const times = 10_000
	net := quiet(t, 2, simNodePlan{seeds: []int{0}}, simNodePlan{seeds: []int{1}})
	a, b := net.nodes[2], net.nodes[3]
	net.until(t, "a master each", func() bool {
		return a.life.lead == "n0" && b.life.lead == "n1" && len(net.family(net.nodes[0], familyGlobals)) == 2
	})
	for _, x := range net.nodes {
		x.life.inside(func() { x.life.base.watch(x.life, "f") })
	}
	won := map[string]int{}
	for i := range times {
		for _, x := range []*simNode{a, b} {
			net.w.After(time.Duration(net.r.Int64N(int64(20*time.Microsecond))), func() {
				x.life.set("f", "k", fmt.Sprintf("%s.%d", x.id, i))
			})
		}
		net.w.Run(net.w.Now() + 30*time.Millisecond)
		value := net.family(a, "f")["k"]
		won[value[:2]]++
		for _, x := range net.nodes {
			if other := net.family(x, "f")["k"]; other != value {
				t.Fatalf("round %d: %s has %q, %s has %q", i, a.id, value, x.id, other)
			}
		}
	}
	if won["n2"] < times/10 || won["n3"] < times/10 {
		t.Errorf("one of the two nearly always wins: %v", won)
	}
}

// An original forgets where a global node is with each g_set that doesn't say so.
func TestAnOriginalGlobalKnowsWhereWeAreHoweverMuchWeTellIt(t *testing.T) {
	net := quiet(t, 3, simNodePlan{seeds: []int{0, 1, 2}, original: true})
	ours, original := net.nodes[0], net.nodes[2]
	linked := func() bool { return net.family(ours, familyGlobals)[original.id] != "" }
	net.until(t, "a link", linked)
	const keys = 30
	for i := range keys {
		ours.life.set("f", fmt.Sprint("k", i), strings.Repeat("-", 40<<10))
	}
	ended := false
	ours.life.n.WatchNodes(func(node string, up bool) { ended = ended || node == original.id && !up })
	net.w.Reset(ours.host, original.host, sim.BothEnds)
	net.until(t, "the end of the link", func() bool { return ended })
	net.until(t, "a link again", linked)
	hub := original.life.base.(*simOriginal).o.hub
	net.until(t, "all keys", func() bool { return len(hub.dbs[ours.id]["f"]) == keys })
	if where := readable(originalValue(hub.merged[familyNodes][ours.id])); where != ours.addr.String() {
		t.Errorf("the original has us at %s", where)
	}
}

// family is what a node believes of a family, or has been shown of it.
func (net *simNet) family(x *simNode, name string) map[string]string {
	m := x.life.base.(*simOurs).db.machine
	all := map[string]string{}
	for key, value := range m.Entries(name) {
		all[string(key)] = readable(value)
	}
	return all
}
