// Package simrun runs a simulation with one seed after the other, on all cores, and sums up
// what the runs have met. It is for tests, to which it gives their flags.
package simrun

import (
	"flag"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// The flags of every simulation.
var (
	Seeds = flag.Int("seeds", 60, "how many seeds each simulation runs")
	First = flag.Uint64("seed-base", 1, "the first of them")
	Seed  = flag.Uint64("seed", 0, "run this seed alone")
	For   = flag.Duration("for", 0, "run seeds for so long instead of a number of them")
	About = flag.String("about", "", "with -seed: print the events with this word")
)

// A Result is what became of a seed.
type Result interface{ Failed() bool }

// Run runs seeds on all cores until there were n or, if during isn't 0, for so
// long. It stops early once some have failed.
func Run[R Result](base uint64, n int, during time.Duration, run func(seed uint64) R) iter.Seq[R] {
	return func(yield func(R) bool) {
		results := make(chan R)
		var next, bad atomic.Int64
		var all sync.WaitGroup
		start := time.Now()
		for range runtime.GOMAXPROCS(0) {
			all.Go(func() {
				for {
					i := next.Add(1) - 1
					if during == 0 && i >= int64(n) || during > 0 && time.Since(start) > during || bad.Load() >= maxFailures {
						return
					}
					r := run(base + uint64(i))
					if r.Failed() {
						bad.Add(1)
					}
					results <- r
				}
			})
		}
		go func() {
			all.Wait()
			close(results)
		}()
		for r := range results {
			if !yield(r) {
				bad.Store(maxFailures)
				for range results {
				}
			}
		}
	}
}

// maxFailures is after how many failed seeds a run gives up.
const maxFailures = 3
