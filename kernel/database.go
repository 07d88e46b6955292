package kernel

import (
	"net/netip"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// A Database keeps the distributed database for a node (package global). All calls
// come on the node's Loop; for each peer in the order NodeUp, its requests, NodeDown.
type Database interface {
	// NodeUp: there is a link with the node. ours says that the node has our
	// extensions of the protocol.
	NodeUp(node string, ours bool)
	// NodeDown: the link is gone. What Tell sends reaches no later link.
	NodeDown(node string)
	// Request is a message to the node port whose tag begins with g_ (protocol 6).
	// m has the tag and is borrowed. An error says that it is nonsense: the link
	// ends with it, and nothing more of what came over it is passed on.
	Request(from string, m codec.Message) error
	// Find wants to know where a node is. It has to be answered by Found, once, soon or
	// late; it isn't asked for the same node again before that.
	Find(node string)
}

// SetDatabase makes d the node's database. Call it once, before Listen and DialSeed.
func (n *Node) SetDatabase(d Database) {
	n.database = d
	n.databasePort = &Port{node: n, shard: n.shards[0], service: n.databaseRequest}
}

// linked is a node with which there is a link, as the first shard knows it.
type linked struct {
	peer     *peer
	epoch    uint64
	ours     bool
	rejected bool // it sent nonsense: its link is being closed
}

// forDatabase hands a peer's message to the database, in order with the node's events.
func (p *peer) forDatabase(m codec.Message, f *feed) {
	n, s := p.node, p.shard
	switch {
	case n.database == nil: // as an original node that isn't global
	case s == n.shards[0]:
		s.runq.put(n.databasePort, f, m)
		s.schedule()
	default:
		s.hand(n.databasePort, f, m)
	}
}

// databaseRequest is on the first shard.
func (n *Node) databaseRequest(m codec.Message, f *feed) {
	l := n.linked[f.peer.id]
	if l == nil || l.rejected {
		return
	}
	if err := n.database.Request(f.peer.id, m); err != nil {
		l.rejected = true
		n.shards[0].to(f.shard, loop.Func(func() {
			f.link.Close(&link.Lost{Kind: link.LostMalformed, Err: err})
		}))
	}
}

// Tell sends m to the node port of a node with which there is a link. Where there is none, or
// only a later one than the database knows of, nothing is sent. A queue at its hard limit
// ends the link. The error says that the node's framing can't carry m. Call it on Loop.
func (n *Node) Tell(node string, m codec.Message) error {
	l := n.linked[node]
	if l == nil || l.rejected {
		return nil
	}
	p, s := l.peer, n.shards[0]
	a, ok, err := p.out.MessageIn(l.epoch, "", m)
	switch {
	case !ok:
	case err == ErrOverload:
		s.to(p.shard, loop.Func(func() { p.reset(l.epoch) }))
	case err != nil:
		return err
	case a.Wake:
		s.flushLater(p)
	}
	return nil
}

// Crowded says that the queue to a node is above its high-water mark; WhenRoom tells
// when that is over. Any goroutine.
func (n *Node) Crowded(node string) bool {
	p := n.peers.get(node)
	if p == nil {
		return false
	}
	octets, _ := p.out.Level()
	return octets >= n.marks.High
}

// Connect starts an attempt to reach a node, unless there is a link or an attempt
// already. Only the node's events tell how it ended. Any goroutine.
func (n *Node) Connect(node string) {
	if node == n.id {
		return
	}
	p, err := n.remote(node)
	if err != nil {
		n.note(node, err)
		return
	}
	p.shard.enter(p.connect)
}

// A lookup waits to be told where a node is, on its shard.
type lookup struct {
	shard *shard
	done  func([]netip.AddrPort)
}

// lookUp asks the database for a node's addresses. done is called on s, once; with none if
// the node isn't known.
func (s *shard) lookUp(node string, done func([]netip.AddrPort)) {
	n := s.node
	first := n.shards[0]
	s.to(first, loop.Func(func() {
		waiting := n.lookups[node]
		n.lookups[node] = append(waiting, lookup{s, done})
		if len(waiting) == 0 {
			n.database.Find(node)
		}
	}))
}

// Found answers Find: where a node is, or with no addresses that it is unknown. On Loop.
func (n *Node) Found(node string, addrs []netip.AddrPort) {
	waiting := n.lookups[node]
	delete(n.lookups, node)
	for _, w := range waiting {
		n.shards[0].to(w.shard, loop.Func(func() { w.done(addrs) }))
	}
}
