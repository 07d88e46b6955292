package seeds

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop/sim"
)

// A connector is a node of the test that knows where its only peer is.
type connector struct {
	*node
	peer  string
	addr  netip.AddrPort
	tries []time.Duration
}

func (c *connector) Connect(node string) {
	if node != c.peer {
		panic("asked to connect " + node)
	}
	c.tries = append(c.tries, c.loop.Now())
	c.DialSeed(c.addr, func(string, error) {})
}

func startKeeping(w *sim.World, host, peer string, at netip.Addr) (*connector, *KeepSet) {
	group := w.Host(host).Group(1)
	c := &connector{
		node: &node{name: host, group: group, loop: group.Loops()[0]},
		peer: peer,
		addr: netip.AddrPortFrom(at, DefaultPort),
	}
	set := NewKeepSet(c, monitorTimeout)
	w.Do(c.loop, func() {
		set.Start()
		set.Keep(peer)
	})
	return c, set
}

func TestAThousandNodesKeepOneConnectedAndComeBackSpread(t *testing.T) {
	w := newWorld(t, 20)
	alpha := startNode(t, w, "a", "alpha")
	var all []*connector
	for i := range 1000 {
		c, _ := startKeeping(w, fmt.Sprint("host", i), "alpha", w.Host("a").Addr())
		all = append(all, c)
	}
	connected := func() bool {
		return !slices.ContainsFunc(all, func(c *connector) bool { return len(c.links) == 0 })
	}
	if !w.RunUntil(time.Second, connected) {
		t.Fatal("not all are connected at once")
	}
	w.Run(w.Now() + time.Minute)
	lost := w.Now()
	alpha.group.Crash()
	w.Run(lost + 10*monitorTimeout)
	nodes := make([]*node, len(all))
	for i, c := range all {
		nodes[i] = &node{tries: c.tries}
	}
	if share, n := most(nodes, lost, leastKeep, leastKeep/6); n < 950 || share > 0.25 {
		t.Errorf("of %d first tries %.0f %% come within a tenth of a second", n, 100*share)
	}
	if share, n := most(nodes, lost+8*monitorTimeout, monitorTimeout, time.Second); n < 1800 || share > 0.05 {
		t.Errorf("of %d later tries %.0f %% come within a second", n, 100*share)
	}
	startNode(t, w, "a", "alpha")
	if !w.RunUntil(w.Now()+monitorTimeout+time.Second, connected) {
		t.Error("not all are back within the monitor timeout")
	}
}

func TestAReleasedNodeIsNotConnectedAgain(t *testing.T) {
	w := newWorld(t, 21)
	alpha := startNode(t, w, "a", "alpha")
	c, set := startKeeping(w, "b", "alpha", w.Host("a").Addr())
	if !w.RunUntil(time.Second, func() bool { return len(c.links) == 1 }) {
		t.Fatal("not connected")
	}
	w.Do(c.loop, func() { set.Release("alpha") })
	w.Run(time.Minute)
	if len(c.links) != 1 {
		t.Error("the link ended with the release")
	}
	alpha.group.Crash()
	w.Run(2 * time.Minute)
	if len(c.tries) != 1 {
		t.Errorf("%d tries", len(c.tries))
	}
}

func TestAClosedKeepSetTriesNoMore(t *testing.T) {
	w := newWorld(t, 22)
	c, set := startKeeping(w, "b", "alpha", w.Host("a").Addr())
	w.Run(time.Minute)
	tries := len(c.tries)
	if tries < 3 {
		t.Fatalf("%d tries in a minute", tries)
	}
	w.Do(c.loop, set.Close)
	w.Do(c.loop, func() { set.Keep("beta") })
	w.Run(2 * time.Minute)
	if len(c.tries) != tries {
		t.Errorf("%d more tries", len(c.tries)-tries)
	}
}
