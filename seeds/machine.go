package seeds

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

// ErrSelf is what a dial ends with, wrapped or not, that reached this very node:
// our own ID and our own instance. (Another process with our ID is another error.)
var ErrSelf = errors.New("seeds: the seed is this node")

// A Machine decides when to resolve and dial which seed. It does no I/O and has
// no clock: each input says what happened when, and returns what to do now. Time
// is that of the loop and never goes back.
type Machine struct {
	random  func() float64
	seeds   []*kept
	targets map[netip.AddrPort]*target
	up      map[string]bool // nodes with a link
	timer   time.Duration   // when Tick was last asked for; 0: not at all
	global  bool            // Promote was said
	out     []Action        // of the running input
}

// kept is one configured seed.
type kept struct {
	seed      Seed
	schedule  schedule
	resolving bool
	reported  bool      // that it doesn't resolve as it should
	targets   []*target // what it resolved to last
	former    []*target // not listed any more, but connected or being dialled
}

// all is every address where a node may count as this seed's.
func (k *kept) all() []*target { return slices.Concat(k.targets, k.former) }

const never = -1

// target is one address of a seed, or of several.
type target struct {
	addr     netip.AddrPort
	node     string        // who answered last; "": nobody so far
	dialled  time.Duration // when last; never: before all time
	dialling bool
	self     bool // it is this node: never to be dialled again
	reported bool // that it can't be reached
}

// NewMachine keeps the given seeds connected. No pause is above monitorTimeout.
// random draws from [0, 1).
func NewMachine(seeds []Seed, monitorTimeout time.Duration, random func() float64) *Machine {
	if monitorTimeout <= 0 {
		panic("seeds: a monitor timeout of nothing")
	}
	m := &Machine{
		random:  random,
		targets: make(map[netip.AddrPort]*target),
		up:      make(map[string]bool),
	}
	for _, seed := range seeds {
		m.seeds = append(m.seeds, &kept{seed: seed, schedule: schedule{most: monitorTimeout}})
	}
	return m
}

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
	if err != nil {
		m.complain(k, "seed can't be resolved", err)
		return m.finish(now)
	}
	m.aim(k, m.bounded(k, addrs))
	m.dial(now, k)
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
	if m.isSeed(node) {
		m.do(Action{Do: SeedUp, Node: node})
		m.recovered(node)
	}
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
		if slices.ContainsFunc(k.all(), func(t *target) bool { return t.node == node }) {
			k.schedule.hurry(now)
		}
	}
	return m.finish(now)
}

