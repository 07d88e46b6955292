// Scale runs whole networks of real nodes, kernel, seeds and database, in the simulator,
// and measures what grows with them: joining, idling, telling all watchers of a change,
// losing a global node. The smallest network is measured with real processes, too.
//
//	cd bench/scale && go run .          # all, and write the tables and plots of docs/scale.md
//	cd bench/scale && go run . -quick   # small networks; writes nothing
//	cd bench/scale && go run . -slaves 1000 -globals 3 -docs "" -cpuprofile cpu -memprofile mem
package main

import (
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"syscall"
	"time"
)

var (
	quick      = flag.Bool("quick", false, "small networks, shorter; nothing is written")
	slaveList  = flag.String("slaves", "10,100,1000,5000", "how many slaves")
	globalList = flag.String("globals", "3,7,15", "how many global nodes")
	seedCount  = flag.Int("seeds", 3, "how many of the global nodes each slave knows")
	changes    = flag.Int("changes", 20, "how many changes are timed")
	rest       = flag.Duration("rest", time.Minute, "how long the network is watched at rest")
	docs       = flag.String("docs", "../../docs", "where scale.md is; empty: write nothing")
	verbose    = flag.Bool("v", false, "log what nodes warn of")
	cpuProfile = flag.String("cpuprofile", "", "write a profile of the simulation there")
	memProfile = flag.String("memprofile", "", "write a profile of the memory of the first network at rest there")
	role       = flag.String("role", "", "used by the program itself")
)

func main() {
	flag.Parse()
	err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run() error {
	if *role != "" {
		return play(*role)
	}
	if *quick {
		*slaveList, *globalList, *docs = "10,100,1000", "3,7", ""
		*rest = 10 * time.Second
	}
	plans, err := plan()
	if err != nil {
		return err
	}
	if *docs != "" { // what is wrong there is better told now
		if _, err := fillPage(*docs, nil, nil); err != nil {
			return err
		}
	}
	if *cpuProfile != "" {
		f, err := os.Create(*cpuProfile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	debug.SetGCPercent(200) // there is memory enough, and collecting is half of the time
	debug.SetMemoryLimit(8 << 30)
	began := time.Now()
	var all []*result
	for _, p := range plans {
		r, err := measure(p, logger())
		if err != nil {
			return err
		}
		all = append(all, r)
		fmt.Println(r)
	}
	check, err := crossCheck()
	if check != nil {
		fmt.Println(check)
	}
	if err != nil {
		return err
	}
	fmt.Printf("all in %v, with %d MiB at most\n", time.Since(began).Round(time.Second), peakMemory())
	if *docs == "" {
		return nil
	}
	return write(*docs, all, check)
}

func plan() (plans []measurement, err error) {
	slaves, err := numbers(*slaveList)
	if err != nil {
		return nil, err
	}
	globals, err := numbers(*globalList)
	if err != nil {
		return nil, err
	}
	for _, s := range slaves {
		for _, g := range globals {
			if g < 2 || *seedCount < 2 {
				return nil, errors.New("there must be two global nodes and two seeds, for one is going to be lost")
			}
			plans = append(plans, measurement{Slaves: s, Globals: g, Seeds: min(*seedCount, g), RestFor: *rest, Changes: *changes})
		}
	}
	return plans, nil
}

func numbers(list string) (all []int, err error) {
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no list of numbers", list)
		}
		all = append(all, n)
	}
	return all, nil
}

// logger keeps quiet about what is expected: global nodes are lost on purpose.
func logger() *slog.Logger {
	level := slog.LevelError
	if *verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// keepHeapProfile writes the memory profile, if one is wanted.
func keepHeapProfile() error {
	if *memProfile == "" {
		return nil
	}
	f, err := os.Create(*memProfile)
	if err != nil {
		return err
	}
	defer f.Close()
	*memProfile = "" // of one network only
	return pprof.Lookup("heap").WriteTo(f, 0)
}

// peakMemory is the process's peak resident memory in MiB.
func peakMemory() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Maxrss / 1024
}
