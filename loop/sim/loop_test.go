package sim

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func TestCallsFromOutsideOfTheLoopAreCaught(t *testing.T) {
	d := connected(t, Options{})
	timer := loop.Timer(nil)
	d.Do(d.la, func() { timer = d.la.NewTimer(loop.Func(func() {})) })
	for name, f := range map[string]func(){
		"NewTimer":  func() { d.la.NewTimer(nil) },
		"Reset":     func() { timer.Reset(0) },
		"Stop":      func() { timer.Stop() },
		"Later":     func() { d.la.Later(nil) },
		"Listen":    func() { d.la.Listen(d.at, nil) },
		"Dial":      func() { d.la.Dial(d.at, 0, d.c) },
		"Offload":   func() { d.la.Offload(nil, nil) },
		"Resolve":   func() { d.la.Resolve("a", nil) },
		"Addresses": func() { d.la.Addresses() },
		"Write":     func() { d.c.c.Write(nil) },
		"Close":     func() { d.c.c.Close(nil) },
		"Detach":    func() { d.c.c.Detach(nil) },
	} {
		if s, _ := mustPanic(f).(string); !strings.Contains(s, name) {
			t.Errorf("%s outside: %q", name, s)
		}
		var other any
		d.Do(d.lb, func() { other = mustPanic(f) })
		if s, _ := other.(string); !strings.Contains(s, name) {
			t.Errorf("%s on another loop: %q", name, s)
		}
	}
	d.Do(d.la, func() {
		d.c.c.Move(d.ga.Loops()[1], func() {})
		if s, _ := mustPanic(func() { d.c.c.Write(nil) }).(string); s == "" {
			t.Error("a moving connection can be written to")
		}
	})
	d.Do(d.lb, func() {
		if mustPanic(func() { d.v.c.Move(d.la, nil) }) == nil {
			t.Error("a connection moves to another group")
		}
		if mustPanic(func() { d.Do(d.lb, func() {}) }) == nil {
			t.Error("Do inside of a callback")
		}
		if mustPanic(func() { d.gb.Close() }) == nil {
			t.Error("a callback closes its own group")
		}
	})
	d.After(0, func() {
		if mustPanic(func() { d.Step() }) == nil {
			t.Error("an event calls Step")
		}
	})
	d.pass(time.Millisecond)
}

func TestPanicsAreKeptForTheTest(t *testing.T) {
	var told []Panic
	d := newDuo(t, Options{Fatal: func(p Panic) { told = append(told, p) }})
	d.la.Post(loop.Func(func() { panic("on the loop") }))
	d.After(0, func() { panic("in a call") })
	d.Go(func() { panic("in an actor") })
	d.pass(time.Second)
	text := ""
	for i, p := range d.Panics {
		text += p.Error()
		if told[i].Value != p.Value {
			t.Errorf("Fatal was told %v", told[i].Value)
		}
	}
	for _, want := range []string{"on a/1: on the loop", "in a call", "in an actor", "loop_test.go"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q isn't in %s", want, text)
		}
	}
}

func TestALoopThatStandsStillGetsEverythingLate(t *testing.T) {
	d := connected(t, Options{})
	var at []time.Duration
	note := func() { at = append(at, d.Now()) }
	d.Do(d.lb, func() {
		d.v.onData = func([]byte) { note() }
		loop.After(d.lb, time.Millisecond, note)
		var x, y loop.Timer
		x = d.lb.NewTimer(loop.Func(func() { note(); y.Stop() }))
		y = d.lb.NewTimer(loop.Func(func() { t.Error("a due timer ran after Stop") }))
		x.Reset(2 * time.Millisecond)
		y.Reset(3 * time.Millisecond)
	})
	d.c.write(d.World, "x")
	d.lb.Post(loop.Func(note))
	end := d.Now() + 50*time.Millisecond
	d.Stall(d.lb, 50*time.Millisecond)
	d.pass(time.Second)
	if len(at) != 4 || d.Stats.Delayed == 0 || d.Stats.LateStops != 1 {
		t.Fatalf("ran at %v, %+v", at, d.Stats)
	}
	for _, x := range at {
		if x < end {
			t.Errorf("something ran at %v, before %v", x, end)
		}
	}
}

func TestTheTimeOfDayGoesWithTheVirtualClock(t *testing.T) {
	start := time.Date(2030, 2, 3, 4, 5, 6, 0, time.UTC)
	d := newDuo(t, Options{Start: start})
	d.a.Skew(-time.Hour)
	d.Run(90 * time.Second)
	late := d.a.Group(1).Loops()[0]
	if got := d.lb.Wall(); !got.Equal(start.Add(90 * time.Second)) {
		t.Errorf("b: %v", got)
	}
	if got := d.la.Wall(); !got.Equal(start.Add(90*time.Second - time.Hour)) {
		t.Errorf("a: %v", got)
	}
	if d.la.Now() != 90*time.Second || late.Now() != 0 {
		t.Errorf("%v and %v since the groups began", d.la.Now(), late.Now())
	}
}

