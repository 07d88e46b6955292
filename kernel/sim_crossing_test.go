package kernel

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/simrun"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// crossing is a way in which two nodes may dial each other at the same moment. Each
// letter is an address that a node has of the other: g(ood), b(lack hole),
// r(efused), w(rong node).
type crossing struct {
	name   string
	a, b   string
	perl   string        // the node that plays the original
	tls    bool          // both have a certificate
	back   time.Duration // most latency from b to a; 0: as there
	bLater time.Duration // b has something to send only then
	loops  int           // of each node
}

var crossings = []crossing{
	{name: "both know each other", a: "ggg", b: "ggg", loops: 1},
	{name: "several loops", a: "ggg", b: "ggg", loops: 3},
	{name: "the first address is a black hole", a: "bgg", b: "bgg", loops: 2},
	{name: "the first address refuses", a: "rgg", b: "rgg", loops: 2},
	{name: "another node is at the first address", a: "wgg", b: "wgg", loops: 2},
	{name: "only the last is good", a: "rbg", b: "brg", loops: 2},
	{name: "the lower plays the original", a: "ggg", b: "ggg", perl: "a", loops: 2},
	{name: "the higher plays the original", a: "ggg", b: "ggg", perl: "b", loops: 2},
	{name: "one way is slow", a: "ggg", b: "ggg", back: 400 * time.Millisecond, loops: 2},
	{name: "under TLS", a: "ggg", b: "ggg", tls: true, loops: 2},
	{name: "only one knows the other", a: "ggg", b: "", bLater: 20 * time.Second, loops: 2},
}

const (
	crossingRuns  = 10000
	crossingsMet  = crossingRuns / 2 // at least
	crossingSends = 20               // messages each way
)

func TestCrossingConnectsBecomeOneLinkAndLoseNothing(t *testing.T) {
	var crossed, runs atomic.Int64
	each := crossingRuns/len(crossings) + 1
	for i, x := range crossings {
		before := crossed.Load()
		for r := range simrun.Run(uint64(1+i*each), each, 0, func(seed uint64) result {
			wrong, met := x.run(seed)
			runs.Add(1)
			if met {
				crossed.Add(1)
			}
			return result{seed: seed, report: wrong}
		}) {
			if r.report != "" {
				t.Errorf("%s, seed %d: %s", x.name, r.seed, r.report)
			}
		}
		t.Logf("%s: crossed %d times in %d runs", x.name, crossed.Load()-before, each)
	}
	t.Logf("in %d of %d runs one side had proved itself on two connections", crossed.Load(), runs.Load())
	if crossed.Load() < crossingsMet {
		t.Errorf("only %d crossings", crossed.Load())
	}
}

// side is one of the two nodes.
type side struct {
	n        *Node
	addr     []netip.AddrPort
	port     *Port
	got      int
	ups      int
	downs    int
	failures int
	crossed  bool
	wrong    string
}

func (x *crossing) run(seed uint64) (wrong string, crossed bool) {
	latency := 100 * time.Millisecond
	w := sim.New(sim.Options{Seed: seed, MinLatency: latency / 2, MaxLatency: latency})
	defer w.Close()
	a, b, c := x.side(w, "a"), x.side(w, "b"), x.side(w, "c")
	if x.back > 0 {
		w.Link(w.Host("b"), w.Host("a")).SetLatency(x.back/2, x.back)
	}
	w.Run(time.Second)
	a.n.SetAddresses("b", addresses(x.a, b.addr, c.addr)...)
	b.n.SetAddresses("a", addresses(x.b, a.addr, c.addr)...)
	start := func(from, to *side, d time.Duration) {
		w.After(d, func() {
			for i := range crossingSends {
				if err := from.n.TrySend(to.port.ID(), i); err != nil {
					from.wrong = err.Error()
				}
			}
		})
	}
	moment := func() time.Duration { return time.Duration(w.Rand().Int64N(int64(20 * time.Millisecond))) }
	start(a, b, moment())
	start(b, a, x.bLater+moment())
	w.Run(31*time.Second + 20*time.Second)
	for _, s := range []*side{a, b} {
		other := "b"
		if s == b {
			other = "a"
		}
		if wrong := s.check(other); wrong != "" {
			return fmt.Sprintf("node %s: %s", s.n.id, wrong), false
		}
	}
	if len(w.Panics) > 0 {
		return w.Panics[0].Error(), false
	}
	return "", a.crossed || b.crossed
}

func (x *crossing) side(w *sim.World, id string) *side {
	s := &side{}
	host := w.Host(id)
	o := Options{
		Links: link.Config{Node: id, Secret: []byte("geheim"), Extensions: x.perl != id},
		trace: &trace{
			onAccepted: func(*peer, uint64, bool, []byte) {},
			onFailing:  func(*peer) { s.failures++ },
			onIdle:     func(*peer) {},
			onDied:     func(*Port) {},
			onProved: func(c *conn) {
				for _, other := range c.peer.conns {
					s.crossed = s.crossed || other != c && other.link.Proved()
				}
			},
		},
	}
	if x.perl == id {
		o.Links.Framings = []codec.Framing{codec.CBOR, codec.JSON}
	}
	if x.tls {
		o.Links.Identity = &loop.Identity{Model: "net"}
	}
	n, err := New(host.Group(x.loops), o)
	if err != nil {
		panic(err)
	}
	s.n = n
	for i := range 3 {
		s.addr = append(s.addr, netip.AddrPortFrom(host.Addr(), uint16(4040+i)))
	}
	n.Listen(s.addr, func(_ []netip.AddrPort, err error) {
		if err != nil {
			panic(err)
		}
	})
	n.WatchNodes(func(_ string, up bool) {
		if up {
			s.ups++
		} else {
			s.downs++
		}
	})
	if s.port, err = n.NewPort(); err != nil {
		panic(err)
	}
	s.port.OnDefault(func(_ *Context, m codec.Message) {
		if i, err := m.At(0).Int(); err != nil || int(i) != s.got {
			s.wrong = fmt.Sprintf("message %v comes after %d messages", m, s.got)
		}
		s.got++
	})
	return s
}

// addresses makes what a crossing's letters stand for.
func addresses(letters string, good, wrong []netip.AddrPort) []netip.AddrPort {
	var all []netip.AddrPort
	for i, kind := range letters {
		switch kind {
		case 'g':
			all = append(all, good[i])
		case 'b':
			all = append(all, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), uint16(4040+i)))
		case 'r':
			all = append(all, netip.AddrPortFrom(good[i].Addr(), 9))
		case 'w':
			all = append(all, wrong[i])
		}
	}
	return all
}

func (s *side) check(other string) string {
	p := s.n.peers.get(other)
	switch {
	case s.wrong != "":
		return s.wrong
	case s.got != crossingSends:
		return fmt.Sprintf("got %d of %d messages", s.got, crossingSends)
	case s.ups != 1 || s.downs != 0:
		return fmt.Sprintf("%d node-ups and %d node-downs", s.ups, s.downs)
	case s.failures != 0:
		return fmt.Sprintf("%d losses or failed attempts", s.failures)
	case p.live == nil || len(p.conns) != 1:
		return fmt.Sprintf("%d connections in the end", len(p.conns))
	}
	return ""
}
