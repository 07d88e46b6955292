package main

import (
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"syscall"
	"time"

	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
)

// A measurement is what network to measure, and how long.
type measurement struct {
	Slaves, Globals int
	Seeds           int // that each slave knows
	RestFor         time.Duration
	Changes         int
}

// A result is what was measured of one network. Times are the network's own.
type result struct {
	measurement
	Join   phase
	Watch  phase
	Rest   traffic // in a minute
	Change change
	Ended  loss  // a global node's process ends
	Gone   loss  // the machine of one is gone, and nobody is told
	Crowd  phase // all slaves watch a family of as many keys
	Blink  loss  // a global node's process ends after that, so a third of the keys goes and comes back
	Heap   float64
	Bare   float64       // of Heap, what the simulator takes for itself
	Wall   time.Duration // real, for all of it
}

// A phase is how long something took all nodes, and what they said meanwhile.
type phase struct {
	Time time.Duration
	traffic
}

// change is what it takes to tell all watchers of one changed key.
type change struct {
	Median, Longest time.Duration
	CPU             time.Duration // real, for each watcher, with the simulator's
	traffic
}

const (
	members  = "members" // each slave holds a key in it; the global nodes watch it
	news     = "news"    // the slaves watch it
	headline = "headline"
)

// measure takes a network through its life.
func measure(p measurement, log *slog.Logger) (*result, error) {
	began := time.Now()
	w, err := newNetwork(p.Globals, log)
	if err != nil {
		return nil, err
	}
	defer w.Close()
	r := &result{measurement: p}
	before := heap()
	steps := []func(*result) error{w.join, w.rest, w.weigh(before), w.watch, w.change, w.endProcess, w.loseMachine, w.crowd, w.blink}
	for _, step := range steps {
		if err := step(r); err != nil {
			return nil, fmt.Errorf("%d slaves, %d global nodes: %w", p.Slaves, p.Globals, err)
		}
	}
	if r.Bare, err = bareHeap(p.Slaves, p.Seeds); err != nil {
		return nil, err
	}
	r.Wall = time.Since(began)
	return r, nil
}

// phase measures until something holds.
func (w *network) phase(what string, holds func() bool) (p phase, err error) {
	start, before := w.Now(), w.read()
	err = w.until(what, holds)
	return phase{w.Now() - start, w.since(before)}, err
}

// join: all slaves start, until each has a master and the global nodes know all of them.
func (w *network) join(r *result) (err error) {
	for _, g := range w.globals {
		if err := g.countMembers(); err != nil {
			return err
		}
	}
	if err := w.startSlaves(r.Slaves, r.Seeds); err != nil {
		return err
	}
	for _, s := range w.slaves {
		if err := s.db.Set(members, s.ID(), 1); err != nil {
			return err
		}
	}
	r.Join, err = w.phase("all have joined", both(
		each(w.slaves, func(n *node) bool { return n.db.Master() != "" && n.links >= r.Seeds }),
		each(w.globals, func(n *node) bool { return n.members == r.Slaves }),
	))
	return err
}

// rest: nothing happens.
func (w *network) rest(r *result) error {
	w.Run(w.Now() + 5*time.Second)
	before := w.read()
	w.Run(w.Now() + r.RestFor)
	r.Rest = w.since(before).times(float64(time.Minute) / float64(r.RestFor))
	return nil
}

// weigh: what the memory has grown by for each slave, wherever.
func (w *network) weigh(before uint64) func(*result) error {
	return func(r *result) error {
		r.Heap = float64(int64(heap()-before)) / float64(r.Slaves)
		return keepHeapProfile()
	}
}

// watch: all slaves begin to watch a family.
func (w *network) watch(r *result) (err error) {
	if err := w.set(w.slaves[0], headline, 0); err != nil {
		return err
	}
	for _, s := range w.slaves {
		if err := s.follow(w); err != nil {
			return err
		}
	}
	r.Watch, err = w.phase("all slaves watch", each(w.slaves, w.isRight))
	return err
}

// set sets a key of the news, and remembers what all have to see.
func (w *network) set(s *node, key string, value int64) error {
	w.expected[key] = value
	return s.db.Set(news, key, value)
}

// isRight says whether a slave has been shown everything.
func (w *network) isRight(n *node) bool { return maps.Equal(n.view, w.expected) }

// follow keeps what the slave is shown of the news.
func (n *node) follow(w *network) error {
	n.view = map[string]int64{}
	_, err := n.db.Watch(news, func(_ *kernel.Context, c global.Change) {
		for _, key := range slices.Concat(c.Added, c.Changed) {
			v, _ := c.View.Get(key)
			number, err := v.Int()
			if err != nil {
				panic(err)
			}
			n.view[key] = number
			if key == headline && number == w.awaited {
				w.missing--
			}
		}
		for _, key := range c.Deleted {
			delete(n.view, key)
		}
	})
	return err
}

// countMembers has a global node count the members that it knows.
func (n *node) countMembers() error {
	_, err := n.db.Watch(members, func(_ *kernel.Context, c global.Change) { n.members = c.View.Len() })
	return err
}

// change: one slave after the other sets a key, which all of them watch.
func (w *network) change(r *result) error {
	var times []time.Duration
	before, cpu := w.read(), cpuTime()
	for i := range r.Changes {
		start := w.Now()
		w.awaited, w.missing = int64(1000+i), len(w.slaves)
		if err := w.set(w.slaves[i*7919%len(w.slaves)], headline, w.awaited); err != nil {
			return err
		}
		if !w.RunUntil(patience, func() bool { return w.missing == 0 }) {
			return fmt.Errorf("in vain: all watchers see change %d", i)
		}
		times = append(times, w.Now()-start)
		w.Run(w.Now() + 10*time.Millisecond)
	}
	slices.Sort(times)
	r.Change = change{
		Median:  times[len(times)/2],
		Longest: times[len(times)-1],
		CPU:     (cpuTime() - cpu) / time.Duration(r.Changes*len(w.slaves)),
		traffic: w.since(before).times(1 / float64(r.Changes)),
	}
	return nil
}

func both(a, b func() bool) func() bool { return func() bool { return a() && b() } }

func (t traffic) times(f float64) traffic {
	return traffic{t.Slave.times(f), t.Global.times(f)}
}

func (l load) times(f float64) load { return load{l.Messages * f, l.Heartbeats * f, l.Octets * f} }

// cpuTime is what the process has used so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // can't be
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
