package kernel

import (
	"net/netip"
	"testing"
	"time"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// A drain is a connection that takes everything.
type drain struct {
	loop.Conn
	l      loop.Loop
	octets int
}

func (d *drain) Loop() loop.Loop { return d.l }

func (d *drain) Offer(p []byte) int {
	d.octets += len(p)
	return len(p)
}

func (d *drain) Blocked() bool { return false }
func (d *drain) Buffered() int { return 0 }

func (d *drain) Swap(p []byte) []byte {
	d.octets += len(p)
	return p[:0]
}

// A clock stands at a moment when the link has been quiet for long.
type clock struct{ loop.Loop }

func (clock) Now() time.Duration { return time.Hour }

func hotNode(b *testing.B) (*Node, *peer) {
	n, _ := benchNode(b)
	p, err := n.peerFor("b")
	if err != nil {
		b.Fatal(err)
	}
	p.up.Store(true)
	return n, p
}

// What a goroutine does for a message to another node, but for the system's write.
func BenchmarkSendSide(b *testing.B) {
	text := string(make([]byte, 32))
	b.Run("arguments", func(b *testing.B) {
		sendSide(b, func(n *Node, i int) error { return n.Send("b#sum", "tag", int64(i), text) })
	})
	b.Run("generated", func(b *testing.B) {
		t := &told{text: []byte(text)}
		sendSide(b, func(n *Node, i int) error {
			t.number = int64(i)
			return n.SendTagged("b#sum", "tag", t)
		})
	})
}

// told is what generated code makes of a tuple of a number and a text.
type told struct {
	number int64
	text   codec.String
}

func (t *told) MarshalMsg(b []byte) ([]byte, error) {
	b = append(msgp.Require(b, 1+msgp.Int64Size+t.text.Msgsize()), 0x92)
	return t.text.MarshalMsg(msgp.AppendInt64(b, t.number))
}

func (t *told) UnmarshalMsg(b []byte) ([]byte, error) {
	n, b, err := msgp.ReadArrayHeaderBytes(b)
	if err != nil {
		return b, err
	}
	if n != 2 {
		return b, msgp.ArrayError{Wanted: 2, Got: n}
	}
	if t.number, b, err = msgp.ReadInt64Bytes(b); err != nil {
		return b, err
	}
	return t.text.UnmarshalMsg(b)
}

func sendSide(b *testing.B, message func(n *Node, i int) error) {
	n, p := hotNode(b)
	d := &drain{l: clock{p.shard.loop}}
	if err := p.out.Up(d, codec.Msgpack); err != nil {
		b.Fatal(err)
	}
	send := func(i int, text string) {
		if err := n.Send("b#sum", "tag", int64(i), text); err != nil {
			b.Fatal(err)
		}
	}
	// After a large message and a small one the link is busy, and batches form.
	send(0, string(make([]byte, 8<<10)))
	send(0, "")
	if p.out.Flush(d, false) != link.Wait {
		b.Fatal("it doesn't wait for a batch")
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if err := message(n, i); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if d.octets < (b.N-3000)*40 {
		b.Fatalf("%d octets of %d messages", d.octets, b.N)
	}
}

// What a loop does for a message from another node, but for the system's read.
func BenchmarkReceiveSide(b *testing.B) {
	b.Run("arguments", func(b *testing.B) {
		var got sums
		receiveSide(b, &got, func(_ *Context, m codec.Message) {
			args := m.Args()
			i, text := args.Int(), args.TextBytes()
			if args.Err() != nil {
				panic(args.Err())
			}
			got.add(i, text)
		})
	})
	b.Run("generated", func(b *testing.B) {
		var got sums
		var t told
		receiveSide(b, &got, func(_ *Context, m codec.Message) {
			if err := m.Decode(&t); err != nil {
				panic(err)
			}
			got.add(t.number, t.text)
		})
	})
}

// sums is what a handler makes of its messages.
type sums struct {
	count int
	sum   int64
}

func (t *sums) add(i int64, text []byte) {
	t.count++
	t.sum += i + int64(len(text)) + int64(text[0])
}

func receiveSide(b *testing.B, got *sums, handler Handler) {
	w := sim.New(sim.Options{Seed: 1})
	b.Cleanup(w.Close)
	var nodes [2]*Node
	for i, id := range []string{"a", "b"} {
		o := Options{}
		o.Links.Node, o.Links.Secret, o.Links.Extensions, o.Links.Instance = id, []byte("s"), true, id
		n, err := New(w.Host(id).Group(1), o)
		if err != nil {
			b.Fatal(err)
		}
		n.Listen([]netip.AddrPort{netip.AddrPortFrom(w.Host(id).Addr(), 4040)}, func([]netip.AddrPort, error) {})
		nodes[i] = n
	}
	n := nodes[1]
	nodes[0].SetAddresses("b", netip.AddrPortFrom(w.Host("b").Addr(), 4040))
	if err := nodes[0].Send("b#none"); err != nil {
		b.Fatal(err)
	}
	if !w.RunUntil(time.Minute, func() bool { return n.NodeIsUp("a") }) {
		b.Fatal("no link")
	}
	port, err := n.NewNamedPort("sum")
	if err != nil {
		b.Fatal(err)
	}
	port.on("tag", handler)
	var buf []byte
	frames := 0
	for len(buf) < 64<<10 {
		if buf, err = codec.AppendFrameArgs(buf, "sum", codec.DefaultLimits, []any{"tag", 70000 + frames, string(make([]byte, 32))}); err != nil {
			b.Fatal(err)
		}
		frames++
	}
	l := n.peers.get("a").live.link
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += frames {
		l.Data(nil, buf)
	}
	if got.count < b.N {
		b.Fatalf("%d of %d messages", got.count, b.N)
	}
}
