package kernel

import (
	"flag"
	"fmt"
	"log/slog"
	"math/bits"
	"os"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/simrun"
	"github.com/aemp-go/aemp/loop/sim"
)

var simLog = flag.Bool("kernel-log", false, "with -seed: print what the nodes log")

// result is what became of a seed.
type result struct {
	seed   uint64
	hash   uint64
	report string // empty: nothing was wrong
	met    tally
	stats  sim.Stats
}

// TestSimulation runs random networks under random faults and checks what programs
// see against what they are promised.
//
//	go test ./kernel -run Simulation -seeds 2000 -seed-base 1
//	go test ./kernel -run Simulation -for 90s -seed-base $RANDOM
//	go test ./kernel -run Simulation -seed 17
func TestSimulation(t *testing.T) {
	if *simrun.Seed != 0 {
		r := simulate(*simrun.Seed, planted{})
		fails(t, r)
		t.Logf("seed %d: history %016x\nthe program: %s\nthe network: %s", r.seed, r.hash, simrun.Counts(r.met), simrun.Counts(r.stats))
		return
	}
	var met tally
	var stats sim.Stats
	n := 0
	for r := range simrun.Run(*simrun.First, *simrun.Seeds, *simrun.For, func(seed uint64) result { return simulate(seed, planted{}) }) {
		fails(t, r)
		simrun.Add(&met, r.met)
		simrun.Add(&stats, r.stats)
		n++
	}
	t.Logf("%d seeds from %d\nthe program: %s\nthe network: %s", n, *simrun.First, simrun.Counts(met), simrun.Counts(stats))
}

// Failed says whether something was wrong.
func (r result) Failed() bool { return r.report != "" }

func fails(t *testing.T, r result) {
	t.Helper()
	if r.Failed() {
		t.Errorf("%s\nseed %d failed; again: go test ./kernel -run 'TestSimulation$' -seed %d", r.report, r.seed, r.seed)
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
func simulate(seed uint64, f planted) result {
	var log *slog.Logger
	if *simLog {
		log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	net := newNetwork(newPlan(seed), f, log)
	defer net.w.Close()
	net.play()
	r := result{seed: seed, hash: net.h.Hash() ^ net.w.Fingerprint(), met: net.met, stats: net.w.Stats}
	r.met.Events = net.h.Len()
	if len(net.h.Violations()) > 0 {
		r.report = net.h.Report(60)
	}
	if *simrun.About != "" {
		r.report += net.h.About(*simrun.About)
	}
	for _, p := range net.w.Panics {
		if p.Value != "planned" {
			r.report += p.Error() + "\n"
		}
	}
	return r
}

// play takes a network through its days: actions and faults, then peace, then a
// last round of messages between all ports.
func (net *network) play() {
	if !net.run(net.busy) {
		return
	}
	net.heal()
	for _, x := range net.nodes {
		x.settleDown()
	}
	// Long enough for every timeout to be over.
	if !net.run(net.attempts + net.timing.ForeignSilence + 5*time.Second) {
		return
	}
	net.introduce()
	net.h.Calm()
	net.h.Note("last round")
	net.lastRound()
	for range 60 { // a slow reader takes its time
		if !net.run(2 * time.Second) {
			return
		}
		if net.h.Arrived() {
			break
		}
	}
	if !net.run(2 * probeTimeout) { // spare connections end
		return
	}
	for _, x := range net.nodes {
		x.proc.finish()
	}
	net.h.Finish()
}

// run lets time pass, and says whether nothing was wrong.
func (net *network) run(d time.Duration) bool {
	wrong := func() bool { return len(net.h.Violations()) > 0 || len(net.w.Panics) > 0 }
	end := net.w.Now() + d
	if net.w.RunUntil(d, wrong) {
		return false
	}
	net.w.Run(end)
	return true
}

// settleDown lets the node be up for good.
func (x *simNode) settleDown() {
	if x.proc == nil {
		x.restart()
	}
}

// lastRound: every living port sends to every other.
func (net *network) lastRound() {
	for _, x := range net.nodes {
		p := x.proc
		for _, name := range sortedKeys(p.named) {
			a := p.named[name]
			a.port.change(func() {
				for _, to := range net.ports {
					a.send(&a.port.ctx, to, 0)
				}
			})
		}
	}
}

// finish looks for what is left over in a process that is at rest.
func (p *process) finish() {
	n := p.n
	p.p.Left("unplanned panics", int(n.panics.Load()-p.planned))
	p.p.Left("buffers in use", int(n.blocks.used.Load()))
	p.p.Left("handshakes", int(n.handshakes.Load()))
	p.dataLeftOver()
	for _, s := range n.shards {
		p.p.Left("octets in inboxes", s.inbox.level())
		p.p.Left("items in run queues", len(s.runq.blocks))
		p.p.Left("senders waiting for an inbox", s.inbox.waiters.Len())
	}
	for _, name := range sortedKeys(p.named) {
		if b := p.named[name].port.box; b != nil {
			p.p.Left("octets in mailboxes", b.size)
		}
	}
	for _, x := range n.shards {
		for _, q := range x.ownPeers() {
			if q.live != nil {
				q.live.link.Settle()
			}
			octets, _ := q.out.Level()
			p.p.Left("octets for "+q.id, octets)
			p.p.Left("monitors on their way to "+q.id, int(q.arriving.Load()))
			spare := len(q.conns)
			if q.live != nil {
				spare--
				p.p.Left("pauses by inboxes", bits.OnesCount64(q.live.feed.held))
			}
			p.p.Left("surplus connections with "+q.id, spare)
			p.sameMonitors(q)
		}
	}
}

// sameMonitors: what we monitor there is what is held there for us.
func (p *process) sameMonitors(q *peer) {
	asked := 0
	for name, w := range q.watched {
		if name == "" {
			continue
		}
		if w.sharing > 0 {
			asked++
		}
		asked += len(w.watchers) - w.sharing
	}
	for _, x := range p.net.nodes {
		if x.id == q.id {
			if back := x.proc.n.peers.get(p.id); back != nil {
				p.p.Left(fmt.Sprintf("monitors (%d here, %d there) that only one side knows, with %s", asked, back.held, q.id), asked-back.held)
			}
		}
	}
}
