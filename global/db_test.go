package global_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
)

func TestWhatANodeSetsAllOthersRead(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	w.ok(a.db.Set("F", "x", []any{1, "two", nil, []byte{3}}))
	w.ok(b.db.Set("F", "y", 2))
	w.ok(g.db.Set("F", "z", 3))
	for _, n := range []*node{g, a, b} {
		n.has("F", `x=[1, "two", null, b"\x03"] y=2 z=3`)
	}
	w.ok(a.db.Delete("F", "x", "y")) // y isn't a's
	for _, n := range []*node{g, a, b} {
		n.has("F", "y=2 z=3")
	}
	a.has("Unknown", "")
}

func TestWhatANodeHasSetGoesWithIt(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	w.ok(a.db.SetAll("F", map[string]any{"x": 1, "y": 1}))
	b.has("F", "x=1 y=1")
	w.ok(b.db.Set("F", "x", 2))
	b.has("F", "x=2 y=1")
	b.close()
	g.has("F", "x=1 y=1") // what was under it comes to light
	a.crash()
	g.has("F", "")
}

func TestTheMasterIsTheSeedThatIsUp(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	if g.db.Master() != "" || !g.db.IsGlobal() || a.db.IsGlobal() {
		t.Errorf("g: master %q, global %v; a: global %v", g.db.Master(), g.db.IsGlobal(), a.db.IsGlobal())
	}
	g.crash()
	w.until("no master", func() bool { return a.db.Master() == "" })
}

func TestANodeBecomesGlobal(t *testing.T) {
	w := newWorld(t)
	asked := w.node("asked", plan{})
	asked.db.BecomeGlobal()
	self := w.node("self", plan{seeds: []string{"self"}})
	first := w.node("first", plan{})
	w.node("second", plan{seeds: []string{"first"}})
	w.until("global nodes", func() bool { return asked.db.IsGlobal() && self.db.IsGlobal() && first.db.IsGlobal() })
	asked.has("'g", "asked=null")
}

func TestWhatIsSetBeforeThereIsAMasterIsKeptForHim(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{seeds: []string{"g"}})
	w.ok(a.db.Set("F", "x", 1))
	w.ok(a.db.Set("F", "y", 1))
	w.ok(a.db.Delete("F", "y"))
	w.pass(time.Minute)
	w.ok(a.db.Set("F", "x", 2))
	g := w.node("g", plan{})
	w.until("a master", func() bool { return a.db.Master() == "g" })
	g.has("F", "x=2")
}

