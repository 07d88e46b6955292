package seeds

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// A node of the test says its name to whoever connects, and that is all. It counts
// as connected to whoever it dialled until that connection ends.
type node struct {
	loop.NopHandler
	name     string
	group    *sim.Group
	loop     loop.Loop
	watchers []func(string, bool)
	links    []string
	dials    int

	keeper  *Keeper
	log     bytes.Buffer
	events  []string        // what the Observer was told
	tries   []time.Duration // when it dialled
	reports []string
}

const monitorTimeout = 30 * time.Second

func startNode(t *testing.T, w *sim.World, host, name string, list ...string) *node {
	t.Helper()
	return startWith(t, w, host, name, nil, list...)
}

func startWith(t *testing.T, w *sim.World, host, name string, more []Source, list ...string) *node {
	t.Helper()
	parsed, sources, err := ParseAll(list)
	if err != nil {
		t.Fatal(err)
	}
	group := w.Host(host).Group(1)
	n := &node{name: name, group: group, loop: group.Loops()[0]}
	w.Do(n.loop, func() {
		for _, addr := range w.Host(host).Addrs() {
			if _, err := n.loop.Listen(netip.AddrPortFrom(addr, DefaultPort), n.accept); err != nil {
				t.Fatal(err)
			}
		}
	})
	n.keeper = NewKeeper(n, Options{
		Seeds:          parsed,
		Sources:        append(sources, more...),
		MonitorTimeout: monitorTimeout,
		Observer:       n,
		Report:         func(name string, err error) { n.reports = append(n.reports, fmt.Sprintf("%s: %v", name, err)) },
		Logger:         slog.New(slog.NewTextHandler(&n.log, nil)),
	})
	w.Do(n.loop, n.keeper.Start)
	return n
}

func (n *node) accept(netip.AddrPort) loop.Handler { return n }

func (n *node) Open(c loop.Conn) { c.Write([]byte(n.name + "\n")) }

func (n *node) Promote()             { n.events = append(n.events, "promote") }
func (n *node) SeedUp(node string)   { n.events = append(n.events, "up "+node) }
func (n *node) SeedDown(node string) { n.events = append(n.events, "down "+node) }

func (n *node) Loop() loop.Loop { return n.loop }

func (n *node) WatchNodes(changed func(string, bool)) { n.watchers = append(n.watchers, changed) }

func (n *node) changed(name string, up bool) {
	if up {
		n.links = append(n.links, name)
	} else {
		n.links = slices.DeleteFunc(n.links, func(link string) bool { return link == name })
	}
	for _, watch := range n.watchers {
		watch(name, up)
	}
}

func (n *node) DialSeed(addr netip.AddrPort, done func(string, error)) (cancel func()) {
	n.dials++
	n.tries = append(n.tries, n.loop.Now())
	d := &dialler{n: n, done: done}
	c := n.loop.Dial(addr, time.Second, d)
	return func() {
		d.done = nil
		c.Close(nil)
	}
}

// A dialler reads one name and is then the link to that node, if it is the first.
type dialler struct {
	loop.NopHandler
	n    *node
	done func(string, error)
	line string
	peer string // "": no link
}

func (d *dialler) Data(c loop.Conn, p []byte) {
	d.line += string(p)
	name, _, whole := strings.Cut(d.line, "\n")
	if !whole || d.done == nil {
		return
	}
	done := d.done
	d.done = nil
	switch {
	case name == d.n.name:
		c.Close(ErrSelf)
		done(name, fmt.Errorf("handshake: %w", ErrSelf))
	case slices.Contains(d.n.links, name):
		c.Close(net.ErrClosed)
		done(name, nil)
	default:
		d.peer = name
		d.n.changed(name, true)
		done(name, nil)
	}
}

func (d *dialler) Closed(_ loop.Conn, err error) {
	if d.done != nil {
		d.done("", err)
	}
	if d.peer != "" {
		d.n.changed(d.peer, false)
	}
}

