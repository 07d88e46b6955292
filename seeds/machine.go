package seeds

import (
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

// ErrSelf is what a dial ends with, wrapped or not, that reached this very node:
// our own ID and our own instance. (Another process with our ID is another error.)
var ErrSelf = errors.New("seeds: the seed is this node")

// A Machine decides when to ask which source, and when to resolve and dial which seed.
// It does no I/O and has no clock: each input says what happened when, and returns what
// to do now. Time is that of the loop and never goes back.
type Machine struct {
	random  func() float64
	most    time.Duration // monitor timeout
	sources []*source
	seeds   []*kept
	targets map[netip.AddrPort]*target
	up      map[string]bool // nodes with a link
	timer   time.Duration   // when Tick was last asked for; 0: not at all
	global  bool            // Promote was said
	alone   bool            // ErrNoSeed was reported
	out     []Action        // of the running input
}

// kept is one seed.
type kept struct {
	seed      Seed
	listed    int // by so many lists; 0: it is kept until its links end
	schedule  schedule
	resolving bool
	crowded   bool      // it has too many addresses, which was logged
	fault     error     // it doesn't resolve, which was logged
	trouble   error     // that was reported
	targets   []*target // what it resolved to last
	former    []*target // not listed any more, but connected or being dialled
}

// all is every address where a node may count as this seed's.
func (k *kept) all() []*target { return slices.Concat(k.targets, k.former) }

// NewMachine keeps the given seeds connected, and those that sources with the given
// names list. No pause is above monitorTimeout. random draws from [0, 1).
func NewMachine(seeds []Seed, sources []Listing, monitorTimeout time.Duration, random func() float64) *Machine {
	if monitorTimeout <= 0 {
		panic("seeds: a monitor timeout of nothing")
	}
	m := &Machine{
		random:  random,
		most:    monitorTimeout,
		targets: make(map[netip.AddrPort]*target),
		up:      make(map[string]bool),
	}
	for _, seed := range seeds {
		m.enlist(seed)
	}
	for _, s := range sources {
		m.sources = append(m.sources, &source{Listing: s, schedule: m.newSchedule()})
	}
	return m
}

func (m *Machine) newSchedule() schedule { return schedule{least: leastPause, most: m.most} }

// Tick is the first input, and the answer to SetTimer.
func (m *Machine) Tick(now time.Duration) []Action {
	m.timer = 0 // it fired; if it was early it has to be set again
	return m.finish(now)
}

// Resolved answers Resolve. With an error the addresses known so far stay.
func (m *Machine) Resolved(now time.Duration, seed Seed, addrs []netip.AddrPort, err error) []Action {
	k := m.find(seed)
	if k == nil || !k.resolving {
		return nil
	}
	k.resolving = false
	if err == nil && len(addrs) == 0 {
		err = hostport.ErrNoAddress
	}
	switch {
	case k.listed == 0:
	case err != nil:
		m.unresolved(k, err)
	default:
		k.fault = nil
		m.aim(k, m.bounded(k, addrs))
		m.dial(now, k)
	}
	return m.finish(now)
}

// Dialled answers Dial. The node is who answered, if that became known, error or
// not; whether it is connected only NodeUp and NodeDown say.
func (m *Machine) Dialled(now time.Duration, addr netip.AddrPort, node string, err error) []Action {
	t := m.targets[addr]
	if t == nil || !t.dialling {
		return nil
	}
	t.dialling = false
	if errors.Is(err, ErrSelf) {
		m.dropSelf(t)
		return m.finish(now)
	}
	if node != "" {
		m.learn(t, node)
	}
	if err != nil && !m.up[t.node] {
		m.unreachable(t, err)
	}
	return m.finish(now)
}

// NodeUp says that a link to the node came up, whoever dialled.
func (m *Machine) NodeUp(now time.Duration, node string) []Action {
	if m.up[node] {
		return nil
	}
	m.up[node] = true
	if !m.isSeed(node) {
		return nil
	}
	m.do(Action{Do: SeedUp, Node: node})
	m.recovered(node)
	return m.finish(now)
}

// NodeDown says that the link to the node ended.
func (m *Machine) NodeDown(now time.Duration, node string) []Action {
	if !m.up[node] {
		return nil
	}
	delete(m.up, node)
	if !m.isSeed(node) {
		return nil
	}
	m.do(Action{Do: SeedDown, Node: node})
	for _, k := range m.seeds {
		if slices.ContainsFunc(k.targets, func(t *target) bool { return t.node == node }) {
			k.schedule.hurry(now, m.random())
		}
	}
	return m.finish(now)
}

// finish takes stock, begins the rounds that are due, sets the timer for the next one
// and hands over what is to be done.
func (m *Machine) finish(now time.Duration) []Action {
	for _, k := range m.seeds {
		m.report(k)
	}
	m.retire()
	m.takeStock()
	for _, s := range m.sources {
		m.attend(now, s)
	}
	for _, k := range m.seeds {
		if k.schedule.resting && !m.satisfied(k) {
			k.schedule.hurry(now, m.random())
		}
		if k.schedule.due(now) {
			m.round(now, k)
		}
	}
	m.setTimer()
	out := m.out
	m.out = nil
	return out
}

// round dials what is known of a seed and asks anew what its addresses are.
func (m *Machine) round(now time.Duration, k *kept) {
	if m.satisfied(k) {
		k.schedule.rest()
		return
	}
	k.schedule.advance(now, m.random())
	m.dial(now, k)
	if !k.resolving {
		k.resolving = true
		m.do(Action{Do: Resolve, Seed: k.seed})
	}
}

func (m *Machine) setTimer() {
	var next time.Duration
	soonest := func(at time.Duration) {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	for _, k := range m.seeds {
		if !k.schedule.resting {
			soonest(k.schedule.next)
		}
	}
	for _, s := range m.sources {
		soonest(s.next())
	}
	if next != 0 && next != m.timer {
		m.timer = next
		m.do(Action{Do: SetTimer, At: next})
	}
}

// satisfied says whether there is nothing to do for a seed: all of its addresses are
// connected or ourselves.
func (m *Machine) satisfied(k *kept) bool {
	for _, t := range k.targets {
		if !m.settled(t) {
			return false
		}
	}
	return len(k.targets) > 0 || k.listed == 0
}

// dial tries what is missing of a seed, each address once in a round.
func (m *Machine) dial(now time.Duration, k *kept) {
	for _, t := range k.targets {
		if !t.dialling && !m.settled(t) && t.dialled < k.schedule.began {
			t.dialling, t.dialled = true, now
			m.do(Action{Do: Dial, Addr: t.addr})
		}
	}
}

func (m *Machine) find(seed Seed) *kept {
	for _, k := range m.seeds {
		if k.seed == seed {
			return k
		}
	}
	return nil
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }
