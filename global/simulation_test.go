package global

import (
	"flag"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/simrun"
	"github.com/aemp-go/aemp/loop/sim"
)

var simLogs = flag.Bool("global-log", false, "with -seed: print what the nodes log")

// simResult is what became of a seed.
type simResult struct {
	seed   uint64
	hash   uint64
	report string // empty: nothing was wrong
	met    simTally
	stats  sim.Stats
}

// TestSimulation runs random networks with a database under random faults and checks
// what programs see of it against what they are promised.
//
//	go test ./global -run Simulation -seeds 2000 -seed-base 1
//	go test ./global -run Simulation -for 90s -seed-base $RANDOM
//	go test ./global -run Simulation -seed 17
func TestSimulation(t *testing.T) {
	if *simrun.Seed != 0 {
		r := simulate(*simrun.Seed, planted{})
		r.fails(t)
		t.Logf("seed %d: history %016x\nthe program: %s\nthe network: %s", r.seed, r.hash, simrun.Counts(r.met), simrun.Counts(r.stats))
		return
	}
	var met simTally
	var stats sim.Stats
	n := 0
	for r := range simrun.Run(*simrun.First, *simrun.Seeds, *simrun.For, func(seed uint64) simResult { return simulate(seed, planted{}) }) {
		r.fails(t)
		simrun.Add(&met, r.met)
		simrun.Add(&stats, r.stats)
		n++
	}
	t.Logf("%d seeds from %d\nthe program: %s\nthe network: %s", n, *simrun.First, simrun.Counts(met), simrun.Counts(stats))
}

// Failed says whether something was wrong.
func (r simResult) Failed() bool { return r.report != "" }

func (r simResult) fails(t *testing.T) {
	t.Helper()
	if r.Failed() {
		t.Errorf("%s\nseed %d failed; again: go test ./global -run 'TestSimulation$' -seed %d", r.report, r.seed, r.seed)
	}
}

// TestSimulationOfOneSeedIsAlwaysTheSame: or else a failure couldn't be replayed.
func TestSimulationOfOneSeedIsAlwaysTheSame(t *testing.T) {
	for seed := range uint64(5) {
		a, b := simulate(*simrun.First+seed, planted{}), simulate(*simrun.First+seed, planted{})
		if a.hash != b.hash {
			t.Errorf("seed %d: history %x, then %x", *simrun.First+seed, a.hash, b.hash)
		}
	}
}

// simulate runs one seed, with a planted fault or none.
func simulate(seed uint64, f planted) simResult {
	var log *slog.Logger
	if *simLogs {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	net := newSimNet(newSimPlan(seed), f, log)
	defer net.w.Close()
	net.play()
	r := simResult{seed: seed, hash: net.h.Hash() ^ net.w.Fingerprint(), met: net.met, stats: net.w.Stats}
	r.met.Events = net.h.Len()
	if len(net.h.Violations()) > 0 {
		r.report = net.h.Report(60)
	}
	if *simrun.About != "" {
		r.report += net.h.About(*simrun.About)
	}
	for _, p := range net.w.Panics {
		r.report += p.Error() + "\n"
	}
	return r
}

// play takes a network through its days: actions and faults until there were enough
// changes of masters, then peace, and then a look at everything.
func (net *simNet) play() {
	if !net.run(net.busy) {
		return
	}
	for i := 0; net.met.Masters < simMasters && i < maxExtension; i++ {
		net.loseMaster()
		if !net.run(net.busy / 4) {
			return
		}
	}
	net.heal()
	// The longest pause between two attempts, until dead links are noticed, and 5 s.
	if !net.run(net.bound + net.timing.ForeignSilence) {
		return
	}
	for range 120 { // a slow reader takes its time
		if !net.crowded() {
			break
		}
		if !net.run(time.Second) {
			return
		}
	}
	if !net.run(net.rest) {
		return
	}
	net.h.Note("last look")
	for _, x := range net.living() {
		if x.life.isCertain() {
			x.life.p.Left("patient queries", x.life.p.Open(patientQuery))
		}
	}
	net.check()
	net.lastRound()
	for net.asking() && net.run(time.Second) {
	}
	if !net.run(time.Second) {
		return
	}
	if net.met.Masters < simMasters {
		net.nodes[0].life.p.Left("changes of master missing", simMasters-net.met.Masters)
	}
	net.finish()
	net.h.Finish()
}

// crowded says whether something waits for a node to read what came before.
func (net *simNet) crowded() bool {
	return slices.ContainsFunc(net.living(), func(x *simNode) bool { return x.life.base.behind() })
}

// asking says whether a query of the last round isn't answered.
func (net *simNet) asking() bool {
	return slices.ContainsFunc(net.living(), func(x *simNode) bool { return x.life.p.Open("last query") > 0 })
}

// maxExtension bounds how many quarters of its time a run is extended.
const maxExtension = 100

// heal ends all faults, and all actions.
func (net *simNet) heal() {
	net.over = true
	net.h.Note("faults end")
	net.w.StopFaults()
	if net.oneIn(3) {
		net.bury()
	}
	for _, x := range net.nodes {
		switch {
		case x.dead:
		case x.life == nil:
			x.restart()
		case x.original && !x.life.closing && !x.life.base.ready() && net.oneIn(2):
			net.crash(x) // it is stuck, perhaps for ever
		}
	}
}

// bury ends a node for good, if there is one that isn't a seed.
func (net *simNet) bury() {
	i := net.r.IntN(len(net.nodes))
	x := net.nodes[i]
	if x.life == nil || x.life.closing || net.isSeed(x) {
		return
	}
	x.dead = true
	net.crash(x)
}

// run lets time pass, and says whether nothing was wrong.
func (net *simNet) run(d time.Duration) bool {
	wrong := func() bool { return len(net.h.Violations()) > 0 || len(net.w.Panics) > 0 }
	end := net.w.Now() + d
	if net.w.RunUntil(d, wrong) {
		return false
	}
	net.w.Run(end)
	return true
}
