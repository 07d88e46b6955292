package global_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
)

func TestAWatcherIsShownWhatThereIsAndThenEachChange(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	w.ok(a.db.SetAll("F", map[string]any{"x": 1, "y": 1}))
	g.has("F", "x=1 y=1")
	for _, n := range []*node{g, a, b} {
		w.ok(a.db.SetAll("F", map[string]any{"x": 1, "y": 1}))
		w.ok(a.db.Delete("F", "z"))
		g.has("F", "x=1 y=1")
		v, watch := n.watch("F")
		v.sees("+x=1 +y=1")
		w.ok(a.db.Set("F", "x", 2))
		v.sees("x=2")
		w.ok(b.db.Set("F", "z", 3))
		v.sees("+z=3")
		w.ok(a.db.Delete("F", "x"))
		v.sees("-x")
		watch.Stop()
		w.ok(b.db.Delete("F", "z"))
		v.sees()
	}
}

func TestAWatcherThatComesInTheMiddleOfAChangeIsShownItOnce(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	for _, n := range []*node{g, a} {
		first, _ := n.watch("F")
		first.sees("")
		var second *viewer
		w.ok(g.db.Set("F", "x", 1))
		w.until("a first change", func() bool { return len(first.shown) > 0 })
		n.inside(func() { // so soon that it isn't taken at once
			w.ok(g.db.Set("F", "y", 1))
			second, _ = n.watch("F")
		})
		w.pass(time.Second)
		if got := strings.Join(second.shown, " "); strings.Count(got, "x") != 1 || strings.Count(got, "y") != 1 {
			t.Errorf("at %s the second watcher is shown %q", n.ID(), got)
		}
		w.ok(g.db.Delete("F", "x", "y"))
		w.pass(time.Second)
	}
}

// A global node takes its own changes in batches, too.
func TestWhoAsksAGlobalNodeIsToldWhatItHasSetBefore(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	w.Link(w.Host("a"), w.Host("g")).SetLatency(10*time.Microsecond, 20*time.Microsecond)
	const keys = 50
	answered := 0
	for i := range keys {
		w.After(time.Duration(i)*100*time.Microsecond, func() {
			w.ok(g.db.Set("F", fmt.Sprint(i), i))
			_, err := a.db.StartQuery(global.QueryKeys, "F", func(v codec.Value, err error) {
				w.ok(err)
				answered++
				if there, err := v.List(); err != nil || there.Len() <= i {
					t.Errorf("after %d keys were set told of %v", i+1, v)
				}
			})
			w.ok(err)
		})
	}
	w.until("all answers", func() bool { return answered == keys })
}

func TestAWatcherIsToldOfAnEmptyFamily(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	for _, n := range []*node{g, a} {
		v, _ := n.watch("Empty")
		v.sees("")
	}
}

func TestEachWatcherHasABeginningOfItsOwn(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	w.ok(b.db.Set("F", "x", 1))
	g.has("F", "x=1")
	first, stop := a.watch("F")
	first.sees("+x=1")
	w.ok(b.db.Set("F", "y", 1))
	first.sees("+y=1")
	second, _ := a.watch("F")
	second.sees("+x=1 +y=1")
	stop.Stop()
	w.ok(b.db.Delete("F", "x"))
	second.sees("-x")
	first.sees()
	third, _ := a.watch("G") // another family is nobody else's concern
	third.sees("")
	second.sees()
}

func TestAWatcherSeesNothingBeforeThereIsAMaster(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{seeds: []string{"g"}})
	w.ok(a.db.Set("F", "x", 1))
	v, _ := a.watch("F")
	w.pass(time.Minute)
	v.sees()
	w.node("g", plan{})
	w.until("a master", func() bool { return a.db.Master() == "g" })
	w.pass(time.Minute)
	total := map[string]bool{}
	for _, change := range v.shown {
		total[change] = true
	}
	if !total["+x=1"] || len(v.shown) > 2 { // perhaps empty at first: it comes from the master
		t.Errorf("%q", v.shown)
	}
}

func TestAChangeOfMasterIsShownAsADifference(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	a := w.node("a", plan{seeds: []string{"g", "h"}})
	w.until("a master", func() bool { return a.db.Master() == "g" })
	h := w.node("h", plan{global: true, seeds: []string{"g"}})
	b := w.node("b", plan{seeds: []string{"h"}})
	w.until("a master", func() bool { return b.db.Master() == "h" })
	w.ok(b.db.SetAll("F", map[string]any{"x": 1, "y": 1, "z": 1}))
	w.ok(g.db.Set("F", "m", 1))
	a.has("F", "m=1 x=1 y=1 z=1")
	v, _ := a.watch("F")
	v.sees("+m=1 +x=1 +y=1 +z=1")
	g.crash()
	w.ok(b.db.Set("F", "x", 2))
	w.ok(b.db.Delete("F", "y"))
	w.until("the next master", func() bool { return a.db.Master() == h.ID() })
	w.pass(time.Minute)
	for _, change := range v.shown {
		if strings.Contains(change, "+") || strings.Contains(change, "z") {
			t.Errorf("what was known before is shown again: %s", change)
		}
	}
	if got := joined(v.shown); got != "[m- x=2 y-]" {
		t.Errorf("%s of %q", got, v.shown)
	}
}

