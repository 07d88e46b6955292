package kernel_test

import (
	"context"
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

// What the benchmarks send: a tag, a number above 255, 32 octets of text, none of
// them known when the program is compiled.
var (
	benchTag  = string([]byte("tag"))
	benchText = string([]byte("0123456789abcdef0123456789abcdef"))
)

func startLoops(b testing.TB, n int) *reactor.Group {
	g, err := reactor.Start(reactor.Options{Loops: n, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { g.Close() })
	return g
}

func startNode(b testing.TB, g loop.Group, id string, framing codec.Framing, set ...func(*kernel.Options)) *kernel.Node {
	o := kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte("bench"), Extensions: true, Framings: []codec.Framing{framing}},
		Logger: slog.New(slog.DiscardHandler),
	}
	for _, f := range set {
		f(&o)
	}
	n, err := kernel.New(g, o)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		n.Close(ctx)
	})
	return n
}

// connect makes b reachable for a.
func connect(t testing.TB, a, b *kernel.Node) {
	type result struct {
		addrs []netip.AddrPort
		err   error
	}
	done := make(chan result, 1)
	b.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(addrs []netip.AddrPort, err error) {
		done <- result{addrs, err}
	})
	r := <-done
	if r.err != nil {
		t.Fatal(r.err)
	}
	a.SetAddresses(b.ID(), r.addrs...)
}

// countdown is a port that reads what it gets and tells when it has got so many.
type countdown struct {
	port *kernel.Port
	left int
	sum  uint64
	done chan struct{}
}

func newCountdown(b testing.TB, n *kernel.Node) *countdown {
	p, err := n.NewPort()
	if err != nil {
		b.Fatal(err)
	}
	c := &countdown{port: p, done: make(chan struct{}, 1)}
	p.On("tag", func(self *kernel.Context, m codec.Message) {
		args := m.Args()
		c.add(args.Int(), args.TextBytes())
	})
	p.On("expect", func(self *kernel.Context, m codec.Message) {
		n, err := m.At(0).Int()
		if err != nil {
			panic(err)
		}
		if c.left += int(n); c.left == 0 {
			c.done <- struct{}{}
		}
	})
	return c
}

func (c *countdown) add(i int64, text []byte) {
	c.sum += uint64(i) + uint64(text[len(text)-1])
	if c.left--; c.left == 0 {
		c.done <- struct{}{}
	}
}

// run has each of b.N messages sent and waits until they have arrived.
func (c *countdown) run(b *testing.B, send func(i int) error) {
	b.Helper()
	warm := 100000
	for i := range warm {
		if err := send(i); err != nil {
			b.Fatal(err)
		}
	}
	c.wait(b, warm)
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := send(i + 1000); err != nil {
			b.Fatal(err)
		}
	}
	c.wait(b, b.N)
}

func (c *countdown) wait(b *testing.B, n int) {
	if err := c.port.Node().Send(c.port.ID(), "expect", n); err != nil {
		b.Fatal(err)
	}
	select {
	case <-c.done:
	case <-time.After(30 * time.Second):
		b.Fatal("messages are missing")
	}
}

func BenchmarkSendToLocalPort(b *testing.B) {
	g := startLoops(b, 1)
	n := startNode(b, g, "a", codec.Msgpack)
	c := newCountdown(b, n)
	id := c.port.ID()
	c.run(b, func(i int) error { return n.Send(id, benchTag, i, benchText) })
}

// A handler that sends to a port on its own loop, or on the other one, a thousand
// messages for each that it gets.
func BenchmarkSendFromHandler(b *testing.B) {
	for _, loops := range []int{1, 2} {
		name := map[int]string{1: "same loop", 2: "across loops"}[loops]
		b.Run(name, func(b *testing.B) {
			n := startNode(b, startLoops(b, loops), "a", codec.Msgpack)
			c := newCountdown(b, n)
			from, err := n.NewPort() // ports take turns among the loops
			if err != nil {
				b.Fatal(err)
			}
			id := c.port.ID()
			from.On("more", func(self *kernel.Context, m codec.Message) {
				left, _ := m.At(0).Int()
				for i := range min(1000, left) {
					if err := self.Send(id, benchTag, i+1000, benchText); err != nil {
						panic(err)
					}
				}
				if left > 1000 {
					if err := self.Send(id, "next", self.ID(), left-1000); err != nil {
						panic(err)
					}
				}
			})
			c.port.On("next", func(self *kernel.Context, m codec.Message) {
				args := m.Args()
				if err := self.Send(args.Text(), "more", args.Int()); err != nil {
					panic(err)
				}
			})
			for _, k := range []int{100000, b.N} {
				if k == b.N {
					b.ReportAllocs()
					b.ResetTimer()
				}
				if err := n.Send(from.ID(), "more", k); err != nil {
					b.Fatal(err)
				}
				c.wait(b, k)
			}
		})
	}
}

func BenchmarkSendToNode(b *testing.B) {
	b.Run("TLS/arguments", func(b *testing.B) {
		n, c := remotePair(b, codec.Msgpack, sameCert(b))
		id := c.port.ID()
		c.run(b, func(i int) error { return n.Send(id, benchTag, i, benchText) })
	})
	for _, f := range []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON} {
		b.Run(f.String()+"/arguments", func(b *testing.B) {
			n, c := remotePair(b, f)
			id := c.port.ID()
			c.run(b, func(i int) error { return n.Send(id, benchTag, i, benchText) })
		})
		b.Run(f.String()+"/generated", func(b *testing.B) {
			n, c := remotePair(b, f)
			var got Sample
			c.port.On("tag", nil)
			c.port.On("expect", nil)
			c.port.OnDefault(func(self *kernel.Context, m codec.Message) {
				if m.Len() == 2 { // expect, n
					n, _ := m.At(1).Int()
					if c.left += int(n); c.left == 0 {
						c.done <- struct{}{}
					}
					return
				}
				if err := m.Decode(&got); err != nil {
					panic(err)
				}
				c.add(got.Number, got.Text)
			})
			id := c.port.ID()
			msg := &Sample{Tag: codec.String(benchTag), Text: codec.String(benchText)}
			c.run(b, func(i int) error {
				msg.Number = int64(i)
				return n.SendMsg(id, msg)
			})
		})
	}
}

func remotePair(b *testing.B, f codec.Framing, set ...func(*kernel.Options)) (*kernel.Node, *countdown) {
	n := startNode(b, startLoops(b, 1), "a", f, set...)
	peer := startNode(b, startLoops(b, 1), "b", f, set...)
	connect(b, n, peer)
	return n, newCountdown(b, peer)
}
