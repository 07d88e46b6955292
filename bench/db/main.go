// Db measures the distributed database with real processes over loopback: a global node,
// a slave that sets and a slave that watches, each with one event loop.
//
//   - Latency: from Set until the watcher on the other slave has seen it, against the same
//     two hops on bare event loops, unloaded.
//   - Throughput: calls of Set, from the first until the watcher has seen the last.
//   - Memory: what the global node's process takes for each key.
//
// All in one run, the repetitions interleaved; medians count. What the watcher holds in
// the end is compared with what was set.
//
//	go run ./db [-quick] [-runs 5] [-samples 2000] [-keys 1000000]
//
// It is also a child of the harness, which runs it once for each repetition.
package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

var (
	quick   = flag.Bool("quick", false, "a tenth of everything")
	runs    = flag.Int("runs", 5, "repetitions; the median counts")
	samples = flag.Int("samples", 2000, "changes in each latency measurement")
	keys    = flag.Int("keys", 1_000_000, "keys in each throughput measurement, and for the memory")
	profile = flag.String("profile", "", "an existing folder: write the CPU profiles of all processes there")
	role    = flag.String("role", "", "used by the program itself")
	to      = flag.String("to", "", "used by the program itself: an address")
)

func main() {
	flag.Parse()
	if flag.NArg() > 0 {
		play.Main(map[string]func(play.Spec) error{play.Alone: forHarness})
		return
	}
	if *quick {
		*runs = 3
		quicken()
	}
	roles := map[string]func() error{
		"":              measureAll,
		"relay":         relayRole,
		"bare-sender":   bareSenderRole,
		"bare-receiver": bareReceiverRole,
		"global":        globalRole,
		"setter":        setterRole,
		"watcher":       watcherRole,
	}
	if err := profiled(roles[*role]); err != nil {
		fmt.Fprintln(os.Stderr, "db:", err)
		os.Exit(1)
	}
}

func quicken() { *samples, *keys = *samples/10, *keys/10 }

// forHarness measures once, and says the figures.
func forHarness(s play.Spec) error {
	*runs = 1
	if s.For <= time.Second {
		quicken()
	}
	out = os.Stderr
	figures, err := measure()
	if err == nil {
		play.Say(play.Line{Result: &play.Result{Figures: figures}})
	}
	return err
}

// out is where measurements are told.
var out io.Writer = os.Stdout

// profiled runs a role, and writes its profile if one is wanted.
func profiled(run func() error) error {
	if *profile == "" {
		return run()
	}
	f, err := os.Create(filepath.Join(*profile, cmp.Or(*role, "parent")+fmt.Sprint("-", os.Getpid())))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return run()
}

func measureAll() error {
	_, err := measure()
	return err
}

func measure() (all []play.Figure, err error) {
	fmt.Fprintf(out, "%s, %d CPUs, median of %d, %d changes, %d keys of 20 octets with values of 8\n",
		runtime.Version(), runtime.NumCPU(), *runs, *samples, *keys)
	for _, part := range []func() ([]play.Figure, error){measureLatency, measureThroughput, measureMemory} {
		figures, err := part()
		if err != nil {
			return nil, err
		}
		all = append(all, figures...)
	}
	return all, nil
}

// latency of one measurement.
type latency struct {
	changes      int // seen; on a busy machine some follow so closely that they become one
	median, high time.Duration
}

func (l latency) String() string {
	us := func(d time.Duration) float64 { return float64(d) / 1e3 }
	return fmt.Sprintf("%.1f µs (99 %%: %.1f; %d)", us(l.median), us(l.high), l.changes)
}

// middle is the measurement with the median of the medians.
func middle(all []latency) latency {
	slices.SortFunc(all, func(a, b latency) int { return int(a.median - b.median) })
	return all[len(all)/2]
}

func measureLatency() ([]play.Figure, error) {
	bare, err := newBarePlay()
	if err != nil {
		return nil, err
	}
	defer bare.end()
	db, err := newDBPlay(true)
	if err != nil {
		return nil, err
	}
	defer db.end()
	var relayed, set []latency
	for range *runs {
		b, err := bare.latency(*samples)
		if err != nil {
			return nil, err
		}
		d, err := db.latency(*samples)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "  bare relay %v, Set to watcher %v\n", b, d)
		relayed, set = append(relayed, b), append(set, d)
	}
	b, d := middle(relayed), middle(set)
	by := float64(d.median) / float64(b.median)
	fmt.Fprintf(out, "latency: bare relay %v, Set to watcher %v, ratio %.2f\n", b, d, by)
	return []play.Figure{
		{What: "from Set to the watcher, median", Value: d.median.Seconds() * 1e6, Unit: "µs"},
		{What: "from Set to the watcher, 99 %", Value: d.high.Seconds() * 1e6, Unit: "µs"},
		{What: "the same two hops on bare event loops, median", Value: b.median.Seconds() * 1e6, Unit: "µs"},
		{What: "the same two hops on bare event loops, 99 %", Value: b.high.Seconds() * 1e6, Unit: "µs"},
		{What: "the first by that of the bare event loops", Value: by, Unit: "×"},
	}, nil
}

func measureThroughput() ([]play.Figure, error) {
	db, err := newDBPlay(true)
	if err != nil {
		return nil, err
	}
	defer db.end()
	var set, deleted []float64
	for i := range *runs {
		t, err := db.throughput(i, *keys)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "  set %.0f keys/s (calls alone %.0f/s; CPU for each key:%s), deleted %.0f keys/s; all contents right\n", t.set, t.calls, t.cpu, t.deleted)
		set, deleted = append(set, t.set), append(deleted, t.deleted)
	}
	fmt.Fprintf(out, "throughput: set %.0f keys/s, deleted %.0f keys/s\n", median(set), median(deleted))
	return []play.Figure{
		{What: fmt.Sprintf("set until the watcher has seen the last of %d", *keys), Value: median(set), Unit: "keys/s"},
		{What: "deleted", Value: median(deleted), Unit: "keys/s"},
	}, nil
}

func measureMemory() ([]play.Figure, error) {
	var all []float64
	for range min(*runs, 3) {
		m, err := memory(*keys)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(out, "  global node: %.0f octets resident for each key\n", m)
		all = append(all, m)
	}
	fmt.Fprintf(out, "memory: %.0f octets resident at the global node for each key\n", median(all))
	return []play.Figure{{What: "resident memory of the global node for each key", Value: median(all), Unit: "octets"}}, nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
