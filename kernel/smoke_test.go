package kernel_test

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/reactor"
)

func TestSmoke(t *testing.T) {
	g, err := reactor.Start(reactor.Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	mk := func(id string) *kernel.Node {
		n, err := kernel.New(g, kernel.Options{Links: link.Config{Node: id, Secret: []byte("x"), Extensions: true}, Logger: slog.New(slog.NewTextHandler(os.Stderr, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	a, b := mk("a"), mk("b")
	ch := make(chan []netip.AddrPort, 1)
	b.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(as []netip.AddrPort, err error) {
		if err != nil {
			t.Error(err)
		}
		ch <- as
	})
	addr := (<-ch)[0]
	a.SetAddresses("b", addr)
	p, _ := b.NewPort()
	p.On("add", func(self *kernel.Context, m codec.Message) {
		r := m.Args()
		x, y, to := r.Int(), r.Int(), r.Text()
		self.Send(to, x+y)
	})
	ctx, c := context.WithTimeout(context.Background(), 5*time.Second)
	defer c()
	m, err := a.Call(ctx, p.ID(), "add", 3, 4)
	t.Log(m, err)
	_, err = a.Call(ctx, p.ID(), "foo", 3, 4)
	t.Log(err)
	_, err = a.Call(ctx, "zz#foo", "foo", 3, 4)
	t.Log(err)
	m, err = a.Call(ctx, "b", "time", p.ID())
	t.Log(m, err)
	t.Logf("%+v", a.Stats())
	t.Log(a.Close(ctx), b.Close(ctx), g.Close())
}
