package sim

import (
	"bytes"
	"errors"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func TestAPartitionHoldsOctetsUntilItHeals(t *testing.T) {
	d := connected(t, Options{})
	var want []byte
	d.c.write(d.World, "on the way ")
	d.Cut(d.a, d.b)
	for range 50 {
		d.c.write(d.World, "in the dark ")
		want = append(want, "in the dark "...)
		d.pass(time.Second)
	}
	if len(d.v.got) != 0 || d.c.closed+d.v.closed != 0 {
		t.Fatalf("got %q, closed %d and %d", d.v.got, d.c.closed, d.v.closed)
	}
	d.Heal(d.a, d.b)
	d.pass(time.Second)
	if want = append([]byte("on the way "), want...); !bytes.Equal(d.v.got, want) {
		t.Errorf("got %q", d.v.got)
	}
	if d.Stats.Held == 0 || d.Stats.Partitions != 2 || d.Stats.Heals != 2 {
		t.Errorf("%+v", d.Stats)
	}
}

func TestACutInOneDirectionLeavesTheOther(t *testing.T) {
	d := connected(t, Options{})
	d.Link(d.a, d.b).Cut()
	d.c.write(d.World, "up")
	d.v.write(d.World, "down")
	d.pass(time.Second)
	if len(d.v.got) != 0 || string(d.c.got) != "down" {
		t.Errorf("up %q, down %q", d.v.got, d.c.got)
	}
	d.HealAll()
	d.pass(time.Second)
	if string(d.v.got) != "up" {
		t.Errorf("up %q after healing", d.v.got)
	}
}

func TestAPartitionFillsTheBuffers(t *testing.T) {
	d := connected(t, Options{})
	d.Partition([]*Host{d.a}, []*Host{d.b})
	blocked := 0
	d.Do(d.la, func() {
		d.c.c.Write(make([]byte, 1<<20))
		d.la.Post(loop.Func(func() { blocked = d.c.c.Buffered() }))
	})
	d.pass(time.Second)
	if blocked == 0 || !d.c.c.Blocked() {
		t.Errorf("%d octets are buffered", blocked)
	}
	d.HealAll()
	d.until(t, "all", func() bool { return len(d.v.got) == 1<<20 && !d.c.c.Blocked() })
}

func TestDialsIntoAPartitionAreLostOrComeLate(t *testing.T) {
	d := newDuo(t, Options{})
	d.Cut(d.a, d.b)
	short := new(probe)
	d.dial(short, 2*time.Second)
	d.dial(d.c, time.Minute)
	d.pass(5 * time.Second)
	if short.closed != 1 || short.err != loop.ErrDialTimeout || d.c.opened+d.c.closed != 0 {
		t.Fatalf("short: %v; long: opened %d", short.err, d.c.opened)
	}
	d.Heal(d.a, d.b)
	d.until(t, "the dial to succeed", func() bool { return d.c.opened+d.v.opened == 2 })
	if d.Stats.Retried == 0 {
		t.Error("it wasn't tried again")
	}
}

func TestAnAddressHasTheFateThatTheTestWants(t *testing.T) {
	d := newDuo(t, Options{})
	try := func() error {
		p := new(probe)
		c := d.dial(p, time.Second)
		d.until(t, "an end", func() bool { return p.opened+p.closed > 0 })
		if p.opened > 0 {
			d.Do(d.la, func() { c.Close(errTest) })
		}
		return p.err
	}
	d.SetFate(d.at, Refuse)
	if err := try(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: %v", err)
	}
	d.SetFate(d.at, Normal)
	d.SetFate(netip.AddrPortFrom(d.at.Addr(), 0), BlackHole)
	if err := try(); err != loop.ErrDialTimeout {
		t.Errorf("black hole: %v", err)
	}
	d.SetFate(netip.AddrPortFrom(d.at.Addr(), 0), Normal)
	if err := try(); err != nil {
		t.Errorf("normal: %v", err)
	}
}

func TestACrashTellsThePeersAndNobodyElse(t *testing.T) {
	ends, resets := 0, 0
	for seed := range uint64(40) {
		d := connected(t, Options{Seed: seed})
		v := *d.v
		d.Do(d.lb, func() { loop.After(d.lb, time.Second, func() { t.Error("a timer ran after the crash") }) })
		d.lb.Post(loop.Func(func() { t.Error("a task ran after the crash") }))
		d.gb.Crash()
		if d.lb.Post(loop.Func(func() {})) {
			t.Error("Post took a task after the crash")
		}
		d.Do(d.lb, func() { t.Error("Do ran after the crash") })
		d.until(t, "the peer to notice", func() bool { return d.c.closed+d.c.eofs > 0 })
		d.pass(2 * time.Second)
		ends += d.c.eofs
		resets += d.c.closed
		if d.v.eofs != v.eofs || d.v.closed != v.closed {
			t.Error("a callback after the crash")
		}
		p := new(probe)
		d.dial(p, time.Second)
		d.until(t, "a refusal", func() bool { return p.closed == 1 })
		if !errors.Is(p.err, syscall.ECONNREFUSED) {
			t.Errorf("%v", p.err)
		}
	}
	if ends == 0 || resets == 0 {
		t.Errorf("%d regular ends, %d resets: one kind is missing", ends, resets)
	}
}

func TestAProcessThatVanishedIsNoticedOnlyByWhoSends(t *testing.T) {
	d := connected(t, Options{})
	d.gb.Vanish()
	d.pass(time.Hour)
	if d.c.closed+d.c.eofs != 0 {
		t.Fatal("the idle peer has noticed")
	}
	d.c.write(d.World, "anybody there?")
	d.until(t, "the reset", func() bool { return d.c.closed == 1 })
	if !errors.Is(d.c.err, syscall.ECONNRESET) || d.Stats.Crashes != 1 {
		t.Errorf("%v, %+v", d.c.err, d.Stats)
	}
}

func TestAProcessCanBeRestartedOnItsHostAndAddress(t *testing.T) {
	for name, stop := range map[string]func(g *Group){
		"crash":  func(g *Group) { g.Crash(); g.Crash() },
		"vanish": (*Group).Vanish,
		"close":  func(g *Group) { g.Close() },
	} {
		d := connected(t, Options{})
		stop(d.gb)
		again := d.b.Group(1)
		if again.Host() != d.b {
			t.Errorf("%s: another host", name)
		}
		v, c := new(probe), new(probe)
		d.listen(t, again.Loops()[0], v)
		d.dial(c, time.Second)
		d.until(t, name+": the new process to answer", func() bool { return v.opened+c.opened == 2 })
	}
}

func TestAHostThatIsDownSwallowsEverythingUntilItIsUp(t *testing.T) {
	d := connected(t, Options{})
	d.b.Down()
	d.b.Down()
	d.c.write(d.World, "anybody there?")
	lost := new(probe)
	d.dial(lost, time.Second)
	d.pass(time.Minute)
	if d.c.closed != 0 || lost.err != loop.ErrDialTimeout {
		t.Fatalf("closed %d, dial %v", d.c.closed, lost.err)
	}
	if mustPanic(func() { d.b.Group(1) }) == nil {
		t.Error("a process starts on a host that is down")
	}
	d.b.Up()
	d.until(t, "the reset", func() bool { return d.c.closed == 1 })
	v, c := new(probe), new(probe)
	d.listen(t, d.b.Group(1).Loops()[0], v)
	d.dial(c, time.Second)
	d.until(t, "the new process to answer", func() bool { return v.opened+c.opened == 2 })
}

func TestAResetHitsTheEndsItShould(t *testing.T) {
	for name, c := range map[string]struct {
		how             Harm
		idle, afterSend int // ends closed
	}{
		"both ends":        {BothEnds, 2, 2},
		"one end":          {OneEnd, 1, 2},
		"one end for ever": {OneEndForEver, 1, 1},
	} {
		d := connected(t, Options{})
		d.Reset(d.a, d.b, c.how)
		d.pass(time.Minute)
		if n := d.c.closed + d.v.closed; n != c.idle || d.c.closed != 1 || !errors.Is(d.c.err, syscall.ECONNRESET) {
			t.Errorf("%s: %d ends closed, %v", name, n, d.c.err)
		}
		d.v.write(d.World, "anybody there?")
		d.pass(time.Minute)
		if n := d.c.closed + d.v.closed; n != c.afterSend {
			t.Errorf("%s: %d ends closed after sending", name, n)
		}
		d.Do(d.lb, func() { d.v.c.Write(make([]byte, 1<<20)) })
		d.pass(time.Minute)
		if blocked := d.v.c.Buffered() > 0; blocked != (c.how == OneEndForEver) {
			t.Errorf("%s: blocked %v", name, blocked)
		}
	}
}

func TestALinkHasTheLatencyThatTheTestWants(t *testing.T) {
	d := connected(t, Options{})
	d.Link(d.a, d.b).SetLatency(time.Minute, time.Minute)
	var at time.Duration
	d.v.onData = func([]byte) { at = d.Now() }
	begun := d.Now()
	d.c.write(d.World, "slowly")
	d.Run(d.Now() + time.Hour)
	if took := at - begun; took < time.Minute || string(d.v.got) != "slowly" {
		t.Errorf("%q took %v", d.v.got, took)
	}
}

func TestAResetBeforeTheDialHasOpenedComesAfterOpen(t *testing.T) {
	d := newDuo(t, Options{})
	d.Link(d.a, d.b).SetLatency(1, 1)
	d.dial(d.c, time.Minute)
	d.until(t, "the accept", func() bool { return d.v.opened == 1 })
	d.Link(d.b, d.a).Cut()
	d.ResetConn(d.v.c, BothEnds)
	d.pass(time.Second)
	if d.c.opened+d.c.closed != 0 || d.v.closed != 1 {
		t.Fatalf("opened %d, closed %d and %d", d.c.opened, d.c.closed, d.v.closed)
	}
	d.HealAll()
	d.until(t, "the end", func() bool { return d.c.closed == 1 })
	if d.c.opened != 1 || !errors.Is(d.c.err, syscall.ECONNRESET) {
		t.Errorf("opened %d, %v", d.c.opened, d.c.err)
	}
}

func TestAProcessMayCrashInItsOwnCallback(t *testing.T) {
	for name, in := range map[string]func(d *duo, crash func()){
		"Data": func(d *duo, crash func()) { d.v.onData = func([]byte) { crash() }; d.c.write(d.World, "bang") },
		"Later": func(d *duo, crash func()) {
			d.Do(d.lb, func() { d.lb.Later(loop.Func(crash)); d.lb.Later(loop.Func(crash)) })
		},
		"Post":  func(d *duo, crash func()) { d.lb.Post(loop.Func(crash)); d.lb.Post(loop.Func(crash)) },
		"timer": func(d *duo, crash func()) { d.Do(d.lb, func() { loop.After(d.lb, 0, crash) }) },
		"Move":  func(d *duo, crash func()) { d.Do(d.lb, func() { d.v.c.Move(d.gb.Loops()[1], crash) }) },
		"Resolve": func(d *duo, crash func()) {
			d.Do(d.lb, func() { d.lb.Resolve("a", func([]netip.Addr, error) { crash() }) })
		},
	} {
		d := connected(t, Options{})
		crashes := 0
		in(d, func() { crashes++; d.v.c.Write([]byte("last words")); d.gb.Crash() })
		d.until(t, name+": the peer to notice", func() bool { return d.c.closed+d.c.eofs > 0 })
		d.pass(time.Second)
		if crashes != 1 || d.v.closed+d.v.eofs != 0 || len(d.c.got) != 0 || len(d.Panics) != 0 {
			t.Errorf("%s: %d crashes, closed %d, EOFs %d, the peer got %q, panics %v", name, crashes, d.v.closed, d.v.eofs, d.c.got, d.Panics)
		}
	}
}
