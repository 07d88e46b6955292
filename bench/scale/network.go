package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"slices"
	"time"

	"github.com/aemp-go/aemp/loop/sim"
	"github.com/aemp-go/aemp/seeds"
)

// A network is a simulated one: global nodes, which are each other's seeds, and slaves, of
// which each knows some of them.
type network struct {
	*sim.World
	log     *slog.Logger
	seeds   []seeds.Seed
	globals []*node
	slaves  []*node

	expected map[string]int64 // what the news have to be
	awaited  int64            // a headline
	missing  int              // slaves that haven't seen it
	crowded  bool             // the slaves watch the members
}

const port = 4040

// newNetwork starts the global nodes and waits until they know each other.
func newNetwork(globals int, log *slog.Logger) (*network, error) {
	w := &network{World: sim.New(sim.Options{Seed: 1}), log: log, expected: map[string]int64{}}
	for i := range globals {
		list, err := seeds.Parse([]string{fmt.Sprintf("%v:%d", w.Host(globalID(i)).Addr(), port)})
		if err != nil {
			return nil, err
		}
		w.seeds = append(w.seeds, list...)
	}
	for i := range globals {
		n, err := w.start(globalID(i), w.seeds)
		if err != nil {
			return nil, err
		}
		w.globals = append(w.globals, n)
	}
	err := w.until("the global nodes know each other", func() bool {
		return !slices.ContainsFunc(w.globals, func(n *node) bool { return !n.db.IsGlobal() || n.links < globals-1 })
	})
	w.Run(w.Now() + settling) // until they have told each other what they have
	return w, err
}

// settling is how long a small network needs at most for anything.
const settling = time.Second

func globalID(i int) string { return fmt.Sprintf("global-%02d", i+1) }
func slaveID(i int) string  { return fmt.Sprintf("slave-%04d", i+1) }

// start starts a node on a host of its own.
func (w *network) start(id string, list []seeds.Seed) (*node, error) {
	host := w.Host(id)
	return startNode(host.Group(1), id, netip.AddrPortFrom(host.Addr(), port), list, w.log)
}

// startSlaves starts all of them at the same moment. Each knows so many seeds, the first
// global node among them, and the others in turn.
func (w *network) startSlaves(n, seedCount int) error {
	others := w.seeds[1:]
	for i := range n {
		list := []seeds.Seed{w.seeds[0]}
		for j := range seedCount - 1 {
			list = append(list, others[(i*(seedCount-1)+j)%len(others)])
		}
		s, err := w.start(slaveID(i), list)
		if err != nil {
			return err
		}
		s.seeds = list
		w.slaves = append(w.slaves, s)
	}
	return nil
}

// patience is how long the network may take for anything, in its own time.
const patience = 10 * time.Minute

// until lets the network go on until something holds, looked at every millisecond.
func (w *network) until(what string, holds func() bool) error {
	for end := w.Now() + patience; !holds(); w.Run(w.Now() + time.Millisecond) {
		if len(w.Panics) > 0 {
			return w.Panics[0]
		}
		if w.Now() > end {
			return errors.New("in vain: " + what)
		}
	}
	return nil
}

// each makes a condition of many nodes that is cheap to look at: what holds for a node
// is asked again only once it holds for all before it.
func each(nodes []*node, holds func(*node) bool) func() bool {
	left := nodes
	return func() bool {
		for len(left) > 0 && holds(left[0]) {
			left = left[1:]
		}
		if len(left) > 0 {
			return false
		}
		for _, n := range nodes {
			if !holds(n) {
				left = nodes
				return false
			}
		}
		return true
	}
}

// A reading is what the meters of all nodes show at one time.
type reading struct{ slaves, globals tally }

func (w *network) read() (r reading) {
	for _, n := range w.slaves {
		r.slaves = r.slaves.plus(n.in).plus(n.out)
	}
	for _, n := range w.globals {
		r.globals = r.globals.plus(n.in).plus(n.out)
	}
	return r
}

// traffic is what went over the connections of one slave and of one global node, in
// both directions, on average.
type traffic struct{ Slave, Global load }

type load struct{ Messages, Heartbeats, Octets float64 }

// since is the traffic after an earlier reading.
func (w *network) since(before reading) traffic {
	now := w.read()
	return traffic{
		now.slaves.minus(before.slaves).per(len(w.slaves)),
		now.globals.minus(before.globals).per(len(w.globals)),
	}
}

func (t tally) per(n int) load {
	d := float64(n)
	return load{float64(t.Messages) / d, float64(t.Heartbeats) / d, float64(t.Octets) / d}
}

// heap is what is in use, after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what pools hold is free only now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
