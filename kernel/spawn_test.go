package kernel_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestSpawnCallsItsFunctionInThePortsContext(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		r := here.recorder()
		there.Register("Counter::new", func(self *kernel.Context, m codec.Message) {
			args := m.Args()
			to, at := args.Text(), args.Int()
			w.ok(self.Send(to, "born", self.ID()))
			self.On("next", func(self *kernel.Context, _ codec.Message) {
				at++
				w.ok(self.Send(to, at))
			})
		})
		id, err := here.Spawn(there.ID(), "Counter::new", r.ID(), 41)
		w.ok(err)
		if node, name := codec.SplitPortID(id); node != there.ID() || name == "" {
			t.Errorf("spawned %q", id)
		}
		w.ok(here.Send(id, "next")) // right away
		w.ok(here.Send(id, "unknown to a port whose first receiver is a tag"))
		w.ok(here.Send(id, "next"))
		r.gets(`["born", "`+id+`"]`, "[42]", "[43]")
	})
}

func TestAHandlersSpawnRunsAfterItReturned(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		returned, ran := false, false
		there.Register("f", func(self *kernel.Context, _ codec.Message) { ran = returned })
		here.do(func(self *kernel.Context) {
			_, err := self.Spawn(there.ID(), "f")
			w.ok(err)
			returned = true
		})
		w.until("the function", func() bool { return ran })
	})
}

func TestAMonitorToldOfAFailedSpawnGetsTheRealReason(t *testing.T) {
	for name, c := range map[string]struct{ function, reason string }{
		"it panics":      {"panics", `["die", "on purpose"]`},
		"it ends itself": {"ends", `["enough", 3]`},
		"unknown":        {"No::such", `["die", "no such function 'No::such'"]`},
	} {
		t.Run(name, func(t *testing.T) {
			places(t, func(t *testing.T, here, there *machine) {
				w := here.w
				there.Register("panics", func(*kernel.Context, codec.Message) { panic(meant) })
				there.Register("ends", func(self *kernel.Context, _ codec.Message) { self.Die("enough", 3) })
				id, err := here.Spawn(there.ID(), c.function)
				w.ok(err)
				early, _ := here.monitor(id)
				early.is(c.reason)
				late, _ := here.monitor(id) // long after its death
				late.is(c.reason)
			})
		})
	}
}

func TestASecureNodeRefusesFunctionsAndSaysSo(t *testing.T) {
	secure := func(o *kernel.Options) { o.Secure = true }
	w := newWorld(t)
	a, b := w.linked(2, secure)
	called := false
	f := func(*kernel.Context, codec.Message) { called = true }
	a.Register("f", f)
	b.Register("f", f)
	for _, to := range []*machine{a, b} {
		id, err := a.Spawn(to.ID(), "f")
		w.ok(err)
		v, _ := a.monitor(id)
		v.is(`["die", "spawn refused: node is secure"]`)
		w.ok(a.Send(to.ID(), "f", 1))
	}
	w.settle()
	if called {
		t.Error("it was called")
	}
	if len(b.log.find("request refused: secure", "")) != 1 {
		t.Error("a refused request isn't logged")
	}
	r := a.recorder()
	w.ok(a.Send("b", "can", "f", r.ID()))
	w.ok(a.Send("b", "can", "AnyEvent::MP::_spawn", r.ID()))
	w.ok(a.Send("b", "can", "snd", r.ID()))
	r.gets("[true]", "[false]", "[true]")
}

func TestASpawnThatCantBeIsAnErrorOrALoggedRefusal(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2, func(o *kernel.Options) { o.MaxPorts = 2 })
	var bad *kernel.IDError
	for _, node := range []string{"", "a;b", "a#b"} {
		if _, err := a.Spawn(node, "f"); !errors.As(err, &bad) {
			t.Errorf("on %q: %v", node, err)
		}
	}
	if _, err := a.Spawn("b", "f", make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	if _, err := a.Spawn("a", "f", make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	a.Register("f", func(self *kernel.Context, _ codec.Message) { self.OnDefault(func(*kernel.Context, codec.Message) {}) })
	r := a.raw().perl("b")
	const spawn = "AnyEvent::MP::_spawn"
	before := a.drops().Ignored
	r.send("", spawn)
	r.send("", spawn, "name")
	r.send("", spawn, "", "f")
	r.send("", spawn, "na#me", "f")
	r.send("", spawn, strings.Repeat("n", 256), "f")
	r.send("", spawn, nil, "f")
	r.expectNothing("b")
	if n := a.drops().Ignored - before; n != 6 {
		t.Errorf("%d of 6 counted", n)
	}
	r.send("", spawn, "one", "f")
	r.send("", spawn, "one", "f") // its name is in use: nothing happens to the first
	r.send("", spawn, "two", "f") // one port too many
	r.send("", "mon1", "two")
	r.expectMatch(func(s string) bool { return strings.HasPrefix(s, ` ["kil0", "two", "overload", "too many`) }, "a refusal")
	r.send("", "mon1", "one")
	r.expectNothing("b")
	if len(a.log.find("spawn refused", "")) == 0 {
		t.Error("not logged")
	}
	r.send("", "kil1", "one")
	r.expect(` ["kil0", "one"]`)
}

func TestAFunctionIsCalledAsARequestAndForgotten(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	r := a.recorder()
	b.Register("Log::it", func(self *kernel.Context, m codec.Message) {
		if self.Port() != nil || self.ID() != "b" {
			t.Error("it belongs to a port")
		}
		w.ok(self.Send(r.ID(), m.String()))
	})
	w.ok(a.Send("b", "Log::it", 1, "x"))
	r.gets(`["[1, \"x\"]"]`)
	w.ok(b.Send("b", "Log::it", 2))
	r.gets(`["[2]"]`)
	w.ok(a.Send("b", "can", "Log::it", r.ID()))
	r.gets("[true]")
	b.Register("Log::it", nil)
	w.ok(a.Send("b", "Log::it", 3))
	w.ok(a.Send("b", "can", "Log::it", r.ID()))
	r.gets("[false]")
	if b.drops().Ignored != 1 || len(b.log.find("no such function", "")) != 1 {
		t.Error("an unknown function isn't counted and logged")
	}
	b.Register("bad", func(*kernel.Context, codec.Message) { panic(meant) })
	w.ok(a.Send("b", "bad"))
	w.until("a log line", func() bool { return len(b.log.find("callback failed", meant)) == 1 })
}