// finish begins the rounds that are due, sets the timer for the next one and
// hands over what is to be done.
func (m *Machine) finish(now time.Duration) []Action {
	for _, k := range m.seeds {
		if k.schedule.resting && !m.satisfied(k) {
			k.schedule.hurry(now)
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
	for _, k := range m.seeds {
		if !k.schedule.resting && (next == 0 || k.schedule.next < next) {
			next = k.schedule.next
		}
	}
	if next != 0 && next != m.timer {
		m.timer = next
		m.do(Action{Do: SetTimer, At: next})
	}
}

// satisfied says whether all addresses of a seed are connected or ourselves.
func (m *Machine) satisfied(k *kept) bool {
	for _, t := range k.targets {
		if !m.settled(t) {
			return false
		}
	}
	return len(k.targets) > 0
}

func (m *Machine) settled(t *target) bool { return t.self || m.up[t.node] }

// dial tries what is missing of a seed, each address once in a round.
func (m *Machine) dial(now time.Duration, k *kept) {
	for _, t := range k.targets {
		if !t.dialling && !m.settled(t) && t.dialled < k.schedule.began {
			t.dialling, t.dialled = true, now
			m.do(Action{Do: Dial, Addr: t.addr})
		}
	}
}

// bounded leaves out addresses that are too many.
func (m *Machine) bounded(k *kept, addrs []netip.AddrPort) []netip.AddrPort {
	if len(addrs) <= MaxAddresses {
		k.reported = false
		return addrs
	}
	m.complain(k, "seed has too many addresses", fmt.Errorf("%d, only %d are used", len(addrs), MaxAddresses))
	return addrs[:MaxAddresses]
}

// aim replaces a seed's addresses. One that isn't listed any more is not dialled
// again, but counts while it is connected: name servers that rotate through many
// addresses don't make a living link lose its meaning.
func (m *Machine) aim(k *kept, addrs []netip.AddrPort) {
	old := k.all()
	k.targets, k.former = nil, nil
	for _, addr := range addrs {
		if t := m.target(addr); !slices.Contains(k.targets, t) {
			k.targets = append(k.targets, t)
		}
	}
	for _, t := range old {
		if !slices.Contains(k.targets, t) && (t.dialling || m.up[t.node]) {
			k.former = append(k.former, t)
		}
	}
	for _, t := range old {
		if m.seedOf(t) == nil {
			delete(m.targets, t.addr)
		}
	}
}

func (m *Machine) target(addr netip.AddrPort) *target {
	t := m.targets[addr]
	if t == nil {
		t = &target{addr: addr, dialled: never}
		m.targets[addr] = t
	}
	return t
}

// seedOf is the first seed with this address; nil if none has it any more.
func (m *Machine) seedOf(t *target) *kept {
	for _, k := range m.seeds {
		if slices.Contains(k.all(), t) {
			return k
		}
	}
	return nil
}

func (m *Machine) find(seed Seed) *kept {
	for _, k := range m.seeds {
		if k.seed == seed {
			return k
		}
	}
	return nil
}

// isSeed says whether the node was met at one of the seeds' addresses.
func (m *Machine) isSeed(node string) bool {
	for _, k := range m.seeds {
		for _, t := range k.all() {
			if t.node == node {
				return true
			}
		}
	}
	return false
}

// learn notes who answers at an address. The node may already be connected: it
// may have dialled us.
func (m *Machine) learn(t *target, node string) {
	known := m.isSeed(node)
	m.rename(t, node)
	if !m.up[node] {
		return
	}
	if !known {
		m.do(Action{Do: SeedUp, Node: node})
	}
	m.recovered(node)
}

// rename gives an address another node. The former one may be connected all the
// same, but a seed it is no more, unless at another address.
func (m *Machine) rename(t *target, node string) {
	former := t.node
	t.node = node
	if m.up[former] && !m.isSeed(former) {
		m.do(Action{Do: SeedDown, Node: former})
	}
}

// dropSelf takes our own address off the seeds. Being somebody's seed makes a
// node global, so being one's own does (protocol 6).
func (m *Machine) dropSelf(t *target) {
	t.self = true
	m.rename(t, "")
	m.logTarget(t, slog.LevelInfo, "seed is this node, dropped", nil)
	if !m.global {
		m.global = true
		m.do(Action{Do: Promote})
	}
}

// Each outage is reported once, not each attempt.

func (m *Machine) complain(k *kept, text string, err error) {
	if !k.reported {
		k.reported = true
		m.do(Action{Do: Log, Seed: k.seed, Line: Line{slog.LevelWarn, text, &Error{k.seed.String(), err}}})
	}
}

func (m *Machine) unreachable(t *target, err error) {
	if !t.reported {
		t.reported = true
		m.logTarget(t, slog.LevelWarn, "seed can't be reached", err)
	}
}

// recovered ends the outages of the addresses where the node answers.
func (m *Machine) recovered(node string) {
	for _, k := range m.seeds {
		for _, t := range k.all() {
			if t.node == node && t.reported {
				t.reported = false
				m.logTarget(t, slog.LevelInfo, "seed is connected", nil)
			}
		}
	}
}

func (m *Machine) logTarget(t *target, level slog.Level, text string, err error) {
	m.do(Action{Do: Log, Seed: m.seedOf(t).seed, Addr: t.addr, Node: t.node, Line: Line{level, text, err}})
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }
