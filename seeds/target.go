package seeds

import (
	"net/netip"
	"slices"
	"time"
)

const never = -1

// target is one address of a seed, or of several.
type target struct {
	addr     netip.AddrPort
	node     string        // who answered last; "": nobody so far
	dialled  time.Duration // when last; never: before all time
	dialling bool
	self     bool  // it is this node: never to be dialled again
	fault    error // it can't be reached, which was logged
}

func (m *Machine) settled(t *target) bool { return t.self || m.up[t.node] }

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
	m.forget(old)
}

// forget drops those addresses that are no seed's any more.
func (m *Machine) forget(old []*target) {
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
