package kernel

import (
	"sync/atomic"
	"unsafe"

	"github.com/aemp-go/aemp/codec"
)

// route remembers where a port ID leads, so that a program that sends to the same IDs
// again and again doesn't take them apart and look them up each time.
type route struct {
	to    string // the program's own, which is the same next time: then no octets need be compared
	local *Port  // a port of this node, which may have died since; or
	peer  *peer  // another node, and
	port  string
	leads atomic.Pointer[lead] // of messages of generated types to another node
}

// lead is how the frames begin with messages of generated types to a port that have a tag in front.
type lead struct {
	tag    string
	octets []byte
	next   *lead // for another tag
	count  int   // of those from here on
}

const (
	maxLeads = 8   // of one route: each message looks through them
	maxLead  = 128 // octets of name and tag; for a longer one it isn't worth it
)

// ended says that the route leads nowhere any more. Who asks for a peer that was
// retired is told by its outbox.
func (r *route) ended() bool { return r.local != nil && r.local.dead.Load() }

// routes are those of the last IDs. What isn't among them is found without.
type routes struct {
	slots  [64]atomic.Pointer[route]
	misses atomic.Uint32
}

// replaceOneIn: so many misses cost one allocation, where a program sends to more
// IDs in turn than there are slots.
const replaceOneIn = 256

func (r *routes) slot(to string) *atomic.Pointer[route] {
	n := len(to)
	if n < 2 {
		return &r.slots[0]
	}
	// The ends of port names differ most: they are counters.
	return &r.slots[(uint(to[n-1])+uint(to[n-2])<<3+uint(n))%uint(len(r.slots))]
}

func (r *routes) put(to string, local *Port, p *peer, port string) {
	s := r.slot(to)
	if old := s.Load(); old == nil || old.ended() || r.misses.Add(1)%replaceOneIn == 0 {
		s.Store(&route{to: to, local: local, peer: p, port: to[len(to)-len(port):]})
	}
}

// forget drops the route to a peer that was retired.
func (r *routes) forget(to string) { r.slot(to).Store(nil) }

// destination is the port of this node that a port ID means or, for another node's, the
// peer and the port's name there. For a port of this node that doesn't exist it is nothing.
func (n *Node) destination(to string) (local *Port, p *peer, port string, err error) {
	if r := n.routes.slot(to).Load(); r != nil && same(r.to, to) && !r.ended() {
		return r.local, r.peer, r.port, nil
	}
	return n.lookUp(to)
}

// led is the peer that a port ID means and the lead of messages to it with that tag. If it
// hasn't such, or no lead is kept, it is nothing.
func (n *Node) led(to, tag string) (p *peer, octets []byte) {
	r := n.routes.slot(to).Load()
	if r == nil || r.peer == nil || !same(r.to, to) {
		return nil, nil
	}
	first := r.leads.Load()
	for l := first; l != nil; l = l.next {
		if same(l.tag, tag) {
			return r.peer, l.octets
		}
	}
	r.learn(tag, first)
	return nil, nil
}

// learn keeps the lead for one more tag, if nobody else does so at the same time.
func (r *route) learn(tag string, first *lead) {
	count := 1
	if first != nil {
		count += first.count
	}
	if count <= maxLeads && len(r.port)+len(tag) <= maxLead {
		r.leads.CompareAndSwap(first, &lead{tag, codec.Lead(r.port, tag), first, count})
	}
}

// same is equality that is found soonest of one and the same string.
func same(a, b string) bool {
	return len(a) == len(b) && (unsafe.StringData(a) == unsafe.StringData(b) || a == b)
}

func (n *Node) lookUp(to string) (local *Port, p *peer, port string, err error) {
	node, port := codec.SplitPortID(to)
	if node == n.id {
		local = n.ports.get(port)
	} else if p, err = n.remote(node); err != nil {
		return nil, nil, "", err
	}
	if local != nil || p != nil {
		n.routes.put(to, local, p, port)
	}
	return local, p, port, nil
}

// near is the port of a shard that its handlers have sent to last, and the very string that they
// had its ID in. Of the loop.
type near struct {
	to string
	p  *Port
}

func (n *near) port(to string) *Port {
	if len(n.to) != len(to) || unsafe.StringData(n.to) != unsafe.StringData(to) || n.p == nil || n.p.dead.Load() {
		return nil
	}
	return n.p
}