func TestAQueryWaitsForAMaster(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{seeds: []string{"g"}})
	w.ok(a.db.Set("F", "x", 1))
	var answers []string
	for _, kind := range []global.QueryKind{global.QueryFamily, global.QueryKeys, global.QueryValues} {
		_, err := a.db.StartQuery(kind, "F", func(v codec.Value, err error) {
			answers = append(answers, fmt.Sprint(v, err))
		})
		w.ok(err)
	}
	cancelled, err := a.db.StartQuery(global.QueryKeys, "F", func(codec.Value, error) { t.Error("a cancelled query is answered") })
	w.ok(err)
	w.pass(time.Minute)
	if cancelled(); len(answers) > 0 {
		t.Fatal(answers)
	}
	w.node("g", plan{})
	w.until("three answers", func() bool { return len(answers) == 3 })
	text := strings.Join(answers, " ")
	for _, want := range []string{`{"x": 1} <nil>`, `["x"] <nil>`, `[1] <nil>`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

func TestAClosedDatabaseLetsEverybodyGo(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{})
	var failed error
	_, err := a.db.StartQuery(global.QueryFamily, "F", func(_ codec.Value, err error) { failed = err })
	w.ok(err)
	found := a.monitor("nowhere#port")
	v, _ := a.watch("F")
	w.pass(time.Second)
	a.close()
	if !errors.Is(failed, kernel.ErrClosed) {
		t.Error(failed)
	}
	if *found == "" {
		t.Error("the monitor hasn't fired")
	}
	v.sees()
	for name, err := range map[string]error{
		"Set":    a.db.Set("F", "x", 1),
		"SetAll": a.db.SetAll("F", map[string]any{"x": 1}),
		"Delete": a.db.Delete("F", "x"),
		"Watch":  second(a.db.Watch("F", v.show)),
		"Query":  second(a.db.StartQuery(global.QueryKeys, "F", nil)),
		"Group":  second(a.db.Group("F", global.GroupOptions{})),
	} {
		if !errors.Is(err, kernel.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	a.db.Close()
}

// second is the error of two results.
func second[T any](_ T, err error) error { return err }

// monitor writes down why a port or node is lost.
func (n *node) monitor(target string) *string {
	n.w.t.Helper()
	reason := new(string)
	_, err := n.Monitor(target, func(_ *kernel.Context, r kernel.Reason) { *reason = r.String() })
	n.w.ok(err)
	return reason
}

func TestMessagesFindTheirNodeThroughTheMaster(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	var got []string
	p, err := b.NewPort()
	w.ok(err)
	p.OnDefault(func(_ *kernel.Context, m codec.Message) { got = append(got, m.String()) })
	w.ok(a.Send(p.ID(), "hello"))
	w.until("a message", func() bool { return len(got) == 1 })
	for _, n := range []*node{a, g} {
		reason := n.monitor("nowhere#port")
		w.until("the end of a monitor", func() bool { return *reason != "" })
		if want := `["transport_error", "nowhere", "no known address"]`; *reason != want {
			t.Errorf("%s: %s", n.ID(), *reason)
		}
	}
}

func TestWithoutAMasterAnUnknownNodeIsGivenUpInTime(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{seeds: []string{"nobody"}})
	reason := a.monitor("nowhere#port")
	start := w.Now()
	w.until("the end of a monitor", func() bool { return *reason != "" })
	if took := w.Now() - start; took > 2*a.MonitorTimeout() {
		t.Errorf("after %v", took)
	}
	if !strings.Contains(*reason, "transport_error") {
		t.Error(*reason)
	}
}

func TestManySingleSetsBecomeFewMessages(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	v, _ := g.watch("F")
	w.pass(time.Second)
	v.shown = nil
	for i := range 10_000 {
		w.ok(a.db.Set("F", fmt.Sprintf("key-%04d", i), i))
		if i%100 == 0 {
			w.pass(10 * time.Microsecond)
		}
	}
	w.until("all keys", func() bool {
		n := 0
		for _, change := range v.shown {
			n += strings.Count(change, "+")
		}
		return n == 10_000
	})
	if n := len(v.shown); n > 20 {
		t.Errorf("in %d changes", n)
	}
}

func TestAnIncorrectRequestIsRefused(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{})
	var name *global.NameError
	for _, family := range []string{"", "'", "''g", "a b"} {
		for what, err := range map[string]error{
			"Watch": second(a.db.Watch(family, nil)),
			"Query": second(a.db.StartQuery(global.QueryKeys, family, nil)),
			"Group": second(a.db.Group(family, global.GroupOptions{})),
		} {
			if !errors.As(err, &name) || name.What != "family" {
				t.Errorf("%s %q: %v", what, family, err)
			}
		}
	}
}

func TestTooManyWatchesAndQueriesAreRefused(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{})
	for range global.MaxQueries {
		_, err := a.db.StartQuery(global.QueryKeys, "F", nil)
		w.ok(err)
	}
	if _, err := a.db.StartQuery(global.QueryKeys, "F", nil); !errors.Is(err, kernel.ErrTooMany) {
		t.Error(err)
	}
	var last *global.Watch
	for range global.MaxWatches {
		var err error
		last, err = a.db.Watch("F", nil)
		w.ok(err)
	}
	if _, err := a.db.Watch("F", nil); !errors.Is(err, kernel.ErrTooMany) {
		t.Error(err)
	}
	last.Stop()
	last.Stop()
	if _, err := a.db.Watch("F", nil); err != nil {
		t.Error(err)
	}
	if _, err := a.db.Watch("F", nil); !errors.Is(err, kernel.ErrTooMany) {
		t.Error("the second Stop made room, too")
	}
	a.crash() // nobody is there to be answered
}

