package kernel_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/reactor"
)

// rig is a few nodes on real sockets that share two loops.
type rig struct {
	t     *testing.T
	group *reactor.Group
	addrs map[*kernel.Node]netip.AddrPort
}

func newRig(t *testing.T) *rig {
	g, err := reactor.Start(reactor.Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return &rig{t, g, map[*kernel.Node]netip.AddrPort{}}
}

// node is a new node that listens and knows those made before it.
func (r *rig) node(id string) *kernel.Node {
	r.t.Helper()
	n, err := kernel.New(r.group, kernel.Options{Links: link.Config{Node: id, Secret: []byte("rig"), Extensions: true}})
	if err != nil {
		r.t.Fatal(err)
	}
	type result struct {
		addrs []netip.AddrPort
		err   error
	}
	listening := make(chan result, 1)
	n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(addrs []netip.AddrPort, err error) {
		listening <- result{addrs, err}
	})
	l := <-listening
	if l.err != nil {
		r.t.Fatal(l.err)
	}
	for other, addr := range r.addrs {
		n.SetAddresses(other.ID(), addr)
		other.SetAddresses(n.ID(), l.addrs[0])
	}
	r.addrs[n] = l.addrs[0]
	r.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Close(ctx)
	})
	return n
}

// port is a new port with a handler for everything.
func (r *rig) port(n *kernel.Node, h kernel.Handler) *kernel.Port {
	r.t.Helper()
	p, err := n.NewPort()
	if err != nil {
		r.t.Fatal(err)
	}
	p.OnDefault(h)
	return p
}

// soon gives a channel's next value.
func soon[T any](t *testing.T, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(10 * time.Second):
		t.Fatal("it doesn't come")
	}
	return v
}

func TestACallEndsWhenItsAnswerPortIsKilled(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	p := r.port(b, func(self *kernel.Context, m codec.Message) {
		to, _ := m.At(0).Text()
		self.Kill(to, "refused")
	})
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err := a.Call(ctx, p.ID())
	var reason *kernel.ReasonError
	if !errors.As(err, &reason) || reason.Reason.Kind() != "refused" {
		t.Errorf("of a goroutine: %v", err)
	}
	ended := make(chan error, 1)
	a.Do(func(self *kernel.Context) {
		self.Call(p.ID(), nil, time.Minute, func(_ *kernel.Context, _ codec.Message, err error) { ended <- err })
	})
	if err := soon(t, ended); !errors.As(err, &reason) || reason.Reason.Kind() != "refused" {
		t.Errorf("of a handler: %v", err)
	}
}

func TestACallEndsWhenItsNodeIsClosed(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	called := make(chan struct{}, 1)
	p := r.port(b, func(*kernel.Context, codec.Message) { called <- struct{}{} })
	ended := make(chan error, 1)
	go func() {
		_, err := a.Call(context.Background(), p.ID())
		ended <- err
	}()
	soon(t, called)
	if err := a.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if err := soon(t, ended); err != kernel.ErrClosed {
		t.Error(err)
	}
}

func TestACancelledDialOfASeedIsNotHeardOf(t *testing.T) {
	r := newRig(t)
	a := r.node("a")
	for _, id := range []string{"b", "c", "d", "e", "f", "g"} {
		addr := r.addrs[r.node(id)]
		for wait := range 4 {
			over := make(chan struct{})
			a.Do(func(self *kernel.Context) {
				cancel := a.DialSeed(addr, func(string, error) {})
				self.After(time.Duration(wait)*100*time.Microsecond, func(*kernel.Context) {
					cancel()
					close(over)
				})
			})
			soon(t, over)
		}
	}
}

// cursed is an error that can't even be printed.
type cursed struct{}

func (cursed) Error() string { panic("nor can this") }

func TestAPanicWithAnErrorThatPanicsHarmsNobodyElse(t *testing.T) {
	r := newRig(t)
	a := r.node("a")
	victim := r.port(a, func(*kernel.Context, codec.Message) { panic(cursed{}) })
	died := make(chan kernel.Reason, 1)
	if _, err := a.Monitor(victim.ID(), func(_ *kernel.Context, r kernel.Reason) { died <- r }); err != nil {
		t.Fatal(err)
	}
	got := make(chan int, 10)
	other := r.port(a, func(_ *kernel.Context, m codec.Message) { i, _ := m.At(0).Int(); got <- int(i) })
	sent := make(chan struct{})
	a.Do(func(self *kernel.Context) { // one batch
		self.Send(other.ID(), 1)
		self.Send(victim.ID())
		self.Send(other.ID(), 2)
		close(sent)
	})
	soon(t, sent)
	if r := soon(t, died); r.Kind() != kernel.ReasonDie {
		t.Error(r)
	}
	if i, j := soon(t, got), soon(t, got); i != 1 || j != 2 {
		t.Error(i, j)
	}
}
