package sim

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func roughEcho(seed uint64, trace *bytes.Buffer) *World {
	o := Options{Seed: seed, Faults: Rough()}
	if trace != nil {
		o.Trace = trace
	}
	w, _ := echoWorld(o, 5)
	w.Run(3 * time.Second)
	w.Close()
	return w
}

func TestTheSameSeedGivesTheSameRun(t *testing.T) {
	seen := make(map[uint64]uint64)
	for seed := range uint64(5) {
		var one, two bytes.Buffer
		x, y := roughEcho(seed, &one), roughEcho(seed, &two)
		if x.Fingerprint() != y.Fingerprint() || x.Stats != y.Stats || !bytes.Equal(one.Bytes(), two.Bytes()) {
			t.Errorf("seed %d: two different runs", seed)
		}
		if other, ok := seen[x.Fingerprint()]; ok {
			t.Errorf("seeds %d and %d: the same run", seed, other)
		}
		seen[x.Fingerprint()] = seed
		if one.Len() == 0 || !strings.Contains(one.String(), " data 64\n") {
			t.Errorf("seed %d: no trace of data", seed)
		}
	}
}

func TestTracingChangesNothing(t *testing.T) {
	var trace bytes.Buffer
	if roughEcho(7, nil).Fingerprint() != roughEcho(7, &trace).Fingerprint() {
		t.Error("the run with a trace is another one")
	}
}

func TestSeedsDifferInWhoComesFirst(t *testing.T) {
	const seeds = 200
	first := make(map[string]int)
	for seed := range uint64(seeds) {
		d := connected(t, Options{Seed: seed})
		order := ""
		l := d.gb.Loops()
		say := func(s string) loop.Func { return func() { order += s } }
		d.Do(d.gb.Loops()[1], func() { l[0].Post(say("p")) })
		d.After(0, func() { l[0].Post(say("a")) })
		d.Do(l[0], func() { loop.After(l[0], time.Microsecond, say("t")) })
		d.pass(10 * time.Millisecond)
		first[order]++
	}
	for _, order := range []string{"pat", "pta", "apt", "atp", "tpa", "tap"} {
		if first[order] == 0 {
			t.Errorf("order %s never came: %v", order, first)
		}
	}
}

func TestRunEndsAtItsTime(t *testing.T) {
	w := New(Options{})
	defer w.Close()
	var at []time.Duration
	w.After(time.Second, func() { at = append(at, w.Now()) })
	w.After(3*time.Second, func() { at = append(at, w.Now()) })
	if w.Run(2 * time.Second); w.Now() != 2*time.Second || len(at) != 1 || at[0] != time.Second {
		t.Errorf("now %v, ran at %v", w.Now(), at)
	}
	if w.RunUntil(500*time.Millisecond, func() bool { return len(at) == 2 }) {
		t.Error("RunUntil went beyond its limit")
	}
	if !w.RunUntil(time.Hour, func() bool { return len(at) == 2 }) || at[1] != 3*time.Second {
		t.Errorf("ran at %v", at)
	}
	if w.Step() {
		t.Error("something is left to happen")
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for name, o := range map[string]Options{
		"latency": {MinLatency: 2, MaxLatency: 1},
		"buffers": {MinBuffer: 2, MaxBuffer: 1},
	} {
		if mustPanic(func() { New(o) }) == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// mustPanic is what f panics with.
func mustPanic(f func()) (value any) {
	defer func() { value = recover() }()
	f()
	return nil
}

func TestTheEventsOfALoopCostNoAllocation(t *testing.T) {
	w, groups := echoWorld(Options{}, 3)
	defer w.Close()
	l := groups[0].Loops()
	var ping, pong loop.Task
	ping = loop.Func(func() { l[1].Post(pong) })
	pong = loop.Func(func() { l[0].Post(ping) })
	l[0].Post(ping)
	w.Do(l[0], func() {
		var tick loop.Timer
		tick = l[0].NewTimer(loop.Func(func() { tick.Reset(time.Millisecond) }))
		tick.Reset(0)
	})
	w.Run(time.Second)
	if n := testing.AllocsPerRun(20000, func() { w.Step() }); n != 0 {
		t.Errorf("%v allocations for each event", n)
	}
}