func TestANodeThatOverdrawsItsQuotaIsTold(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{quotas: global.Quotas{Keys: 1}})
	w.ok(a.db.Set("F", "x", 1))
	var quota *global.QuotaError
	if err := a.db.Set("F", "y", 1); !errors.As(err, &quota) || quota.Limit != 1 {
		t.Error(err)
	}
}

// Of two nodes with one ID only one is in the network, and the other one when that has gone.
func TestOfTwoNodesWithOneIDTheSecondWaits(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	first := w.node("first", plan{id: "twin", seeds: []string{"g"}})
	w.ok(first.db.Set("F", "who", "first"))
	g.has("F", `who="first"`)
	second := w.node("second", plan{id: "twin", seeds: []string{"g"}})
	w.ok(second.db.Set("F", "who", "second"))
	w.pass(2 * time.Minute)
	g.has("F", `who="first"`)
	if first.db.Master() != "g" || second.db.Master() != "" {
		t.Errorf("masters %q and %q", first.db.Master(), second.db.Master())
	}
	first.crash()
	w.until("the second", func() bool { return second.db.Master() == "g" })
	g.has("F", `who="second"`)
}

func TestGlobalNodesMeetWithoutAKeeper(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	h := w.node("h", plan{global: true, bare: true, seeds: []string{"g"}})
	i := w.node("i", plan{global: true, seeds: []string{"g"}})
	w.ok(i.db.Set("F", "x", 1))
	for _, n := range []*node{g, h, i} {
		n.has("'g", "g=null h=null i=null")
		n.has("F", "x=1")
	}
	i.crash()
	for _, n := range []*node{g, h} {
		n.has("'g", "g=null h=null")
	}
}

func TestAHandlerAsksInItsOwnContext(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true, loops: 3})
	w.ok(g.db.Set("F", "x", 1))
	answers := map[string]string{}
	ask := func(self *kernel.Context, key string) {
		port := self.Port()
		w.ok(g.db.QueryIn(self, global.QueryFamily, "F", time.Second, func(self *kernel.Context, v codec.Value, err error) {
			if self.Port() != port {
				t.Errorf("%s: it runs in %v", key, self.Port())
			}
			answers[key] = fmt.Sprint(v, err)
		}))
	}
	for i := range 3 {
		p := g.port()
		p.OnDefault(func(self *kernel.Context, _ codec.Message) { ask(self, fmt.Sprint(i)) })
		w.ok(g.Send(p.ID(), "go"))
	}
	w.ok(g.Do(func(self *kernel.Context) { ask(self, "node") }))
	w.pass(time.Minute)
	for _, key := range []string{"0", "1", "2", "node"} {
		if answers[key] != `{"x": 1} <nil>` {
			t.Errorf("%s: %s", key, answers[key])
		}
	}
}

func TestAHandlersQuestionHasADeadline(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", plan{loops: 2, seeds: []string{"nobody"}})
	p := a.port()
	var got []error
	p.OnDefault(func(self *kernel.Context, _ codec.Message) {
		for range 2 {
			w.ok(a.db.QueryIn(self, global.QueryKeys, "F", time.Second, func(_ *kernel.Context, _ codec.Value, err error) {
				got = append(got, err)
			}))
		}
		var name *global.NameError
		if err := a.db.QueryIn(self, global.QueryKeys, "1", 0, nil); !errors.As(err, &name) {
			t.Error(err)
		}
	})
	w.ok(a.Send(p.ID(), "go"))
	w.pass(time.Minute)
	var none *global.NoMasterError
	if len(got) != 2 || !errors.As(got[0], &none) || !errors.As(got[1], &none) {
		t.Error(got)
	}
}

func TestTheStatusSaysWhatThereIs(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	w.ok(a.db.SetAll("F", map[string]any{"x": 1, "y": 1}))
	w.ok(a.db.Set("G", "z", "text"))
	a.watch("F")
	w.ok(a.Send("g", "g_nonsense"))
	w.until("a count", func() bool { return g.db.Status().Unknown == 1 })
	want := global.Status{Master: "g", Families: 2, Keys: 3, Octets: 3 + 1 + 1 + 5, Watches: 1}
	if got := a.db.Status(); got != want {
		t.Errorf("%+v, not %+v", got, want)
	}
	if !g.db.Status().Global {
		t.Error("g isn't global")
	}
}
