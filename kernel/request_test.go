package kernel_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// Requests are asked by an original on the link, by a port of the node and by a goroutine.

func TestNodeRequestsAreAnswered(t *testing.T) {
	for _, c := range []struct {
		request []any // %s: where the answer goes
		answer  string
	}{
		{[]any{"snd", "%s", "hello", 1, nil}, `["hello", 1, null]`},
		{[]any{"snd", "%s"}, `[]`},
		{[]any{"can", "mon1", "%s", "x"}, `["x", true]`},
		{[]any{"can", "AnyEvent::MP::_spawn", "%s"}, `[true]`},
		{[]any{"can", "nothing", "%s", 1}, `[1, false]`},
		{[]any{"can", "", "%s"}, `[false]`},
		{[]any{"eval", "exit", "%s", "x"}, `["x", "eval: not supported by this node"]`},
	} {
		t.Run(fmt.Sprint(c.request), func(t *testing.T) {
			w := newWorld(t)
			a, b := w.linked(2)
			r := b.recorder()
			request := make([]any, len(c.request))
			for i, v := range c.request {
				if request[i] = v; v == "%s" {
					request[i] = r.ID()
				}
			}
			w.ok(b.Send("a", request...))
			r.gets(c.answer)
			w.ok(b.Send("b", request...))
			r.gets(c.answer)
			b.do(func(self *kernel.Context) { w.ok(self.Send("b", request...)) })
			r.gets(c.answer)
			b.do(func(self *kernel.Context) { w.ok(self.Send("a", request...)) })
			r.gets(c.answer)
			if a.log.find("request failed", "") != nil {
				t.Error("logged")
			}
		})
	}
}

func TestTheTimeIsThatOfTheDay(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(1)
	var got float64
	r := b.port(func(_ *kernel.Context, m codec.Message) {
		args := m.Args()
		if args.Text() == "at" {
			got = args.Float()
		}
	})
	w.ok(b.Send("a", "time", r.ID(), "at"))
	w.until("the time", func() bool { return got != 0 })
	now := float64(a.Loop().Wall().UnixNano()) / 1e9
	if d := now - got; d < 0 || d > 1 {
		t.Errorf("%f at %f", got, now)
	}
}

func TestRequestsThatMeanNothingDoNothing(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	check := a.healthy()
	r := a.raw().perl("b")
	for _, request := range [][]any{
		{}, {""}, {"", 1}, {"devnull"}, {"devnull", 1, "x"}, {nil}, {5}, {[]any{}}, {map[string]any{"x": 1}},
		{"g_slave"}, {"g_slave", map[string]any{}}, {"g_global"}, {"g_set", 1}, {"g_upd", "f"}, {"g_find", "x"},
		{"g_found", "x", nil}, {"g_db_family", "f", 1}, {"g_reply", 1, 2}, {"g_mon1", "f"}, {"g_chg1"}, {"g_chg2"}, {"g_mon0"},
	} {
		r.send("", request...)
	}
	r.expectNothing("b")
	if n := a.drops().Ignored; n != 0 {
		t.Errorf("%d of them counted as nonsense", n)
	}
	nonsense := [][]any{
		{"snd"}, {"snd", ""}, {"snd", nil}, {"snd", []any{}}, {"snd", "#x"}, {"snd", "no;de#x", 1},
		{"can"}, {"can", "x"}, {"can", "x", ""}, {"can", nil, nil}, {"time"}, {"time", ""}, {"time", map[string]any{}},
		{"eval", "x", ""}, {"kil1"}, {"kil1", ""}, {"kil1", "", "reason"}, {"kil1", nil}, {"kil1", []any{}},
		{"no such function"}, {"g"}, {"g_"},
	}
	for _, request := range nonsense {
		r.send("", request...)
	}
	r.send("", "kil1", "unknown", "x") // no nonsense, but no port either
	r.send("", "eval", "x")            // nobody to answer
	r.send("", "snd", "a#nobody", 1)
	r.expectNothing("b")
	if n := a.drops().Ignored; int(n) != len(nonsense) {
		t.Errorf("%d of %d counted", n, len(nonsense))
	}
	check()
}

func TestAKil1KillsAPortButNeverTheNodesOwn(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b")
	p := a.port(nil)
	_, name := codec.SplitPortID(p.ID())
	v, _ := a.monitor(p.ID())
	r.send("", "kil1", "", "die", "bad")
	r.send("", "kil1", name, "die", "bad")
	v.is(`["die", "bad"]`)
	echo := a.recorder()
	w.ok(a.Send("a", "snd", echo.ID(), "alive"))
	echo.gets(`["alive"]`)
}

func TestAKillOfANodeIsRefusedAndNeverSent(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b")
	for _, target := range []string{"b", "b#", "a", "", "#", "bad;id#x"} {
		if err := a.Kill(target, "x"); err == nil {
			t.Errorf("%q killed", target)
		}
		a.do(func(self *kernel.Context) {
			if err := self.Kill(target, "x"); err == nil {
				t.Errorf("%q killed", target)
			}
		})
	}
	r.expectNothing("b")
	w.ok(a.Kill("b#p", "bad", 1))
	a.do(func(self *kernel.Context) { w.ok(self.Kill("b#q")) })
	got := r.expectMatch(func(s string) bool { return strings.HasPrefix(s, ` ["kil1", `) }, "kil1")
	if got == ` ["kil1", "q"]` {
		r.expect(` ["kil1", "p", "bad", 1]`)
	} else {
		r.expect(` ["kil1", "q"]`)
	}
	w.ok(a.Kill("a#nobody"))
	p := a.port(nil)
	a.do(func(self *kernel.Context) { w.ok(self.Kill(p.ID(), "why")) })
	w.until("its death", func() bool { return !p.Alive() })
}
