package sim

import (
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// echoer sends back what it gets.
type echoer struct{ loop.NopHandler }

func (echoer) Data(c loop.Conn, p []byte) { c.Write(p) }

// echoWorld has n hosts, each connected to each and sending messages to and fro.
func echoWorld(o Options, n int) (*World, []*Group) {
	w := New(o)
	groups := make([]*Group, n)
	addrs := make([]netip.AddrPort, n)
	for i := range groups {
		groups[i] = w.Host(string(rune('a' + i))).Group(2)
		l := groups[i].Loops()[0]
		addrs[i] = netip.AddrPortFrom(groups[i].Host().Addr(), 4040)
		w.Do(l, func() {
			l.Listen(addrs[i], func(netip.AddrPort) loop.Handler { return echoer{} })
		})
	}
	for i, g := range groups {
		l := g.Loops()[1]
		w.Do(l, func() {
			for _, to := range addrs[:i] {
				l.Dial(to, time.Minute, starter{})
			}
		})
	}
	return w, groups
}

// starter begins the exchange.
type starter struct{ echoer }

func (starter) Open(c loop.Conn) { c.Write(make([]byte, 64)) }

// An event is most often the arrival of octets, their Data call and the answer.
func BenchmarkEchoEvent(b *testing.B) {
	for _, nodes := range []int{2, 8} {
		b.Run(string(rune('0'+nodes))+"nodes", func(b *testing.B) {
			w, _ := echoWorld(Options{}, nodes)
			defer w.Close()
			w.Run(100 * time.Millisecond)
			b.ReportAllocs()
			for b.Loop() {
				w.Step()
			}
			b.ReportMetric(float64(w.Stats.Events)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func BenchmarkPostEvent(b *testing.B) {
	w := New(Options{})
	defer w.Close()
	l := w.Host("a").Group(2).Loops()
	var ping, pong loop.Task
	ping = loop.Func(func() { l[1].Post(pong) })
	pong = loop.Func(func() { l[0].Post(ping) })
	l[0].Post(ping)
	b.ReportAllocs()
	for b.Loop() {
		w.Step()
	}
}

func BenchmarkTimerEvent(b *testing.B) {
	w := New(Options{})
	defer w.Close()
	l := w.Host("a").Group(1).Loops()[0]
	w.Do(l, func() {
		for i := range 1000 {
			var t loop.Timer
			t = l.NewTimer(loop.Func(func() { t.Reset(time.Duration(i) * time.Microsecond) }))
			t.Reset(0)
		}
	})
	b.ReportAllocs()
	for b.Loop() {
		w.Step()
	}
}

// BenchmarkWorld is what a seed costs before anything has happened.
func BenchmarkWorld(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		w, groups := echoWorld(Options{}, 5)
		w.Run(10 * time.Millisecond)
		for _, g := range groups {
			g.Close()
		}
		w.Close()
	}
}
