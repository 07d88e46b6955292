package aemp_test

import (
	"context"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

// told asks a node, behind some arguments of the asker's.
func told(ctx context.Context, t *testing.T, from *aemp.Node, function string, of string) string {
	t.Helper()
	box := newMailbox(from)
	if err := from.Send(of, function, box.ID(), "mine", 7); err != nil {
		t.Fatal(err)
	}
	m, err := box.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return m.String()
}

func TestEveryNodeTellsAboutTheNetwork(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	nodes := network(t, "a", "b", "c")
	a, b := nodes[0], nodes[1]
	if err := b.DB().Set("jobs", "x", 1); err != nil {
		t.Fatal(err)
	}
	for c, err := range a.DB().Changes(ctx, "'l") {
		if err != nil {
			t.Fatal(err)
		}
		if c.View.Len() == 3 { // then all are there
			break
		}
	}
	for c, err := range a.DB().Changes(ctx, "jobs") {
		if err != nil {
			t.Fatal(err)
		}
		if c.View.Len() == 1 {
			break
		}
	}
	for _, q := range []struct{ function, of, want string }{
		{aemp.PeersFunction, "a", `["mine", 7, "", "b", "c"]`},
		{aemp.FamiliesFunction, "a", `["mine", 7, "", "'g", 1, "'l", 3, "jobs", 1]`},
		{aemp.FamiliesFunction, "b", `["mine", 7, "not a global node"]`},
	} {
		if got := told(ctx, t, b, q.function, q.of); got != q.want {
			t.Errorf("%s of %s: got %s, want %s", q.function, q.of, got, q.want)
		}
	}
}

func TestWhoDoesntSayWhereToAnswerGetsNone(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	a := network(t, "a")[0]
	for _, function := range []string{aemp.PeersFunction, aemp.FamiliesFunction} {
		if err := a.Send("a", function); err != nil {
			t.Fatal(err)
		}
		if err := a.Send("a", function, []any{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.Call(ctx, "a", "time"); err != nil {
		t.Fatal(err)
	}
	if n := a.Stats().Panics; n != 0 {
		t.Errorf("%d panics", n)
	}
}

func TestASecureNodeTellsNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	node, err := aemp.Start(aemp.Config{Node: "s", Binds: []string{}, NoRC: true, Secure: true, LogLevel: "error"})
	if err != nil {
		t.Fatal(err)
	}
	defer node.Close(ctx)
	for _, function := range []string{aemp.PeersFunction, aemp.FamiliesFunction} {
		m, err := node.Call(ctx, "s", "can", function)
		if err != nil {
			t.Fatal(err)
		}
		args := m.Args()
		if args.Bool() {
			t.Errorf("it would run %s", function)
		}
	}
}
