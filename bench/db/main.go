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
package main

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"
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
	if *quick {
		*runs, *samples, *keys = 3, *samples/10, *keys/10
	}
	roles := map[string]func() error{
		"":              measure,
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

func measure() error {
	fmt.Printf("%s, %d CPUs, median of %d, %d changes, %d keys of 20 octets with values of 8\n",
		runtime.Version(), runtime.NumCPU(), *runs, *samples, *keys)
	if err := measureLatency(); err != nil {
		return err
	}
	if err := measureThroughput(); err != nil {
		return err
	}
	return measureMemory()
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

func measureLatency() error {
	bare, err := newBarePlay()
	if err != nil {
		return err
	}
	defer bare.end()
	db, err := newDBPlay(true)
	if err != nil {
		return err
	}
	defer db.end()
	var relayed, set []latency
	for range *runs {
		b, err := bare.latency(*samples)
		if err != nil {
			return err
		}
		d, err := db.latency(*samples)
		if err != nil {
			return err
		}
		fmt.Printf("  bare relay %v, Set to watcher %v\n", b, d)
		relayed, set = append(relayed, b), append(set, d)
	}
	b, d := middle(relayed), middle(set)
	fmt.Printf("latency: bare relay %v, Set to watcher %v, ratio %.2f\n", b, d, float64(d.median)/float64(b.median))
	return nil
}

func measureThroughput() error {
	db, err := newDBPlay(true)
	if err != nil {
		return err
	}
	defer db.end()
	var set, deleted []float64
	for i := range *runs {
		t, err := db.throughput(i, *keys)
		if err != nil {
			return err
		}
		fmt.Printf("  set %.0f keys/s (calls alone %.0f/s; CPU for each key:%s), deleted %.0f keys/s; all contents right\n", t.set, t.calls, t.cpu, t.deleted)
		set, deleted = append(set, t.set), append(deleted, t.deleted)
	}
	fmt.Printf("throughput: set %.0f keys/s, deleted %.0f keys/s\n", median(set), median(deleted))
	return nil
}

func measureMemory() error {
	var all []float64
	for range min(*runs, 3) {
		m, err := memory(*keys)
		if err != nil {
			return err
		}
		fmt.Printf("  global node: %.0f octets resident for each key\n", m)
		all = append(all, m)
	}
	fmt.Printf("memory: %.0f octets resident at the global node for each key\n", median(all))
	return nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}