func newWorld(t *testing.T, seed uint64) *sim.World {
	t.Helper()
	w := sim.New(sim.Options{Seed: seed, Fatal: func(p sim.Panic) { t.Fatalf("panic: %+v", p) }})
	t.Cleanup(w.Close)
	return w
}

// expect lets the world go on until the node was told exactly these events.
func expect(t *testing.T, w *sim.World, n *node, within time.Duration, events ...string) {
	t.Helper()
	told := func() bool { return len(n.events) >= len(events) }
	if !w.RunUntil(within, told) || !slices.Equal(n.events, events) {
		t.Fatalf("at %v the node was told %q, not %q\n%s", w.Now(), n.events, events, &n.log)
	}
}

func TestAllSeedsAreConnectedAtOnce(t *testing.T) {
	w := newWorld(t, 1)
	startNode(t, w, "a", "alpha")
	startNode(t, w, "b", "beta")
	n := startNode(t, w, "c", "gamma", "a,b:4040")
	w.Run(time.Second)
	slices.Sort(n.events)
	if want := []string{"up alpha", "up beta"}; !slices.Equal(n.events, want) {
		t.Fatalf("told %q, not %q", n.events, want)
	}
	if n.log.Len() > 0 {
		t.Errorf("it has nothing to complain about: %s", &n.log)
	}
	dials := n.dials
	w.Run(time.Hour)
	if n.dials != dials || len(n.events) != 2 {
		t.Errorf("%d more dials in a quiet hour, %q", n.dials-dials, n.events)
	}
}

func TestASeedThatComesLaterIsFoundByItsNameOfThen(t *testing.T) {
	w := newWorld(t, 2)
	n := startNode(t, w, "c", "gamma", "moving.example")
	w.Run(5 * time.Minute)
	if got := strings.Count(n.log.String(), "can't be resolved"); got != 1 {
		t.Errorf("%d lines about it: %s", got, &n.log)
	}
	startNode(t, w, "a", "alpha")
	w.SetHost("moving.example", w.Host("a").Addr())
	expect(t, w, n, monitorTimeout, "up alpha")
}

func TestASeedThatGoesDownIsConnectedAgainWhenItIsBack(t *testing.T) {
	w := newWorld(t, 3)
	a := startNode(t, w, "a", "alpha")
	n := startNode(t, w, "c", "gamma", "a")
	expect(t, w, n, time.Second, "up alpha")
	w.Run(time.Minute)
	dials := n.dials
	a.group.Crash()
	expect(t, w, n, time.Second, "up alpha", "down alpha")
	w.Run(w.Now() + leastPause)
	if n.dials == dials {
		t.Error("not dialled soon")
	}
	w.Run(w.Now() + 10*time.Minute)
	startNode(t, w, "a", "alpha/2")
	expect(t, w, n, monitorTimeout+time.Second, "up alpha", "down alpha", "up alpha/2")
	w.Run(w.Now() + time.Second) // its other address answers too
	if text := n.log.String(); strings.Count(text, "can't be reached") != 2 || strings.Count(text, "is connected") != 2 {
		t.Errorf("not one line for each of two addresses and each end: %s", text)
	}
}

func TestANodeThatIsItsOwnSeedIsPromoted(t *testing.T) {
	w := newWorld(t, 4)
	startNode(t, w, "b", "beta")
	n := startNode(t, w, "a", "alpha", "4040,*,a,b") // three names for one
	w.Run(time.Second)
	slices.Sort(n.events)
	if want := []string{"promote", "up beta"}; !slices.Equal(n.events, want) {
		t.Fatalf("told %q, not %q", n.events, want)
	}
	dials := n.dials
	w.Run(time.Hour)
	if n.dials != dials {
		t.Errorf("%d more dials in a quiet hour", n.dials-dials)
	}
}

func TestAHostWithoutAddressesCannotBeItsOwnSeed(t *testing.T) {
	w := newWorld(t, 5)
	w.Host("a").SetAddrs()
	n := startNode(t, w, "a", "alpha", "4040")
	w.Run(time.Minute)
	if text := n.log.String(); strings.Count(text, "\n") != 2 || !strings.Contains(text, "no address that others can use") {
		t.Errorf("got %s", text)
	}
}

