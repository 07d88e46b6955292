package global_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
	"github.com/aemp-go/aemp/seeds"
)

// A realNode is a node on the machine's loopback, for goroutines that wait.
type realNode struct {
	*kernel.Node
	t    testing.TB
	db   *global.DB
	addr netip.AddrPort
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// startReal starts a node. Without seeds it is global, unless its name says otherwise.
func startReal(t testing.TB, id string, seedNodes ...*realNode) *realNode {
	t.Helper()
	log := &logBook{}
	group, err := reactor.Start(reactor.Options{Loops: 2, Logger: slog.New(log)})
	must(t, err)
	core, err := kernel.New(group, kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte(secret), Extensions: true},
		Logger: slog.New(log),
	})
	must(t, err)
	n := &realNode{Node: core, t: t, db: global.New(core, global.Options{Global: len(seedNodes) == 0 && id != "alone"})}
	t.Cleanup(func() {
		n.close()
		must(t, group.Close())
		for _, line := range log.errors() {
			t.Errorf("node %s: %s", id, line)
		}
		if t.Failed() {
			log.dump(t)
		}
	})
	listening := make(chan error, 1)
	n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(addrs []netip.AddrPort, err error) {
		if err == nil {
			n.addr = addrs[0]
		}
		listening <- err
	})
	must(t, <-listening)
	n.db.Announce([]netip.AddrPort{n.addr})
	var list []string
	for _, seed := range seedNodes {
		list = append(list, seed.addr.String())
	}
	parsed, err := seeds.Parse(list)
	must(t, err)
	keeper := seeds.NewKeeper(network{core}, seeds.Options{
		Seeds: parsed, MonitorTimeout: core.MonitorTimeout(), Observer: n.db, Logger: core.Logger(),
	})
	core.Loop().Post(loop.Func(keeper.Start))
	return n
}