// joined is what changes come to, each key once.
func joined(shown []string) string {
	last := map[string]string{}
	for _, word := range strings.Fields(strings.ReplaceAll(strings.Join(shown, " "), "+", "")) {
		if key, deleted := strings.CutPrefix(word, "-"); deleted {
			last[key] = key + "-"
		} else {
			key, _, _ := strings.Cut(word, "=")
			last[key] = word
		}
	}
	var all []string
	for _, text := range last {
		all = append(all, text)
	}
	slices.Sort(all)
	return fmt.Sprint(all)
}

func TestAWatcherThatPanicsHarmsNobody(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	_, err := g.db.Watch("F", func(*kernel.Context, global.Change) { panic(meant) })
	w.ok(err)
	v, _ := g.watch("F")
	v.sees("")
	w.ok(a.db.Set("F", "x", 1))
	v.sees("+x=1")
	if !g.log.find(meant) {
		t.Error("it isn't logged")
	}
}

func TestAWatcherMayUseTheDatabaseAndStop(t *testing.T) {
	w := newWorld(t)
	g, _, _ := w.hub()
	var watch *global.Watch
	answered, inner := "", &viewer{w: w}
	shown := 0
	watch, err := g.db.Watch("F", func(self *kernel.Context, c global.Change) {
		shown++
		if self.Port() != nil {
			t.Error("it runs in a port")
		}
		if c.View.Len() == 0 {
			return
		}
		watch.Stop()
		w.ok(g.db.Set("F", "y", 2))
		second(g.db.Watch("F", inner.show))
		second(g.db.StartQuery(global.QueryKeys, "F", func(v codec.Value, _ error) { answered = v.String() }))
	})
	w.ok(err)
	w.pass(time.Second)
	w.ok(g.db.Set("F", "x", 1))
	w.until("an answer", func() bool { return answered != "" })
	w.pass(time.Second)
	if shown != 2 {
		t.Errorf("shown %d times", shown)
	}
	if text := joined(inner.shown); text != "[x=1 y=2]" {
		t.Error(text)
	}
}

// WatchIn works the same whether the port lives on the database's loop or elsewhere.
func TestAPortWatchesInItsOwnContext(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true, loops: 3})
	for range 3 {
		p, err := g.NewPort()
		w.ok(err)
		v := &viewer{w: w}
		p.On("watch", func(self *kernel.Context, _ codec.Message) {
			_, err := g.db.WatchIn(self, "F", func(self *kernel.Context, c global.Change) {
				if self.Port() != p {
					t.Errorf("it runs in %v", self.Port())
				}
				v.show(self, c)
			})
			w.ok(err)
		})
		p.On("die", func(self *kernel.Context, _ codec.Message) { self.Die() })
		w.ok(g.db.Delete("F", "y"))
		w.ok(g.db.Set("F", "x", 1))
		w.pass(time.Second)
		w.ok(g.Send(p.ID(), "watch"))
		v.sees("+x=1")
		w.ok(g.db.Set("F", "x", 2))
		v.sees("x=2")
		w.ok(g.db.Set("F", "y", 1))
		w.ok(g.db.Delete("F", "x"))
		w.pass(time.Second)
		if text := joined(v.shown); text != "[x- y=1]" {
			t.Errorf("%s: %q", text, v.shown)
		}
		v.shown = nil
		w.ok(g.Send(p.ID(), "die"))
		w.pass(time.Second)
		w.ok(g.db.Set("F", "y", 2))
		v.sees()
	}
}

func TestAPanicInAPortsWatchKillsThePort(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true, loops: 2})
	p, err := g.NewPort()
	w.ok(err)
	p.OnDefault(func(self *kernel.Context, _ codec.Message) {
		second(g.db.WatchIn(self, "F", func(*kernel.Context, global.Change) { panic(meant) }))
	})
	w.ok(g.Send(p.ID(), "go"))
	w.until("its death", func() bool { return !p.Alive() })
}

func TestAHandlerOfNoPortWatchesForTheNode(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	v := &viewer{w: w}
	var watch *global.Watch
	w.ok(g.Do(func(self *kernel.Context) {
		var err error
		watch, err = g.db.WatchIn(self, "F", v.show)
		w.ok(err)
	}))
	v.sees("")
	watch.Stop()
	w.ok(g.db.Set("F", "x", 1))
	v.sees()
}

func TestAWatchInADyingPortEndsWithIt(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	p, err := g.NewPort()
	w.ok(err)
	v := &viewer{w: w}
	p.OnDefault(func(self *kernel.Context, _ codec.Message) {
		self.Die()
		_, err := g.db.WatchIn(self, "F", v.show)
		w.ok(err)
	})
	w.ok(g.Send(p.ID(), "go"))
	v.sees()
}

func TestAWatchThatIsStoppedAtOnceShowsNothing(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	v, watch := g.watch("F")
	watch.Stop()
	v.sees()
}
