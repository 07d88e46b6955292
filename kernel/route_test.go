package kernel

import (
	"fmt"
	"testing"

	"github.com/aemp-go/aemp/loop/sim"
)

func TestARouteLeadsWhereTheTwoLookUpsLead(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	defer w.Close()
	o := Options{}
	o.Links.Node, o.Links.Secret, o.Links.Extensions = "a", []byte("s"), true
	n, err := New(w.Host("a").Group(2), o)
	if err != nil {
		t.Fatal(err)
	}
	for round := range 3 {
		for i := range 500 { // more than there are slots
			to := fmt.Sprintf("node%d#port%d", i%7, i)
			_, p, port, err := n.destination(to)
			if err != nil || p == nil || p.id != fmt.Sprintf("node%d", i%7) || port != fmt.Sprintf("port%d", i) {
				t.Fatalf("round %d: %s leads to %v %q, %v", round, to, p, port, err)
			}
		}
	}
	for _, to := range []string{"a", "a#", "a#p", "b", "#", ""} {
		local, p, port, err := n.destination(to)
		localAgain, q, again, errAgain := n.destination(to)
		if local != localAgain || p != q || port != again || (err == nil) != (errAgain == nil) {
			t.Errorf("%q leads to %v %q %v, then to %v %q %v", to, p, port, err, q, again, errAgain)
		}
	}
}

func TestARouteToARetiredPeerIsForgotten(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	defer w.Close()
	o := Options{}
	o.Links.Node, o.Links.Secret, o.Links.Extensions = "a", []byte("s"), true
	g := w.Host("a").Group(1)
	n, err := New(g, o)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		// Nobody knows where b is: its peer is retired as soon as that is clear.
		if err := n.TrySend("b#p", 1); err != nil {
			t.Fatal(err)
		}
		w.RunUntil(w.Now()+1e9, func() bool { return n.peers.get("b") == nil })
		if n.peers.get("b") != nil {
			t.Fatal("it isn't retired")
		}
	}
}

func TestARouteToAPortThatDiedIsForgotten(t *testing.T) {
	w := sim.New(sim.Options{Seed: 1})
	defer w.Close()
	o := Options{}
	o.Links.Node, o.Links.Secret, o.Links.Extensions = "a", []byte("s"), true
	n, err := New(w.Host("a").Group(1), o)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 { // its name is used again
		p, err := n.NewNamedPort("p")
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if to, _, _, err := n.destination("a#p"); to != p || err != nil {
				t.Fatalf("it leads to %v, %v", to, err)
			}
		}
		p.Kill()
		w.RunUntil(w.Now()+1e9, func() bool { return !p.Alive() })
		if to, _, _, err := n.destination("a#p"); to != nil || err != nil {
			t.Fatalf("it leads to %v, %v", to, err)
		}
	}
}
