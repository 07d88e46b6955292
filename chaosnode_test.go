package aemp_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

// chaosChild is the environment variable that makes the test binary a node of a chaos
// network: a chaosConfig in JSON.
const chaosChild = "AEMP_CHAOS_CHILD"

func TestMain(m *testing.M) {
	if config := os.Getenv(chaosChild); config != "" {
		if err := beChaosNode(config); err != nil {
			fmt.Fprintln(os.Stderr, "level=ERROR", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

type chaosConfig struct {
	Node   string
	Bind   string
	Seeds  []string
	Global bool
}

// chaosReport is what a chaos node answers to each line on its standard input.
type chaosReport struct {
	Node       string
	Own        map[string]map[string]string // what it holds: family, key, value
	Seen       map[string]map[string]string // what queries give
	Watched    map[string]map[string]string // what watching gives
	Faults     []string                     // changes that can't be
	Goroutines int
	Heap       uint64
	Operations uint64 // so far
	Wrong      string // a query failed
}

// chaosPause is less than half of agreeIn.
const chaosPause = 2 * time.Second

var chaosFamilies = []string{"own", "shared", "ports"}

// chaosNode sets, deletes, registers, watches and queries, all at once.
type chaosNode struct {
	node  *aemp.Node
	quiet atomic.Bool
	count atomic.Uint64

	mu      sync.Mutex
	own     map[string]map[string]string
	watched map[string]map[string]string
	faults  []string
}

func beChaosNode(text string) error {
	var c chaosConfig
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	node, err := aemp.Start(aemp.Config{
		Node: c.Node, Binds: []string{c.Bind}, Seeds: c.Seeds, Global: c.Global,
		Secret: "geheim", NoRC: true, LogLevel: "info",
		MonitorTimeout: chaosPause, ConnectInterval: chaosPause, // the former bounds the pauses between attempts at a seed
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return err
	}
	n := &chaosNode{node: node, own: map[string]map[string]string{}, watched: map[string]map[string]string{}}
	for _, family := range chaosFamilies {
		n.own[family], n.watched[family] = map[string]string{}, map[string]string{}
	}
	if err := n.watch(); err != nil {
		return err
	}
	for _, work := range []func(*rand.Rand) error{n.set, n.share, n.register, n.query} {
		go n.labour(work)
	}
	fmt.Printf("%q\n", node.ID())
	return n.obey()
}

// obey does what the lines of standard input say, until its end.
func (n *chaosNode) obey() error {
	in, out := bufio.NewScanner(os.Stdin), json.NewEncoder(os.Stdout)
	for in.Scan() {
		switch in.Text() {
		case "load":
			n.quiet.Store(false)
		case "quiet":
			n.quiet.Store(true)
		}
		if err := out.Encode(n.report()); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return n.node.Close(ctx)
}

// labour does one kind of work some hundred times a second.
func (n *chaosNode) labour(work func(*rand.Rand) error) {
	random := rand.New(rand.NewPCG(rand.Uint64(), 0))
	for {
		time.Sleep(time.Duration(random.IntN(6000)) * time.Microsecond)
		if n.quiet.Load() {
			continue
		}
		if err := work(random); err != nil {
			n.fault(err.Error())
		}
		n.count.Add(1)
	}
}

func (n *chaosNode) fault(what string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.faults = append(n.faults, what)
}

// set sets and deletes keys that nobody else has.
func (n *chaosNode) set(r *rand.Rand) error {
	return n.put(r, "own", fmt.Sprintf("%s %d", n.node.ID(), r.IntN(100)))
}

// share sets and deletes keys that others set, too.
func (n *chaosNode) share(r *rand.Rand) error {
	return n.put(r, "shared", fmt.Sprintf("key %d", r.IntN(30)))
}

func (n *chaosNode) put(r *rand.Rand, family, key string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if r.IntN(3) == 0 {
		delete(n.own[family], key)
		return n.node.DB().Delete(family, key)
	}
	value := fmt.Sprintf("%s %d", n.node.ID(), r.IntN(1000))
	n.own[family][key] = value
	return n.node.DB().Set(family, key, value)
}

// register registers a port, and has another one die.
func (n *chaosNode) register(r *rand.Rand) error {
	p, err := n.node.NewPort()
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if err := n.node.DB().Register("ports", p, n.node.ID()); err != nil {
		return err
	}
	ports := n.own["ports"]
	ports[p.ID()] = n.node.ID()
	if len(ports) < 20 {
		return nil
	}
	victim := slices.Sorted(maps.Keys(ports))[r.IntN(len(ports))]
	delete(ports, victim)
	return n.node.Kill(victim)
}

// query reads a family. That there is no master for a while is no fault.
func (n *chaosNode) query(r *rand.Rand) error {
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	_, err := n.node.DB().Family(ctx, chaosFamilies[r.IntN(len(chaosFamilies))])
	if errors.Is(err, aemp.ErrTimeout) {
		return nil
	}
	return err
}

// watch watches each family in another way.
func (n *chaosNode) watch() error {
	db := n.node.DB()
	if _, err := db.Watch("own", n.changed); err != nil {
		return err
	}
	watcher, err := n.node.NewPort()
	if err != nil {
		return err
	}
	watcher.OnDefault(func(self *aemp.Context, _ aemp.Message) {
		if _, err := db.WatchIn(self, "shared", n.changed); err != nil {
			n.fault(err.Error())
		}
	})
	go func() {
		for c, err := range db.Changes(context.Background(), "ports") {
			if err != nil {
				return // the node closes
			}
			n.changed(nil, c)
		}
	}()
	return n.node.Send(watcher.ID(), "watch")
}

// changed is told of each change of a family, and keeps what follows from them.
func (n *chaosNode) changed(_ *aemp.Context, c aemp.Change) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := n.watched[c.Family]
	wrong := func(what, key string) {
		n.faults = append(n.faults, fmt.Sprintf("watcher of %s: %s %q", c.Family, what, key))
	}
	for _, key := range c.Deleted {
		if _, had := known[key]; !had {
			wrong("unknown key deleted", key)
		}
		delete(known, key)
	}
	take := func(key, event string) {
		v, ok := c.View.Get(key)
		text, err := v.Text()
		if !ok || err != nil {
			wrong("no value of key "+event, key)
		}
		if event == "changed" && known[key] == text {
			wrong("unchanged value", key)
		}
		known[key] = text
	}
	for _, key := range c.Added {
		if _, had := known[key]; had {
			wrong("known key added", key)
		}
		take(key, "added")
	}
	for _, key := range c.Changed {
		if _, had := known[key]; !had {
			wrong("unknown key changed", key)
		}
		take(key, "changed")
	}
	if len(known) != c.View.Len() {
		wrong(fmt.Sprintf("%d keys seen, %d in view", len(known), c.View.Len()), "")
	}
}

func (n *chaosNode) report() *chaosReport {
	runtime.GC()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	r := &chaosReport{
		Node: n.node.ID(), Own: map[string]map[string]string{}, Watched: map[string]map[string]string{},
		Goroutines: runtime.NumGoroutine(), Heap: memory.HeapAlloc, Operations: n.count.Load(),
	}
	n.mu.Lock()
	for _, family := range chaosFamilies {
		r.Own[family], r.Watched[family] = maps.Clone(n.own[family]), maps.Clone(n.watched[family])
	}
	r.Faults = slices.Clone(n.faults)
	n.mu.Unlock()
	var err error
	if r.Seen, err = n.ask(); err != nil {
		r.Wrong = err.Error()
	}
	return r
}

func (n *chaosNode) ask() (map[string]map[string]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	seen := map[string]map[string]string{}
	for _, family := range chaosFamilies {
		entries, err := n.node.DB().Family(ctx, family)
		if err != nil {
			return nil, err
		}
		seen[family] = map[string]string{}
		for key, value := range entries {
			if seen[family][key], err = value.Text(); err != nil {
				return nil, err
			}
		}
	}
	return seen, nil
}
