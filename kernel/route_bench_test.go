package kernel

import (
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop/sim"
)

// The parts of a message's way to its handler, beside the bare things that they are made of.

const benchPorts = 100

func benchNode(b *testing.B) (*Node, [][]byte) {
	w := sim.New(sim.Options{Seed: 1})
	b.Cleanup(w.Close)
	o := Options{}
	o.Links.Node, o.Links.Secret, o.Links.Extensions = "a", []byte("s"), true
	n, err := New(w.Host("a").Group(1), o)
	if err != nil {
		b.Fatal(err)
	}
	names := make([][]byte, benchPorts)
	for i := range names {
		p, err := n.NewPort()
		if err != nil {
			b.Fatal(err)
		}
		names[i] = []byte(p.name)
	}
	return n, names
}

func BenchmarkRoute(b *testing.B) {
	n, names := benchNode(b)
	b.Run("table", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			if n.ports.getBytes(names[i%benchPorts]) == nil {
				b.Fatal("no such port")
			}
		}
	})
	b.Run("reference map", func(b *testing.B) {
		m := map[string]*Port{}
		for _, name := range names {
			m[string(name)] = n.ports.getBytes(name)
		}
		b.ReportAllocs()
		for i := range b.N {
			if m[string(names[i%benchPorts])] == nil {
				b.Fatal("no such port")
			}
		}
	})
}

// From a frame's body to the handler that has read all arguments, beside a bare look-up
// in two maps and the same reading.
func BenchmarkDispatch(b *testing.B) {
	n, names := benchNode(b)
	var sum int64
	read := func(m codec.Message) {
		args := m.Args()
		sum += args.Int() + int64(len(args.TextBytes()))
		if args.Err() != nil {
			panic(args.Err())
		}
	}
	bodies := make([][]byte, benchPorts)
	for i, name := range names {
		n.ports.getBytes(name).on("tag", func(self *Context, m codec.Message) { read(m) })
		frame, err := codec.AppendFrameArgs(nil, string(name), codec.DefaultLimits,
			[]any{"tag", 300 + i, "0123456789abcdef0123456789abcdef"})
		if err != nil {
			b.Fatal(err)
		}
		bodies[i] = frame[4:]
	}
	b.Run("port", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			name, m, err := codec.Split(bodies[i%benchPorts])
			if err != nil {
				b.Fatal(err)
			}
			n.ports.getBytes(name).deliver(m, nil)
		}
	})
	b.Run("reference maps and reading", func(b *testing.B) {
		ports := map[string]map[string]func(codec.Message){}
		for _, name := range names {
			ports[string(name)] = map[string]func(codec.Message){"tag": read}
		}
		b.ReportAllocs()
		for i := range b.N {
			name, m, err := codec.Split(bodies[i%benchPorts])
			if err != nil {
				b.Fatal(err)
			}
			tag, _ := m.Tag()
			ports[string(name)][string(tag)](m.Drop(1))
		}
	})
}
