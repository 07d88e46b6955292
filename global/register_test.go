package global_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
)

func (n *node) port() *kernel.Port {
	n.w.t.Helper()
	p, err := n.NewPort()
	n.w.ok(err)
	return p
}

func TestARegisteredPortIsThereUntilItDies(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	p, q := a.port(), a.port()
	w.ok(a.db.Register("F", p, 1))
	w.ok(a.db.Register("F", q, 1))
	w.ok(a.db.Register("F", p, 2))
	w.ok(a.db.Register("G", p, nil))
	entries := fmt.Sprintf("%s=2 %s=1", p.ID(), q.ID())
	if p.ID() > q.ID() {
		entries = fmt.Sprintf("%s=1 %s=2", q.ID(), p.ID())
	}
	g.has("F", entries)
	g.has("G", p.ID()+"=null")
	p.Kill("on", "purpose")
	g.has("F", q.ID()+"=1")
	g.has("G", "")
}

func TestAPortThatIsDeadAlreadyIsNotRegisteredForLong(t *testing.T) {
	w := newWorld(t)
	g, a, _ := w.hub()
	p := a.port()
	p.Kill()
	w.until("its death", func() bool { return !p.Alive() })
	w.ok(a.db.Register("F", p, 1))
	w.pass(time.Minute)
	g.has("F", "")
}

func TestOnlyPortsOfThisNodeAreRegistered(t *testing.T) {
	w := newWorld(t)
	_, a, b := w.hub()
	var id *kernel.IDError
	if err := a.db.Register("F", b.port(), nil); !errors.As(err, &id) {
		t.Error(err)
	}
	var name *global.NameError
	if err := a.db.Register("1", a.port(), nil); !errors.As(err, &name) {
		t.Error(err)
	}
}

func TestAGroupSendsToItsMembers(t *testing.T) {
	w := newWorld(t)
	g, a, b := w.hub()
	group, err := g.db.Group("workers", global.GroupOptions{Pick: global.RoundRobin})
	w.ok(err)
	if err := group.Send("nobody is there"); !errors.Is(err, global.ErrNoMember) {
		t.Error(err)
	}
	var got []string
	for _, n := range []*node{a, b, g} {
		p := n.port()
		p.OnDefault(func(_ *kernel.Context, m codec.Message) { got = append(got, n.ID()+m.String()) })
		w.ok(n.db.Register("workers", p, nil))
	}
	w.ok(a.db.Set("workers", "no port", nil))
	w.until("three members", func() bool { return len(group.Members()) == 3 })
	for i := range 4 {
		w.ok(group.Send("job", i))
	}
	w.until("four jobs", func() bool { return len(got) == 4 })
	seen := map[byte]int{}
	for _, text := range got {
		seen[text[0]]++
	}
	if len(seen) != 3 {
		t.Error(got)
	}
	got = nil
	w.ok(group.SendAll("all"))
	w.until("three messages", func() bool { return len(got) == 3 })
	b.crash()
	w.until("two members", func() bool { return len(group.Members()) == 2 })
	group.Close()
	a.crash()
	w.pass(time.Minute)
	if n := len(group.Members()); n != 2 {
		t.Errorf("%d members after Close", n)
	}
}

func TestAGroupReportsWhomItCouldntSendTo(t *testing.T) {
	w := newWorld(t)
	g := w.node("g", plan{global: true})
	w.ok(g.db.Register("workers", g.port(), nil))
	group, err := g.db.Group("workers", global.GroupOptions{})
	w.ok(err)
	w.until("a member", func() bool { return len(group.Members()) == 1 })
	var value *codec.ValueError
	if err := group.SendAll(make(chan int)); !errors.As(err, &value) {
		t.Error(err)
	}
	if err := group.Send(make(chan int)); !errors.As(err, &value) {
		t.Error(err)
	}
}
