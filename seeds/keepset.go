package seeds

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A Connector is what a KeepSet needs of the node. WatchNodes' callbacks come on Loop.
type Connector interface {
	Loop() loop.Loop

	// Connect starts an attempt to reach a node, unless there is a link or an
	// attempt already. Only WatchNodes tells what came of it.
	Connect(node string)

	// WatchNodes calls changed for each node that is connected, then for each
	// link that comes up or ends.
	WatchNodes(changed func(node string, up bool))
}

// A KeepSet keeps nodes connected that are known by their IDs: the other global nodes
// for a global one, and any that a program names. It tries at once, then after
// (1 + rand) × 0.6 s with a doubling bound, up to the monitor timeout (protocol 6), and
// soon again when a link is lost. It belongs to the loop.
type KeepSet struct {
	network Connector
	loop    loop.Loop
	machine *keepMachine
	timers  map[string]*keepTimer
	closed  bool
}

// NewKeepSet makes an empty KeepSet, to be started. Any goroutine.
func NewKeepSet(n Connector, monitorTimeout time.Duration) *KeepSet {
	s := &KeepSet{network: n, loop: n.Loop(), timers: make(map[string]*keepTimer)}
	s.machine = newKeepMachine(monitorTimeout, func() float64 { return random(s.loop) })
	return s
}

// Start begins to follow which nodes are connected. Once, on the loop, before Keep.
func (s *KeepSet) Start() { s.network.WatchNodes(s.nodeChanged) }

// Keep keeps a node connected until Release has been called as often as Keep. On the
// loop.
func (s *KeepSet) Keep(node string) { s.apply(s.machine.keep(s.loop.Now(), node)) }

// Release ends one Keep. The link stays, but when it is lost it isn't made again. A node
// that isn't kept is ignored. On the loop.
func (s *KeepSet) Release(node string) { s.apply(s.machine.release(node)) }

// Close ends all attempts; links stay. On the loop.
func (s *KeepSet) Close() {
	s.closed = true
	for _, t := range s.timers {
		t.timer.Stop()
	}
	s.timers = nil
}

func (s *KeepSet) nodeChanged(node string, up bool) {
	if up {
		s.apply(s.machine.nodeUp(node))
	} else {
		s.apply(s.machine.nodeDown(s.loop.Now(), node))
	}
}

func (s *KeepSet) apply(actions []Action) {
	if s.closed {
		return
	}
	for _, a := range actions {
		switch a.Do {
		case Connect:
			s.network.Connect(a.Node)
		case SetTimer:
			s.timer(a.Node).timer.Reset(a.At - s.loop.Now())
		case StopTimer:
			s.stop(a.Node)
		}
	}
}

// A keepTimer is the timer of one node while it isn't connected.
type keepTimer struct {
	set   *KeepSet
	node  string
	timer loop.Timer
}

func (t *keepTimer) Run() { t.set.apply(t.set.machine.tick(t.set.loop.Now(), t.node)) }

func (s *KeepSet) timer(node string) *keepTimer {
	t := s.timers[node]
	if t == nil {
		t = &keepTimer{set: s, node: node}
		t.timer = s.loop.NewTimer(t)
		s.timers[node] = t
	}
	return t
}

func (s *KeepSet) stop(node string) {
	if t := s.timers[node]; t != nil {
		t.timer.Stop()
		delete(s.timers, node)
	}
}
