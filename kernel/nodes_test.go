package kernel_test

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

func TestNodesComeAndGoInPairsOfEvents(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(4)
	c := w.node("c", 1)
	w.link(a, c)
	if !slices.Equal(a.UpNodes(), []string{"b", "c"}) || !a.NodeIsUp("a") || a.NodeIsUp("d") {
		t.Error("up: ", a.UpNodes())
	}
	b.crash()
	w.until("b's end", func() bool { return len(a.events) == 3 })
	w.Reset(a.host, c.host, sim.BothEnds)
	w.until("c's end", func() bool { return len(a.events) == 4 })
	w.link(a, c)
	w.settle()
	if want := []string{"+b", "+c", "-b", "-c", "+c"}; !slices.Equal(a.events, want) {
		t.Errorf("events %v", a.events)
	}
	if want := []string{"+a", "-a", "+a"}; !slices.Equal(c.events, want) {
		t.Errorf("c's events %v", c.events)
	}
}

func TestALateWatcherHearsFirstOfThoseThatAreUpAndEachOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(4)
	var events [][]string
	var cancels []func()
	watch := func() {
		i := len(events)
		events = append(events, nil)
		cancels = append(cancels, a.WatchNodes(func(node string, up bool) {
			sign := "-"
			if up {
				sign = "+"
			}
			events[i] = append(events[i], sign+node)
		}))
	}
	w.ok(a.Send("b", "devnull"))
	// A watcher for each event of the world around the moment when the link comes up,
	// and when it goes.
	w.until("the link", func() bool { watch(); return a.NodeIsUp("b") })
	for range 100 {
		w.Step()
		watch()
	}
	w.settle()
	for i, e := range events {
		if !slices.Equal(e, []string{"+b"}) {
			t.Fatalf("watcher %d of %d: %v", i, len(events), e)
		}
	}
	b.crash()
	started := len(events)
	w.until("its end", func() bool { watch(); return !a.NodeIsUp("b") })
	for range 100 {
		w.Step()
		watch()
	}
	w.settle()
	for i, e := range events {
		if want := []string{"+b", "-b"}; !slices.Equal(e, want) && (i < started || e != nil) {
			t.Fatalf("watcher %d of %d: %v", i, len(events), e)
		}
	}
	for _, cancel := range cancels {
		cancel()
	}
	before := len(events[0])
	w.link(a, w.node("c", 1))
	w.settle()
	if len(events[0]) != before {
		t.Error("a cancelled watcher heard something")
	}
}

func TestANodeDownComesAfterAllMonitorsHaveFired(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(4)
	var story []string
	for range 20 {
		p := b.port(nil)
		_, err := a.port(nil).Node().Monitor(p.ID(), func(*kernel.Context, kernel.Reason) { story = append(story, "monitor") })
		w.ok(err)
	}
	a.WatchNodes(func(_ string, up bool) {
		if !up {
			story = append(story, "down")
		}
	})
	w.settle()
	b.crash()
	w.until("the end", func() bool { return slices.Contains(story, "down") })
	if len(story) != 21 || story[20] != "down" {
		t.Error(story)
	}
}

func TestADialledSeedTellsWhoAnswers(t *testing.T) {
	w := newWorld(t)
	a, b := w.node("a", 4), w.node("b", 4)
	dial := func(addr netip.AddrPort) (node string, err error) {
		done := 0
		w.Do(a.Loop(), func() {
			a.DialSeed(addr, func(n string, e error) { node, err = n, e; done++ })
		})
		w.until("the seed's answer", func() bool { return done > 0 })
		w.settle()
		if done != 1 {
			t.Errorf("answered %d times", done)
		}
		return node, err
	}
	if node, err := dial(b.addr); node != "b" || err != nil || !a.NodeIsUp("b") {
		t.Errorf("a node: %q, %v", node, err)
	}
	if node, err := dial(b.addr); node != "b" || err != nil {
		t.Errorf("a node that is linked already: %q, %v", node, err)
	}
	if node, err := dial(a.addr); !errors.Is(err, kernel.ErrSelf) {
		t.Errorf("the node itself: %q, %v", node, err)
	}
	if _, err := dial(netip.AddrPortFrom(b.host.Addr(), 9)); err == nil {
		t.Error("nobody answered without an error")
	}
	c := w.node("c", 1, func(o *kernel.Options) { o.Links.Secret = []byte("other") })
	node, err := dial(c.addr)
	var hs *link.HandshakeError
	if node != "c" || !errors.As(err, &hs) {
		t.Errorf("another secret: %q, %v", node, err)
	}
	// What was learnt of b is good for another link.
	w.Reset(a.host, b.host, sim.BothEnds)
	w.until("the end of the link", func() bool { return !a.NodeIsUp("b") && !b.NodeIsUp("a") })
	w.settle()
	r := b.recorder()
	w.ok(a.Send(r.ID(), "found"))
	r.gets(`["found"]`)
}

func TestACancelledSeedDialTellsNothing(t *testing.T) {
	for steps := range 60 {
		w := newWorld(t)
		a, b := w.node("a", 4), w.node("b", 4)
		told := 0
		var cancel func()
		w.Do(a.Loop(), func() { cancel = a.DialSeed(b.addr, func(string, error) { told++ }) })
		for range steps {
			w.Step()
		}
		before := told
		w.Do(a.Loop(), cancel)
		w.settle()
		if told != before {
			t.Fatalf("after %d steps: told", steps)
		}
		if !a.NodeIsUp("b") && len(b.events) > 1 {
			t.Fatalf("after %d steps: %v", steps, b.events)
		}
	}
}

