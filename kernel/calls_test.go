package kernel

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

func TestAReplyPortsNameIsItsCallsAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Uint64Range(0, 1<<60).Draw(t, "number")
		name := "pre-" + counter(number)
		if got, ok := numberIn("pre-", []byte(name)); !ok || got != number {
			t.Errorf("%s is %d, %v", name, got, ok)
		}
		other := rapid.StringMatching(`(pre-|pr-)[a-zA-C#]{0,16}`).Draw(t, "other")
		if got, ok := numberIn("pre-", other); ok && "pre-"+counter(got) != other {
			t.Errorf("%s is %d, too", other, got)
		}
	})
}

func TestOpenCallsAreFoundByTheirNumbers(t *testing.T) {
	n := &Node{prefix: "pre", maxPorts: 1000}
	rapid.Check(t, func(t *rapid.T) {
		cs := newCalls(n)
		open := map[uint64]*call{}
		t.Repeat(map[string]func(*rapid.T){
			"begin": func(t *rapid.T) {
				k := &call{node: n}
				if _, err := cs.begin(k, "a", false); err != nil {
					t.Fatal(err)
				}
				if open[k.number] != nil {
					t.Fatalf("%d again", k.number)
				}
				open[k.number] = k
			},
			"end": func(t *rapid.T) {
				number := rapid.Uint64Range(0, cs.next+20).Draw(t, "number")
				if got := cs.take(number); got != open[number] {
					t.Fatalf("%d is %p instead of %p", number, got, open[number])
				}
				delete(open, number)
			},
		})
		if cs.live != len(open) {
			t.Errorf("%d instead of %d", cs.live, len(open))
		}
	})
}

// asker is a goroutine of node a, in virtual time, that calls a port of node b.
type asker struct {
	*testing.T
	w    *sim.World
	a, b *Node
	port *Port
	k    *call
}

func newAsker(t *testing.T) *asker {
	w := sim.New(sim.Options{Seed: 1})
	t.Cleanup(w.Close)
	node := func(id string) *Node {
		o := Options{}
		o.Links.Node, o.Links.Secret, o.Links.Extensions, o.Links.Instance = id, []byte("s"), true, id
		n, err := New(w.Host(id).Group(1), o)
		if err != nil {
			t.Fatal(err)
		}
		n.Listen([]netip.AddrPort{netip.AddrPortFrom(w.Host(id).Addr(), 4040)}, func([]netip.AddrPort, error) {})
		return n
	}
	x := &asker{T: t, w: w, a: node("a"), b: node("b")}
	x.a.SetAddresses("b", netip.AddrPortFrom(w.Host("b").Addr(), 4040))
	var err error
	if x.port, err = x.b.NewPort(); err != nil {
		t.Fatal(err)
	}
	x.port.OnDefault(func(self *Context, m codec.Message) {
		to, _ := m.At(0).TextBytes()
		if err := self.Reply(to); err != nil {
			t.Error(err)
		}
	})
	x.k = &x.a.NewCaller().call
	return x
}

// call is what comes of one.
func (x *asker) call() error {
	x.Helper()
	unwatched, err := x.a.calls.begin(x.k, x.port.ID(), true)
	if err != nil {
		x.Fatal(err)
	}
	m, err := x.k.prepare(nil, unwatched, nil)
	if err == nil {
		err = x.k.try(m)
	}
	if err != nil {
		x.Fatal(err)
	}
	if !x.w.RunUntil(time.Second, func() bool { return len(x.k.ready) > 0 }) {
		x.Fatal("nothing comes of it")
	}
	<-x.k.ready
	return x.k.err
}

// Its monitor may be one that was set for the next link already.
func TestACallThatIsDroppedEnds(t *testing.T) {
	x := newAsker(t)
	if err := x.call(); err != nil {
		t.Error(err)
	}
	x.a.peers.get("b").out.Fail()
	var reason *ReasonError
	if err := x.call(); !errors.As(err, &reason) || reason.Reason.Kind() != ReasonTransport {
		t.Error(err)
	}
}

func TestTheMonitorOfACalledPortStaysForAWhile(t *testing.T) {
	x := newAsker(t)
	held := func() int { return x.b.peers.get("a").held }
	for range 5 {
		if err := x.call(); err != nil {
			t.Error(err)
		}
		x.w.Run(x.w.Now() + keepCallee - time.Second)
		if held() != 1 {
			t.Errorf("%d monitors", held())
		}
	}
	x.w.Run(x.w.Now() + 2*keepCallee + time.Second)
	if held() != 0 || len(x.a.calls.callees.byID) != 0 || x.a.calls.callees.oldest != nil || x.a.calls.callees.newest != nil {
		t.Errorf("%d monitors after a while", held())
	}
	if err := x.call(); err != nil || held() != 1 {
		t.Errorf("%v, %d monitors", err, held())
	}
}

func TestFewMonitorsOfCalledPortsAreKept(t *testing.T) {
	x := newAsker(t)
	first := x.port
	for range maxCallees + 10 {
		if err := x.call(); err != nil {
			t.Fatal(err)
		}
		p, err := x.b.NewPort()
		if err != nil {
			t.Fatal(err)
		}
		p.OnDefault(first.fallback)
		x.port = p
	}
	x.w.Run(x.w.Now() + time.Second)
	if n := x.b.peers.get("a").held; n != maxCallees || len(x.a.calls.callees.byID) != maxCallees {
		t.Errorf("%d monitors", n)
	}
}

// posts is a loop that counts what is posted.
type posts struct {
	loop.Loop
	n int
}

func (p *posts) Post(loop.Task) bool {
	p.n++
	return true
}

func TestWhoAttendsIsToldOfAnAnswerThatComesElsewhere(t *testing.T) {
	l := &posts{}
	here, other := &shard{loop: l}, &shard{}
	k := &call{ready: make(chan struct{}, 1)}
	for _, c := range []struct {
		name    string
		attends *shard
		from    *shard
		want    int
	}{
		{"from the loop itself", here, here, 0},
		{"from another loop", here, other, 1},
		{"from a goroutine", here, nil, 1},
		{"to nobody who attends", nil, other, 0},
	} {
		l.n = 0
		k.attends.Store(c.attends)
		k.handOver(c.from)
		if l.n != c.want {
			t.Errorf("%s: %d posts", c.name, l.n)
		}
		if !k.Over() {
			t.Errorf("%s: it isn't over", c.name)
		}
		<-k.ready
	}
}

func TestAGoroutineThatAttendsKnowsItsEnd(t *testing.T) {
	k := &call{ready: make(chan struct{}, 1)}
	if k.Over() {
		t.Error("over at once")
	}
	if k.refused = ErrFull; !k.Over() {
		t.Error("waits for the answer to what wasn't sent")
	}
}
