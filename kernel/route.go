package kernel

import (
	"strings"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
)

// route remembers where the ID of another node's port leads, so that a program that
// sends to the same IDs again and again doesn't take them apart and look them up
// each time.
type route struct {
	to   string
	peer *peer
	port string
}

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

func (r *routes) put(to string, p *peer, port string) {
	s := r.slot(to)
	if s.Load() == nil || r.misses.Add(1)%replaceOneIn == 0 {
		to = strings.Clone(to)
		s.Store(&route{to, p, to[len(to)-len(port):]})
	}
}

// forget drops the route to a peer that was retired.
func (r *routes) forget(to string) { r.slot(to).Store(nil) }

// destination is the peer to which a message for a port ID goes, and the port's name there.
// For a port of this node it is nil.
func (n *Node) destination(to string) (p *peer, port string, err error) {
	if r := n.routes.slot(to).Load(); r != nil && r.to == to {
		return r.peer, r.port, nil
	}
	node, port := codec.SplitPortID(to)
	if node == n.id {
		return nil, port, nil
	}
	if p, err = n.remote(node); err == nil {
		n.routes.put(to, p, port)
	}
	return p, port, err
}
