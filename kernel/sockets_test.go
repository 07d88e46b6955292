package kernel_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

// A realNode is a node on the machine's loopback, for what needs goroutines that wait,
// or TLS.
type realNode struct {
	*kernel.Node
	t    testing.TB
	log  *logBook
	addr netip.AddrPort
}

// realNodes starts nodes on event loops of their own. They are closed at the end.
func startReal(t testing.TB, id string, set ...func(*kernel.Options)) *realNode {
	t.Helper()
	n := &realNode{t: t, log: &logBook{}}
	g, err := reactor.Start(reactor.Options{Loops: 2, Logger: slog.New(n.log)})
	if err != nil {
		t.Fatal(err)
	}
	o := kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte(secret), Extensions: true},
		Logger: slog.New(n.log),
	}
	for _, f := range set {
		f(&o)
	}
	if n.Node, err = kernel.New(g, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = n.Close(ctx) // the test may have done so
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		for _, l := range n.log.errors() {
			t.Errorf("node %s: %v", id, l)
		}
		if t.Failed() {
			n.log.dump(t)
		}
	})
	type result struct {
		addrs []netip.AddrPort
		err   error
	}
	ready := make(chan result, 1)
	n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(as []netip.AddrPort, err error) { ready <- result{as, err} })
	r := <-ready
	if r.err != nil {
		t.Fatal(r.err)
	}
	n.addr = r.addrs[0]
	return n
}

func withTLS(t testing.TB, pem []byte) func(*kernel.Options) {
	id, err := loop.NewIdentity(pem)
	if err != nil {
		t.Fatal(err)
	}
	return func(o *kernel.Options) { o.Links.Identity = id }
}

// sameCert gives all its nodes one self-signed certificate.
func sameCert(t testing.TB) func(*kernel.Options) { return withTLS(t, testcert.New(t)) }

// linkTo makes a link and waits for it.
func (n *realNode) linkTo(other *realNode) {
	n.t.Helper()
	n.SetAddresses(other.ID(), other.addr)
	if _, err := n.Call(inTime(n.t), other.ID(), "time"); err != nil {
		n.t.Fatal(err)
	}
}

func inTime(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func (n *realNode) raw() *rawPeer {
	n.t.Helper()
	c, err := net.Dial("tcp", n.addr.String())
	if err != nil {
		n.t.Fatal(err)
	}
	return newRawPeer(n.t, c, time.Now)
}

func (n *realNode) mailbox() *kernel.Port {
	n.t.Helper()
	p, err := n.NewMailbox()
	if err != nil {
		n.t.Fatal(err)
	}
	return p
}

func (n *realNode) receive(p *kernel.Port) codec.Message {
	n.t.Helper()
	m, err := p.Receive(inTime(n.t))
	if err != nil {
		n.t.Fatal(err)
	}
	return m
}

// until waits for the next log line until something holds.
func (n *realNode) until(what string, holds func() bool) {
	n.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx := inTime(n.t); !holds(); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			n.t.Fatalf("in vain: %s", what)
		}
	}
}
