package kernel

import (
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// Whoever monitors a port that has just died gets what that has sent before he learns of it,
// wherever the two live.
func TestAMonitorOfADeadPortFiresBehindItsMessages(t *testing.T) {
	for _, c := range []struct{ dying, watching int }{{0, 0}, {0, 1}, {1, 0}, {1, 1}} {
		w := sim.New(sim.Options{Seed: 1})
		t.Cleanup(w.Close)
		o := Options{}
		o.Links.Node, o.Links.Secret = "a", []byte("s")
		n, err := New(w.Host("a").Group(2), o)
		if err != nil {
			t.Fatal(err)
		}
		port := func(shard int, name string, f Handler) *Port {
			p, err := n.newPort(n.shards[shard], name, func(p *Port) { p.fallback = f })
			if err != nil {
				t.Fatal(err)
			}
			return p
		}
		var got []string
		dying := port(c.dying, "dying", func(*Context, codec.Message) {})
		watching := port(c.watching, "watching", func(_ *Context, m codec.Message) {
			got = append(got, m.At(0).String())
		})
		// In one moment the one sends and dies, and the other one asks for it.
		n.shards[c.dying].loop.Post(loop.Func(func() {
			for i := range 3 {
				if err := dying.ctx.Send("a#watching", i); err != nil {
					t.Error(err)
				}
			}
			dying.die(Reason{})
			ask := func() {
				if _, err := watching.ctx.Monitor("a#dying", func(*Context, Reason) { got = append(got, "died") }); err != nil {
					t.Error(err)
				}
			}
			if c.dying == c.watching {
				ask()
				return
			}
			n.shards[c.watching].loop.Post(loop.Func(ask)) // before its inbox is drained, which is woken when the turn ends
		}))
		if !w.RunUntil(time.Second, func() bool { return len(got) == 4 }) {
			t.Fatalf("%+v: %v", c, got)
		}
		if want := []string{"0", "1", "2", "died"}; !slices.Equal(got, want) {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
