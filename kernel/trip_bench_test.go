package kernel_test

import (
	"context"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// newEcho is a port that sends what it gets to the port that is named last.
func newEcho(b testing.TB, n *kernel.Node) *kernel.Port {
	p, err := n.NewPort()
	if err != nil {
		b.Fatal(err)
	}
	p.On("tag", func(self *kernel.Context, m codec.Message) {
		args := m.Args()
		i, text, id := args.Int(), args.TextBytes(), args.TextBytes()
		if err := args.Err(); err != nil {
			panic(err)
		}
		if err := self.Reply(id, benchTag, i, text); err != nil {
			panic(err)
		}
	})
	return p
}

func nodePair(b testing.TB) (n, peer *kernel.Node) {
	n = startNode(b, startLoops(b, 1), "a", codec.Msgpack)
	peer = startNode(b, startLoops(b, 1), "b", codec.Msgpack)
	connect(b, n, peer)
	return n, peer
}

// A message there and back, from handler to handler.
func BenchmarkPingPong(b *testing.B) {
	n, peer := nodePair(b)
	echo := newEcho(b, peer).ID()
	p, err := n.NewPort()
	if err != nil {
		b.Fatal(err)
	}
	id, done := p.ID(), make(chan error, 1)
	p.On("tag", func(self *kernel.Context, m codec.Message) {
		args := m.Args()
		if left := args.Int(); left == 0 {
			done <- args.Err()
		} else if err := self.Send(echo, benchTag, left-1, benchText, id); err != nil {
			done <- err
		}
	})
	trips := func(count int) {
		if err := n.Send(id, benchTag, count); err != nil {
			b.Fatal(err)
		}
		if err := <-done; err != nil {
			b.Fatal(err)
		}
	}
	trips(1000)
	b.ReportAllocs()
	b.ResetTimer()
	trips(b.N)
}

// A request and its reply, of which the caller gets a copy.
func BenchmarkCall(b *testing.B) {
	n, echo := calling(b)
	calls(b, func(i int) (codec.Message, error) { return n.Call(context.Background(), echo, benchTag, i, benchText) })
}

// A request and its reply, which the caller borrows.
func BenchmarkCaller(b *testing.B) {
	n, echo := calling(b)
	c := n.NewCaller()
	calls(b, func(i int) (codec.Message, error) { return c.Call(context.Background(), echo, benchTag, i, benchText) })
}

func calling(b *testing.B) (n *kernel.Node, echo string) {
	n, peer := nodePair(b)
	return n, newEcho(b, peer).ID()
}

func calls(b *testing.B, call func(i int) (codec.Message, error)) {
	made := func(count int) {
		for i := range count {
			if _, err := call(i); err != nil {
				b.Fatal(err)
			}
		}
	}
	made(1000)
	b.ReportAllocs()
	b.ResetTimer()
	made(b.N)
}
