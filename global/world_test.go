package global_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
	"github.com/aemp-go/aemp/seeds"
)

const secret = "geheim"

// A world is a simulated network of nodes with databases, in virtual time.
type world struct {
	*sim.World
	t     testing.TB
	nodes []*node
}

// A node is a host with one node, which listens. Its name is the host's, too.
type node struct {
	*kernel.Node
	w      *world
	db     *global.DB
	group  *sim.Group
	log    *logBook
	addr   netip.AddrPort
	closed bool
}

// A plan is how a node is to be.
type plan struct {
	loops  int
	global bool
	seeds  []string // hosts
	id     string   // in place of the host's name
	bare   bool     // without a Keeper
	quotas global.Quotas
}

func newWorld(t testing.TB) *world {
	w := &world{World: sim.New(sim.Options{Seed: 1}), t: t}
	t.Cleanup(w.finish)
	return w
}

// node starts a node.
func (w *world) node(name string, p plan) *node {
	w.t.Helper()
	host := w.Host(name)
	n := &node{w: w, group: host.Group(max(1, p.loops)), log: &logBook{}, addr: netip.AddrPortFrom(host.Addr(), 4040)}
	id := name
	if p.id != "" {
		id = p.id
	}
	var err error
	n.Node, err = kernel.New(n.group, kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte(secret), Extensions: true},
		Logger: slog.New(n.log),
	})
	w.ok(err)
	o := global.Options{Global: p.global, Quotas: p.quotas}
	if !p.bare {
		kept := seeds.NewKeepSet(network{n.Node}, n.MonitorTimeout())
		n.inside(kept.Start)
		o.Keeper = kept
	}
	n.db = global.New(n.Node, o)
	var heard bool
	n.Listen([]netip.AddrPort{n.addr}, func(addrs []netip.AddrPort, e error) { heard, err = true, e })
	w.until("listening", func() bool { return heard })
	w.ok(err)
	n.db.Announce([]netip.AddrPort{n.addr})
	n.seek(p.seeds)
	w.nodes = append(w.nodes, n)
	return n
}

// seek keeps the seeds connected.
func (n *node) seek(hosts []string) {
	var list []string
	for _, host := range hosts {
		list = append(list, n.w.Host(host).Addr().String())
	}
	parsed, err := seeds.Parse(list)
	n.w.ok(err)
	keeper := seeds.NewKeeper(network{n.Node}, seeds.Options{
		Seeds:          parsed,
		MonitorTimeout: n.MonitorTimeout(),
		Observer:       n.db,
		Logger:         n.Logger(),
	})
	n.inside(keeper.Start)
}

// network is the kernel as the seeds want it.
type network struct{ *kernel.Node }

func (n network) WatchNodes(changed func(node string, up bool)) { n.Node.WatchNodes(changed) }

func (n network) DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func()) {
	return n.Node.DialSeed(addr, func(node string, err error) {
		if errors.Is(err, kernel.ErrSelf) {
			err = seeds.ErrSelf
		}
		done(node, err)
	})
}

// hub is a global node g with the slaves a and b.
func (w *world) hub() (g, a, b *node) {
	g = w.node("g", plan{global: true})
	a = w.node("a", plan{seeds: []string{"g"}})
	b = w.node("b", plan{seeds: []string{"g"}})
	w.until("a master", func() bool { return a.db.Master() == "g" && b.db.Master() == "g" })
	g.has("'l", `a=["10.0.0.2:4040"] b=["10.0.0.3:4040"] g=["10.0.0.1:4040"]`)
	return g, a, b
}

// until lets the world go on until something holds, five minutes at most.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	if !w.RunUntil(5*time.Minute, holds) {
		for _, n := range w.nodes {
			w.t.Log(n.ID(), n.UpNodes(), "master", n.db.Master(), "global", n.db.IsGlobal())
			n.log.dump(w.t)
		}
		w.t.Fatalf("in vain: %s", what)
	}
}