func TestOutputAboveTheHardLimitEndsTheConnection(t *testing.T) {
	d := connected(t, Options{MaxOutput: 1 << 20})
	d.Do(d.lb, func() { d.v.c.Pause() })
	d.Do(d.la, func() { d.c.c.Write(make([]byte, 1<<20)); d.c.c.Write(make([]byte, 1<<20)) })
	d.until(t, "the end", func() bool { return d.c.closed == 1 })
	if d.c.err != loop.ErrOverflow {
		t.Errorf("%v", d.c.err)
	}
}

func TestKeptDataIsPoisoned(t *testing.T) {
	d := connected(t, Options{Whole: true})
	var kept []byte
	d.v.onData = func(p []byte) { kept = p }
	d.c.write(d.World, "precious")
	d.until(t, "data", func() bool { return kept != nil })
	if string(d.v.got) != "precious" || string(kept) == "precious" {
		t.Errorf("got %q, kept %q", d.v.got, kept)
	}
}

func TestResolveFollowsSetHost(t *testing.T) {
	d := newDuo(t, Options{})
	one, two, six := netip.MustParseAddr("10.9.9.1"), netip.MustParseAddr("10.9.9.2"), netip.MustParseAddr("fd00::9")
	ask := func(host string) (addrs []netip.Addr, err error) {
		done := false
		d.Do(d.la, func() {
			d.la.Resolve(host, func(a []netip.Addr, e error) { addrs, err, done = a, e, true })
		})
		d.until(t, "the answer", func() bool { return done })
		return addrs, err
	}
	if got, err := ask("b"); err != nil || len(got) != 2 || got[0] != d.b.Addr() || !got[1].Is6() {
		t.Errorf("a host by name: %v, %v", got, err)
	}
	d.SetHost("service", six, one)
	if got, err := ask("service"); err != nil || len(got) != 2 || got[0] != one || got[1] != six {
		t.Errorf("%v, %v", got, err)
	}
	d.SetHost("service", two)
	if got, err := ask("service"); err != nil || len(got) != 1 || got[0] != two {
		t.Errorf("changed: %v, %v", got, err)
	}
	d.SetHost("service")
	if got, err := ask("service"); err == nil {
		t.Errorf("removed: %v", got)
	}
}

func TestAHostHasTheAddressesItWasGiven(t *testing.T) {
	d := newDuo(t, Options{})
	h := d.Host("10.1.2.3")
	if h != d.Host("10.1.2.3") || h.Addr() != netip.MustParseAddr("10.1.2.3") || d.Host("b") != d.b || d.Host(d.b.Addr().String()) != d.b {
		t.Error("a host by its address is another one")
	}
	h.SetAddrs(netip.MustParseAddr("fd00::77"), netip.MustParseAddr("10.1.2.4"), netip.MustParseAddr("fe80::1"), netip.MustParseAddr("169.254.0.1"))
	l := h.Group(1).Loops()[0]
	d.Do(l, func() {
		got, err := l.Addresses()
		if err != nil || len(got) != 3 || !got[0].Is4() || !got[1].Is4() || got[2] != netip.MustParseAddr("fd00::77") {
			t.Errorf("%v, %v", got, err)
		}
	})
	if len(h.Addrs()) != 4 || h.String() != "10.1.2.3" {
		t.Errorf("%v has %v", h, h.Addrs())
	}
	if mustPanic(func() { h.SetAddrs(d.b.Addr()) }) == nil {
		t.Error("two hosts with one address")
	}
}

func TestAWildcardListenerTakesAllAddressesOfItsFamily(t *testing.T) {
	d := newDuo(t, Options{})
	any4 := netip.AddrPortFrom(netip.IPv4Unspecified(), 5050)
	v := new(probe)
	d.Do(d.lb, func() {
		if _, err := d.lb.Listen(any4, func(netip.AddrPort) loop.Handler { return v }); err != nil {
			t.Error(err)
		}
		if _, err := d.lb.Listen(netip.AddrPortFrom(d.b.Addr(), 5050), nil); err == nil {
			t.Error("an address within a wildcard can be bound")
		}
		if _, err := d.lb.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), 4040), nil); err == nil {
			t.Error("a wildcard over an address in use can be bound")
		}
		if _, err := d.lb.Listen(netip.AddrPortFrom(netip.IPv6Unspecified(), 5050), nil); err != nil {
			t.Error(err)
		}
	})
	d.Do(d.la, func() { d.la.Dial(netip.AddrPortFrom(d.b.Addr(), 5050), time.Second, d.c) })
	d.until(t, "both to open", func() bool { return d.c.opened+v.opened == 2 })
	local := new(probe)
	d.Do(d.lb, func() { d.lb.Dial(netip.MustParseAddrPort("127.0.0.1:5050"), time.Second, local) })
	d.until(t, "loopback to open", func() bool { return local.opened == 1 })
}
