package kernel

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// plan says what network a seed makes, and how bad its days are.
type plan struct {
	nodes    []nodePlan
	world    sim.Options
	timing   link.Timing
	marks    link.Marks
	bounds   *bounds
	tls      bool
	busy     time.Duration // how long there are actions and faults
	pace     time.Duration // mean time between two actions of one actor
	crash    time.Duration // mean time between two crashes; 0: none
	big      int           // one in so many messages is big
	attempts time.Duration // MonitorTimeout
}

type nodePlan struct {
	id         string
	loops      int
	perl       bool
	ports      int
	goroutines int
	mailbox    bool
	addresses  int
}

func newPlan(seed uint64) plan {
	r := rand.New(rand.NewPCG(seed, 'p'))
	oneIn := func(n int) bool { return r.IntN(n) == 0 }
	upTo := func(d time.Duration) time.Duration { return 1 + time.Duration(r.Int64N(int64(d))) }
	p := plan{
		timing:   link.DefaultTiming,
		busy:     2*time.Second + upTo(10*time.Second),
		attempts: 4 * time.Second,
		big:      5 + r.IntN(60),
		tls:      oneIn(6),
	}
	n := 2 + r.IntN(7)
	if oneIn(2) {
		n = 2 + r.IntN(2)
	}
	perl := -1
	if oneIn(4) {
		perl = r.IntN(n)
	}
	for i := range n {
		p.nodes = append(p.nodes, nodePlan{
			id:         fmt.Sprintf("n%d", i),
			loops:      1 + r.IntN(4),
			perl:       i == perl,
			ports:      1 + r.IntN(3),
			goroutines: r.IntN(3),
			mailbox:    oneIn(3),
			addresses:  1 + r.IntN(2),
		})
	}
	actions := 150 + r.IntN(450)
	p.pace = p.busy * time.Duration(3*n) / time.Duration(actions)
	if oneIn(3) { // a link's times in which faults begin to overlap
		p.timing.Heartbeat, p.timing.Silence = 300*time.Millisecond, 1500*time.Millisecond
		p.timing.Ask, p.timing.ForeignSilence = 1500*time.Millisecond, 4500*time.Millisecond
	}
	if !oneIn(4) { // back-pressure is met with little traffic
		p.marks = link.Marks{Low: 2 << 10, High: 8 << 10, Hard: 64 << 10}
		b := bounds{
			inbox:   link.Marks{Low: 1 << 10, High: 4 << 10, Hard: 256 << 10},
			mailbox: link.Marks{Low: 1 << 10, High: 4 << 10, Hard: 256 << 10},
			runTurn: 1 + r.IntN(64),
			busy:    128,
			enough:  1 << 10,
		}
		p.bounds = &b
		p.world.MinBuffer, p.world.MaxBuffer = 256, 8<<10
	}
	p.world.Seed = seed
	p.world.MinLatency = upTo(time.Millisecond)
	p.world.MaxLatency = p.world.MinLatency + upTo([]time.Duration{time.Millisecond, 20 * time.Millisecond, 300 * time.Millisecond}[r.IntN(3)])
	if p.world.MaxLatency > 10*time.Millisecond && p.world.MinBuffer > 0 { // or else signs of life come too late
		p.world.MinBuffer, p.world.MaxBuffer = 16<<10, 64<<10
	}
	if p.world.MaxLatency > 30*time.Millisecond {
		p.timing = link.DefaultTiming
	}
	if !oneIn(5) {
		f := &p.world.Faults
		f.Reset = 200*time.Millisecond + upTo(3*time.Second)
		f.HalfDead = 500*time.Millisecond + upTo(5*time.Second)
		f.Partition = 500*time.Millisecond + upTo(5*time.Second)
		f.Stall = 100*time.Millisecond + upTo(2*time.Second)
		f.StallFor = upTo(100 * time.Millisecond)
		f.PartitionFor = upTo(8 * time.Second)
		f.SlowReaders = 1 + r.IntN(20)
		if !oneIn(3) {
			p.crash = 500*time.Millisecond + upTo(5*time.Second)
		}
	}
	return p
}