// pass lets the world go on for a while.
func (w *world) pass(d time.Duration) { w.Run(w.Now() + d) }

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// finish closes the nodes and looks whether something went wrong unnoticed.
func (w *world) finish() {
	for _, n := range w.nodes {
		n.close()
	}
	for _, n := range w.nodes {
		for _, l := range n.log.errors() {
			w.t.Errorf("node %s: %v", n.ID(), l)
		}
	}
	for _, p := range w.Panics {
		w.t.Errorf("%v\n%s", p, p.Stack)
	}
	w.Close()
}

func (n *node) close() {
	if n.closed {
		return
	}
	n.closed = true
	n.db.Close()
	done := false
	if stop := n.StartClose(func(map[string]int) { done = true }); stop == nil {
		return
	}
	if !n.w.RunUntil(time.Minute, func() bool { return done }) {
		n.w.t.Errorf("node %s never closed", n.ID())
	}
}

// crash ends the node's process without a farewell; the peers are told by its system.
func (n *node) crash() { n.closed = true; n.group.Crash() }

// inside runs f as a callback on the node's first loop.
func (n *node) inside(f func()) { n.w.Do(n.group.Loops()[0], f) }

// reads asks for a family and waits for it: "key=value …", sorted.
func (n *node) reads(family string) string {
	n.w.t.Helper()
	answered, text := false, ""
	_, err := n.db.StartQuery(global.QueryFamily, family, func(v codec.Value, err error) {
		n.w.ok(err)
		entries, err := v.Map()
		n.w.ok(err)
		var list []string
		for key, value := range entries.All() {
			list = append(list, fmt.Sprintf("%s=%v", key, value))
		}
		slices.Sort(list)
		answered, text = true, strings.Join(list, " ")
	})
	n.w.ok(err)
	n.w.until("an answer", func() bool { return answered })
	return text
}

// has waits until a family is what is wanted.
func (n *node) has(family, want string) {
	n.w.t.Helper()
	var got string
	for range 100 {
		if got = n.reads(family); got == want {
			return
		}
		n.w.pass(100 * time.Millisecond)
	}
	n.w.t.Fatalf("node %s: %s has %q, not %q", n.ID(), family, got, want)
}

// A viewer writes down what a watch shows it: "+a=1 b=2 -c" of each change.
type viewer struct {
	w     *world
	shown []string
}

func (v *viewer) show(self *kernel.Context, c global.Change) {
	var words []string
	for _, key := range c.Added {
		value, _ := c.View.Get(key)
		words = append(words, fmt.Sprintf("+%s=%v", key, value))
	}
	for _, key := range c.Changed {
		value, _ := c.View.Get(key)
		words = append(words, fmt.Sprintf("%s=%v", key, value))
	}
	for _, key := range c.Deleted {
		words = append(words, "-"+key)
	}
	v.shown = append(v.shown, strings.Join(words, " "))
}

func (n *node) watch(family string) (*viewer, *global.Watch) {
	n.w.t.Helper()
	v := &viewer{w: n.w}
	watch, err := n.db.Watch(family, v.show)
	n.w.ok(err)
	return v, watch
}

// sees waits for so many changes and compares all of them.
func (v *viewer) sees(want ...string) {
	v.w.t.Helper()
	v.w.RunUntil(time.Minute, func() bool { return len(v.shown) >= len(want) })
	v.w.pass(time.Second) // for what nobody wants
	if !slices.Equal(v.shown, want) {
		v.w.t.Fatalf("shown\n%q\nnot\n%q", v.shown, want)
	}
	v.shown = nil
}

// A logBook is a slog.Handler that keeps what is logged.
type logBook struct {
	mu    sync.Mutex
	lines []string
	wrong []string
}

// meant is in the text of every panic that a test causes on purpose.
const meant = "on purpose"

func (b *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logBook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logBook) WithGroup(string) slog.Handler            { return b }

func (b *logBook) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key != "stack" {
			line += " " + a.String()
		}
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, line)
	if r.Level >= slog.LevelError && !strings.Contains(line, meant) {
		b.wrong = append(b.wrong, line)
	}
	return nil
}

func (b *logBook) errors() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wrong
}

func (b *logBook) dump(t testing.TB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines[max(0, len(b.lines)-20):] {
		t.Log(l)
	}
}

// find says whether a line was logged that has the text.
func (b *logBook) find(text string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.ContainsFunc(b.lines, func(l string) bool { return strings.Contains(l, text) })
}