func (n *realNode) close() {
	n.db.Close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err := n.Close(ctx)
	var unsent *kernel.UnflushedError // for who has closed already
	if err != nil && !errors.Is(err, kernel.ErrClosed) && !errors.As(err, &unsent) {
		n.t.Error(err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// until follows a family until its view is as wanted.
func (n *realNode) until(family string, holds func(global.View) bool) {
	n.t.Helper()
	for c, err := range n.db.Changes(soon(n.t), family) {
		must(n.t, err)
		if holds(c.View) {
			return
		}
	}
}

func TestGoroutinesReadFamilies(t *testing.T) {
	g := startReal(t, "g")
	a := startReal(t, "a", g)
	must(t, a.db.SetAll("F", map[string]any{"b": 2, "a": 1, "c": "three"}))
	g.until("F", func(v global.View) bool { return v.Len() == 3 })
	for _, n := range []*realNode{g, a} {
		keys, err := n.db.Keys(soon(t), "F")
		if fmt.Sprint(keys, err) != "[a b c] <nil>" {
			t.Errorf("%v %v", keys, err)
		}
		values, err := n.db.Values(soon(t), "F")
		if fmt.Sprint(values, err) != `[1 2 "three"] <nil>` {
			t.Errorf("%v %v", values, err)
		}
		entries, err := n.db.Family(soon(t), "F")
		if fmt.Sprint(entries, err) != `map[a:1 b:2 c:"three"] <nil>` {
			t.Errorf("%v %v", entries, err)
		}
		entries, err = n.db.Family(soon(t), "Empty")
		if fmt.Sprint(entries, err) != `map[] <nil>` {
			t.Errorf("%v %v", entries, err)
		}
	}
}

func TestAQueryThatNobodyAnswersFailsAtItsDeadline(t *testing.T) {
	n := startReal(t, "alone")
	short := func() context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	group, err := n.db.Group("F", global.GroupOptions{})
	must(t, err)
	var changes error
	for _, changes = range n.db.Changes(short(), "F") {
	}
	for name, err := range map[string]error{
		"Keys":    second(n.db.Keys(short(), "F")),
		"Values":  second(n.db.Values(short(), "F")),
		"Family":  second(n.db.Family(short(), "F")),
		"Ready":   group.Ready(short()),
		"Call":    second(group.Call(short(), "anybody?")),
		"Changes": changes,
	} {
		var none *global.NoMasterError
		if !errors.As(err, &none) || none.Family != "F" || !errors.Is(err, kernel.ErrTimeout) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := n.db.Keys(ctx, "F"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	var name *global.NameError
	if _, err := n.db.Keys(soon(t), "1"); !errors.As(err, &name) {
		t.Error(err)
	}
	for _, err := range n.db.Changes(soon(t), "1") {
		if !errors.As(err, &name) {
			t.Error(err)
		}
	}
}

func TestNothingWaitsOnALoop(t *testing.T) {
	n := startReal(t, "alone")
	group, err := n.db.Group("F", global.GroupOptions{})
	must(t, err)
	done := make(chan struct{})
	must(t, n.Do(func(*kernel.Context) {
		defer close(done)
		var changes error
		for _, changes = range n.db.Changes(context.Background(), "F") {
		}
		for name, err := range map[string]error{
			"Keys":    second(n.db.Keys(context.Background(), "F")),
			"Values":  second(n.db.Values(context.Background(), "F")),
			"Family":  second(n.db.Family(context.Background(), "F")),
			"Ready":   group.Ready(context.Background()),
			"Call":    second(group.Call(context.Background(), "anybody?")),
			"Changes": changes,
		} {
			if !errors.Is(err, kernel.ErrWouldBlock) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}))
	<-done
}

func TestWhoWaitsIsLetGoWhenTheNodeCloses(t *testing.T) {
	n := startReal(t, "alone")
	group, err := n.db.Group("F", global.GroupOptions{})
	must(t, err)
	var all sync.WaitGroup
	wait := func(name string, f func() error) {
		all.Go(func() {
			if err := f(); !errors.Is(err, kernel.ErrClosed) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	ctx := context.Background()
	wait("Keys", func() error { return second(n.db.Keys(ctx, "F")) })
	wait("Ready", func() error { return group.Ready(ctx) })
	wait("Changes", func() (err error) {
		for _, err = range n.db.Changes(ctx, "F") {
		}
		return err
	})
	n.close()
	all.Wait()
}

func TestASlowGoroutineIsShownWhatItMissedAtOnce(t *testing.T) {
	g := startReal(t, "g")
	a := startReal(t, "a", g)
	next, stop := iter.Pull2(g.db.Changes(soon(t), "F"))
	defer stop()
	c, err, _ := next()
	if must(t, err); c.View.Len() != 0 {
		t.Fatalf("%v", c)
	}
	for i := range 1000 {
		must(t, a.db.Set("F", fmt.Sprint(i%10), i))
		if i%100 == 0 { // in messages of its own
			must(t, a.db.Set("Done", "x", i))
			g.until("Done", func(v global.View) bool { n, _ := v.Get("x"); return n.String() == fmt.Sprint(i) })
		}
	}
	a.db.Set("F", "last", true)
	shown := 0
	for {
		c, err, _ := next()
		must(t, err)
		shown++
		if _, ok := c.View.Get("last"); ok {
			break
		}
	}
	if shown > 4 { // the first piles up while we wait for the others
		t.Errorf("%d changes", shown)
	}
}

func TestACallTriesAnotherMemberWhenOneDies(t *testing.T) {
	g := startReal(t, "g")
	a := startReal(t, "a", g)
	b := startReal(t, "b", g)
	mortal := func(n *realNode, die bool) *kernel.Port {
		p, err := n.NewPort()
		must(t, err)
		p.On("who", func(self *kernel.Context, m codec.Message) {
			if die {
				self.Die("not", "today")
				return
			}
			args := m.Args()
			if err := self.Send(args.Text(), self.ID()); err != nil {
				panic(err)
			}
		})
		must(t, n.db.Register("workers", p, nil))
		return p
	}
	mortal(a, true)
	survivor := mortal(b, false)
	group, err := g.db.Group("workers", global.GroupOptions{Pick: global.LeastRecent})
	must(t, err)
	g.until("workers", func(v global.View) bool { return v.Len() == 2 })
	for range 2 {
		m, err := group.Call(soon(t), "who")
		if err != nil || m.At(0).String() != fmt.Sprintf("%q", survivor.ID()) {
			t.Errorf("%v %v", m, err)
		}
	}
	survivor.Kill("gone")
	g.until("workers", func(v global.View) bool { return v.Len() == 0 })
	if _, err := group.Call(soon(t), "who"); !errors.Is(err, global.ErrNoMember) {
		t.Error(err)
	}
	mortal(a, true)
	g.until("workers", func(v global.View) bool { return v.Len() == 1 })
	_, err = group.Call(soon(t), "who")
	var died *kernel.ReasonError
	if !errors.Is(err, global.ErrNoMember) || !errors.As(err, &died) || died.Reason.Kind() != "not" {
		t.Error(err)
	}
}

func TestACallThatTimesOutIsNotRepeated(t *testing.T) {
	g := startReal(t, "g")
	asked := make(chan string, 10)
	for range 2 {
		p, err := g.NewPort()
		must(t, err)
		p.OnDefault(func(self *kernel.Context, _ codec.Message) { asked <- self.ID() })
		must(t, g.db.Register("workers", p, nil))
	}
	group, err := g.db.Group("workers", global.GroupOptions{})
	must(t, err)
	g.until("workers", func(v global.View) bool { return v.Len() == 2 })
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if _, err := group.Call(ctx, "who"); !errors.Is(err, kernel.ErrTimeout) {
		t.Error(err)
	}
	<-asked
	select {
	case second := <-asked:
		t.Errorf("%s was asked, too", second)
	default:
	}
}

// Two million a second are promised; the race detector and busy machines are slower.
func BenchmarkSetInANode(b *testing.B) {
	g := startReal(b, "g")
	a := startReal(b, "a", g)
	g.until("'l", func(v global.View) bool { return v.Len() == 2 })
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("node-%06d#worker", i)
	}
	values := []any{"on", "off", 3, 4}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := a.db.Set("workers", keys[i%len(keys)], values[i/len(keys)&3]); err != nil {
			b.Fatal(err)
		}
	}
}

func TestManyGoroutinesUseTheDatabase(t *testing.T) {
	g := startReal(t, "g")
	a := startReal(t, "a", g)
	b := startReal(t, "b", g)
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			for j := range 200 {
				n := []*realNode{a, b}[i%2]
				key := fmt.Sprintf("%d-%d", i, j)
				must(t, n.db.Set("F", key, j))
				if j%2 == 1 {
					must(t, n.db.Delete("F", key))
				}
			}
		})
		all.Go(func() {
			n := []*realNode{a, b, g}[i%3]
			n.until("F", func(v global.View) bool { return v.Len() == 400 && !slices.Contains(v.Keys(), "0-1") })
		})
	}
	all.Wait()
}
