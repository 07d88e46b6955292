package main

import (
	"context"
	"testing"

	"github.com/aemp-go/aemp"
)

// subscribers asks a clock how many it has.
func subscribers(ctx context.Context, t *testing.T, node *aemp.Node) int64 {
	t.Helper()
	m, err := node.Call(ctx, node.ID()+"#clock", "count")
	if err != nil {
		t.Fatal(err)
	}
	args := m.Args()
	return args.Int()
}

func TestAClockForgetsWhoHasHadEnough(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node, _ := library(t, "lib")
	p, err := node.NewNamedPort("clock")
	if err != nil {
		t.Fatal(err)
	}
	c := newClock(p)
	p.On("count", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		self.Send(args.Text(), len(c.subscribers))
	})
	box, err := node.NewMailbox()
	if err != nil {
		t.Fatal(err)
	}
	tell := func(args ...any) {
		t.Helper()
		if err := node.Send(p.ID(), args...); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		does string
		args []any
		want int64
	}{
		{"subscribe", []any{box.ID()}, 1},
		{"subscribe", []any{box.ID(), 3600}, 1},
		{"subscribe", []any{""}, 1},
		{"unsubscribe", []any{"x#y"}, 1},
		{"unsubscribe", []any{box.ID()}, 0},
		{"subscribe", []any{box.ID(), 0.5}, 1},
		{"subscribe", []any{box.ID(), "often"}, 0},
		{"subscribe", []any{box.ID()}, 1},
	} {
		tell(append([]any{step.does}, step.args...)...)
		if got := subscribers(ctx, t, node); got != step.want {
			t.Fatalf("%d subscribers instead of %d after %s %v", got, step.want, step.does, step.args)
		}
	}
	box.Kill()
	for subscribers(ctx, t, node) != 0 {
		if ctx.Err() != nil {
			t.Fatal("it ticks for a dead port")
		}
	}
}

func TestAClockHasRoomForSoManySubscribers(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	node, _ := library(t, "lib")
	p, err := node.NewNamedPort("clock")
	if err != nil {
		t.Fatal(err)
	}
	newClock(p)
	for i := range maxSubscribers + 1 {
		box, err := node.NewMailbox()
		if err != nil {
			t.Fatal(err)
		}
		if err := node.Send(p.ID(), "subscribe", box.ID(), 3600); err != nil {
			t.Fatal(err)
		}
		m, err := box.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		tag, _ := m.Tag()
		if full := string(tag) != "tick"; full != (i == maxSubscribers) {
			t.Fatalf("subscriber %d gets %v", i, m)
		}
	}
}