func TestANodeCantListenWhereSomebodyElseDoes(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	check := a.healthy()
	free := netip.AddrPortFrom(a.host.Addr(), 5050)
	var got []netip.AddrPort
	var err error
	done := false
	a.Listen([]netip.AddrPort{free, a.addr}, func(as []netip.AddrPort, e error) { got, err, done = as, e, true })
	w.until("an answer", func() bool { return done })
	var bind *kernel.BindError
	if !errors.As(err, &bind) || bind.Bind != a.addr.String() || got != nil {
		t.Fatalf("listening at %v, %v", got, err)
	}
	w.settle()
	// All or nothing: the free one was closed again.
	w.Do(a.Loop(), func() {
		l, err := a.Loop().Listen(free, nil)
		w.ok(err)
		l.Close()
	})
	check()
}

func TestListeningNowhereIsAllowed(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	done := false
	a.Listen(nil, func(as []netip.AddrPort, err error) { done = as == nil && err == nil })
	w.until("an answer", func() bool { return done })
}

func TestAfterRunsInThePortsContextUnlessStopped(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	var story []string
	p := a.port(func(self *kernel.Context, _ codec.Message) {
		self.After(2*time.Second, func(self *kernel.Context) { story = append(story, "two "+self.ID()) })
		self.After(time.Second, func(self *kernel.Context) { story = append(story, "one "+self.ID()) })
		stopped := self.After(time.Second, func(*kernel.Context) { story = append(story, "stopped") })
		if !stopped.Stop() || stopped.Stop() {
			t.Error("Stop must report true once")
		}
		self.After(0, func(*kernel.Context) { story = append(story, "now") })
		story = append(story, "handler")
	})
	w.ok(a.Send(p.ID()))
	w.pass(3 * time.Second)
	if want := []string{"handler", "now", "one " + p.ID(), "two " + p.ID()}; !slices.Equal(story, want) {
		t.Error(story)
	}
	story = nil
	a.do(func(self *kernel.Context) {
		timer := self.After(time.Second, func(self *kernel.Context) { story = append(story, "node "+self.ID()) })
		_ = timer
		if d := self.Now().Sub(a.Loop().Wall()); d != 0 {
			t.Errorf("another time: %v", d)
		}
	})
	w.pass(2 * time.Second)
	if want := []string{"node a"}; !slices.Equal(story, want) {
		t.Error(story)
	}
}

func TestATimerOfADeadPortIsNeverSet(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	fired := false
	var late *kernel.Context
	p := a.port(func(self *kernel.Context, _ codec.Message) { late = self })
	w.ok(a.Send(p.ID()))
	p.Kill()
	w.settle()
	w.Do(a.Loop(), func() { late.After(time.Second, func(*kernel.Context) { fired = true }).Stop() })
	w.Do(a.Loop(), func() { late.After(time.Second, func(*kernel.Context) { fired = true }) })
	w.pass(2 * time.Second)
	if fired {
		t.Error("it fired")
	}
}

func TestSendsToNonsenseAreRefused(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	check := a.healthy()
	for _, to := range []string{"", "#", "#x", "no;de#x", "no\rde", "no\x00de", string(make([]byte, 256)) + "#x"} {
		var bad *kernel.IDError
		if err := a.Send(to, 1); !errors.As(err, &bad) {
			t.Errorf("Send to %.20q: %v", to, err)
		}
		if err := a.SendMsg(to, point{}); !errors.As(err, &bad) {
			t.Errorf("SendMsg to %.20q: %v", to, err)
		}
		if err := a.Forward(to, codec.Message{}); !errors.As(err, &bad) {
			t.Errorf("Forward to %.20q: %v", to, err)
		}
		a.do(func(self *kernel.Context) {
			if err := self.Send(to, 1); !errors.As(err, &bad) {
				t.Errorf("Context.Send to %.20q: %v", to, err)
			}
			if err := self.SendMsg(to, point{}); !errors.As(err, &bad) {
				t.Errorf("Context.SendMsg to %.20q: %v", to, err)
			}
			if err := self.Forward(to, codec.Message{}); !errors.As(err, &bad) {
				t.Errorf("Context.Forward to %.20q: %v", to, err)
			}
		})
	}
	for _, to := range []string{a.port(nil).ID(), "healthy#x"} {
		if err := a.Send(to, make(chan int)); err == nil {
			t.Error("a channel was sent")
		}
	}
	// To a node that can't be is possible, but leads nowhere, and nothing is kept of it.
	for range 100 {
		w.ok(a.Send("nonsense#x", 1))
		w.settle()
	}
	if lines := a.log.find("not reached", kernel.ErrNoAddress.Error()); len(lines) == 0 || len(lines) > 12 || lines[0].attrs["peer"] != "nonsense" {
		t.Errorf("logged %d times in 100 s: %v", len(lines), lines)
	}
	if s := a.stats(); s.Peers != 1 {
		t.Errorf("%d peers are remembered", s.Peers)
	}
	check()
}