func TestAClosedKeeperDialsNoMoreAndKeepsItsLinks(t *testing.T) {
	w := newWorld(t, 6)
	a := startNode(t, w, "a", "alpha")
	startNode(t, w, "b", "beta")
	n := startNode(t, w, "c", "gamma", "a,b,nowhere.example")
	w.SetFate(netip.AddrPortFrom(w.Host("b").Addr(), DefaultPort), sim.BlackHole)
	if !w.RunUntil(time.Second, func() bool { return slices.Contains(n.links, "alpha") && n.dials == 4 }) {
		t.Fatalf("%d dials, links %q", n.dials, n.links)
	}
	w.Do(n.loop, n.keeper.Close)
	w.Do(n.loop, n.keeper.Close)
	told := slices.Clone(n.events)
	w.Run(time.Minute)
	if !slices.Contains(n.links, "alpha") {
		t.Error("its link ended too")
	}
	a.group.Crash()
	w.Run(2 * time.Minute)
	if n.dials != 4 || !slices.Equal(n.events, told) {
		t.Errorf("%d dials, told %q, before %q", n.dials, n.events, told)
	}
}

func TestAKeeperThatNeverStartedCanBeClosed(t *testing.T) {
	w := newWorld(t, 7)
	n := &node{loop: w.Host("a").Group(1).Loops()[0]}
	w.Do(n.loop, NewKeeper(n, Options{MonitorTimeout: time.Second}).Close)
}

// most is the greatest share of the tries in any span of a given length from a moment
// on, in a given time.
func most(nodes []*node, from, within, span time.Duration) (share float64, all int) {
	bins := make([]int, within/span)
	for _, n := range nodes {
		for _, at := range n.tries {
			if at >= from && at < from+within {
				bins[(at-from)/span]++
				all++
			}
		}
	}
	return float64(slices.Max(bins)) / float64(all), all
}

func TestAThousandNodesThatLoseASeedComeBackSpread(t *testing.T) {
	w := newWorld(t, 8)
	w.Host("a").SetAddrs(netip.MustParseAddr("10.1.2.3"))
	seed := startNode(t, w, "a", "alpha")
	var nodes []*node
	for i := range 1000 {
		nodes = append(nodes, startNode(t, w, fmt.Sprint("host", i), fmt.Sprint("node", i), "10.1.2.3"))
	}
	connected := func() bool {
		return !slices.ContainsFunc(nodes, func(n *node) bool { return len(n.links) == 0 })
	}
	if !w.RunUntil(time.Minute, connected) {
		t.Fatal("not all came in a minute")
	}
	w.Run(w.Now() + time.Minute)
	lost := w.Now()
	seed.group.Crash()
	w.Run(lost + 10*monitorTimeout)
	if share, all := most(nodes, lost, leastPause, leastPause/12); all < 950 || share > 0.12 {
		t.Errorf("of %d first tries %.0f %% come within a tenth of a second", all, 100*share)
	}
	if share, all := most(nodes, lost+8*monitorTimeout, monitorTimeout, time.Second); all < 1800 || share > 0.05 {
		t.Errorf("of %d later tries %.0f %% come within a second", all, 100*share)
	}
	startNode(t, w, "a", "alpha")
	back := w.Now()
	if !w.RunUntil(back+monitorTimeout+time.Second, connected) {
		t.Error("not all are back within the monitor timeout")
	}
	if share, all := most(nodes, back, monitorTimeout, time.Second); all < 900 || share > 0.1 {
		t.Errorf("of %d that come back %.0f %% do within a second", all, 100*share)
	}
}

func parseOne(t *testing.T, text string) Seed {
	t.Helper()
	list, err := Parse([]string{text})
	if err != nil || len(list) != 1 {
		t.Fatalf("%q: %v, %v", text, list, err)
	}
	return list[0]
}
