package global

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// simPlan says what network a seed makes, and how bad its days are.
type simPlan struct {
	nodes  []simNodePlan
	world  sim.Options
	timing link.Timing
	marks  link.Marks
	bound  time.Duration // MonitorTimeout: of attempts, and of the pauses between them
	rest   time.Duration // before the last look
	busy   time.Duration // how long there are actions and faults
	pace   time.Duration // mean time between two actions of one actor
	swap   time.Duration // mean time between two losses of a master
	crash  time.Duration // mean time between two crashes of any node; 0: none
	dark   time.Duration // when all nodes lose their power; 0: never
	split  time.Duration // mean time between two partitions of global nodes; 0: none
	big    int           // one in so many values is big
	huge   bool          // and very big
}

type simNodePlan struct {
	id       string
	loops    int
	original bool
	json     bool          // its links speak JSON
	seeds    []int         // indices of nodes
	global   bool          // by its own decision; others are by being a seed
	actors   int           // goroutines
	ports    int           // ports that act
	skew     time.Duration // of its wall clock
}

const (
	simMasters = 10 // changes of master that a run has at least
	simShared  = 6  // keys that everybody sets
)

var simFamilies = []string{"f0", "f1", "f2"}

// simPorts is the family in which ports are registered.
const simPorts = "ports"

func newSimPlan(seed uint64) simPlan {
	r := rand.New(rand.NewPCG(seed, 'd'))
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	upTo := func(d time.Duration) time.Duration { return 1 + time.Duration(r.Int64N(int64(d))) }
	p := simPlan{
		timing: link.DefaultTiming,
		bound:  4 * time.Second,
		rest:   5 * time.Second,
		busy:   6*time.Second + upTo(12*time.Second),
		big:    20 + r.IntN(100),
	}
	n := 3 + r.IntN(10)
	if oneIn(2) {
		n = 3 + r.IntN(3)
	}
	p.nodes = simNodes(r, n, 1+r.IntN(min(4, n-1)))
	p.pace = p.busy * time.Duration(3*n) / time.Duration(150+r.IntN(450))
	p.swap = p.busy / time.Duration(10+r.IntN(10))
	p.timing.Heartbeat, p.timing.Silence = 300*time.Millisecond, 1500*time.Millisecond
	p.timing.Ask, p.timing.ForeignSilence = 1500*time.Millisecond, 4500*time.Millisecond
	if oneIn(3) { // back-pressure is met with little traffic
		p.marks = link.Marks{Low: 2 << 10, High: 8 << 10, Hard: 1 << 20}
		p.world.MinBuffer, p.world.MaxBuffer = 4<<10, 16<<10
		p.big = 5 + r.IntN(20)
	}
	p.world.Seed = seed
	p.world.MinLatency = upTo(time.Millisecond)
	p.world.MaxLatency = p.world.MinLatency + upTo([]time.Duration{time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond}[r.IntN(3)])
	if oneIn(15) { // families come in parts
		p.nodes = simNodes(r, 4, 1+r.IntN(2))
		p.marks, p.huge, p.big = link.Marks{}, true, 4
		p.world.MinBuffer, p.world.MaxBuffer = 0, 0
		p.rest = time.Minute // a queue that isn't crowded may take a slow reader so long
	}
	if p.world.MaxLatency > 30*time.Millisecond {
		p.timing = link.DefaultTiming
	}
	if !oneIn(5) {
		f := &p.world.Faults
		f.Reset = time.Second + upTo(5*time.Second)
		f.HalfDead = time.Second + upTo(8*time.Second)
		f.Partition = time.Second + upTo(8*time.Second)
		f.Stall = 100*time.Millisecond + upTo(2*time.Second)
		f.StallFor = upTo(100 * time.Millisecond)
		f.PartitionFor = upTo(6 * time.Second)
		f.SlowReaders = 1 + r.IntN(30)
		if oneIn(10) {
			p.dark = upTo(p.busy)
		}
		p.split = time.Second + upTo(8*time.Second)
		if !oneIn(3) {
			p.crash = time.Second + upTo(6*time.Second)
		}
	}
	return p
}

// simNodes are n nodes, of which the first few are to be global.
func simNodes(r *rand.Rand, n, globals int) []simNodePlan {
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	var nodes []simNodePlan
	sparse := oneIn(2) // globals hear of each other in the database only
	for i := range n {
		x := simNodePlan{id: fmt.Sprintf("n%d", i), loops: 1 + r.IntN(4), actors: r.IntN(3), ports: 1 + r.IntN(2)}
		if oneIn(3) {
			x.skew = time.Duration(r.Int64N(int64(20*time.Minute))) - 10*time.Minute
		}
		if oneIn(20) {
			x.skew = 3 * time.Hour
		}
		for g := range globals {
			if g != i && (i < globals && !sparse || i >= globals && !oneIn(4)) {
				x.seeds = append(x.seeds, g)
			}
		}
		if sparse && 0 < i && i < globals {
			x.seeds = append(x.seeds, r.IntN(i))
		}
		switch {
		case i >= globals:
			if len(x.seeds) == 0 {
				x.seeds = append(x.seeds, r.IntN(globals))
			}
		case i == 0 && (globals == 1 || sparse) || oneIn(3): // its own seed
			x.seeds = append(x.seeds, i)
		case oneIn(2):
			x.global = true
		}
		r.Shuffle(len(x.seeds), func(a, b int) { x.seeds[a], x.seeds[b] = x.seeds[b], x.seeds[a] })
		nodes = append(nodes, x)
	}
	for originals := r.IntN(6) - 2; originals > 0; originals-- {
		i := r.IntN(n)
		if sparse && i < globals && nodes[0].original {
			continue // two originals don't look for each other again
		}
		nodes[i].original, nodes[i].global = true, false
		nodes[i].json = i >= globals && oneIn(2) // not one with slaves, who might lose what they can't tell it
	}
	return nodes
}
