package kernel

import (
	"net/netip"
	"slices"
)

// SetAddresses says where a node can be reached. With none, it is forgotten.
func (n *Node) SetAddresses(node string, addrs ...netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(addrs) == 0 {
		delete(n.known, node)
		return
	}
	n.known[node] = slices.Clone(addrs)
}

func (n *Node) addresses(node string) []netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known[node]
}

func (n *Node) knows(node string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.known[node]
	return ok
}

// DialSeed connects to whoever is at an address. done is called once on Loop: with
// the node's ID and no error when there is a link to it; with ErrSelf when it is this node;
// else with the reason, and the ID if it got that far. The address is remembered
// as that node's. Call it on Loop; cancel there, too.
func (n *Node) DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func()) {
	s := n.shards[0]
	canceled := false
	c := s.dial(addr, "")
	c.done = func(node string, err error) {
		if canceled {
			return
		}
		if err == nil {
			n.learn(node, addr)
		}
		done(node, err)
	}
	return func() {
		canceled = true
		if c.home == nil {
			c.link.Close(errGivenUp)
		}
	}
}

// learn adds an address at which a node answered.
func (n *Node) learn(node string, addr netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := n.known[node]
	if slices.Contains(known, addr) {
		return
	}
	if len(known) >= maxLearned {
		known = known[1:]
	}
	n.known[node] = append(slices.Clone(known), addr)
}

// unlearn removes an address at which another node answered.
func (n *Node) unlearn(node string, addr netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[node] = slices.DeleteFunc(slices.Clone(n.known[node]), func(a netip.AddrPort) bool { return a == addr })
	if len(n.known[node]) == 0 {
		delete(n.known, node)
	}
}
