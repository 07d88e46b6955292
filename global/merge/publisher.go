package merge

// A Role is what a publisher is to this node. It decides where its entries count.
type Role uint8

// Roles.
const (
	Stranger Role = iota // its entries are seen here, and not passed on
	Slave                // they are seen here and by the other global nodes; this node itself is one
	Global               // they are seen here; the other global nodes have them from it
)

// A node publishes or owns something, or has a role.
type node struct {
	id        string
	role      Role
	published holdings
	owned     holdings
	home      *node // the global node via which its location comes; nil: nobody has it
}

// node finds a node, or begins to know it.
func (s *Store) node(id string) *node {
	n := s.nodes[id]
	if n == nil {
		n = &node{id: id, published: holdings{kind: ofPublisher}, owned: holdings{kind: ofOwner}}
		s.nodes[id] = n
	}
	return n
}

// forget lets a node go about which there is nothing to know.
func (s *Store) forget(n *node) {
	if n.role == Stranger && len(n.published.list) == 0 && len(n.owned.list) == 0 {
		delete(s.nodes, n.id)
	}
}

// via is the global node by way of which a publisher's entries get to the others.
func (s *Store) via(publisher *node) *node {
	if publisher.role == Global {
		return publisher
	}
	return s.self
}

// Publisher gives a node a role; its map stays. A node that never got one is a
// Stranger. This node stays its own slave.
func (s *Store) Publisher(id string, r Role) {
	n := s.node(id)
	if n != s.self && n.role != r {
		s.markAll(n)
		n.role = r
		for _, h := range n.published.list {
			s.judge(h)
		}
		for _, h := range n.published.list {
			if h.family.location {
				s.electAll(h)
			}
		}
	}
	s.forget(n)
}

// markAll notes how all keys of a publisher stand.
func (s *Store) markAll(n *node) {
	for _, h := range n.published.list {
		s.markHolding(h)
	}
}

// Drop takes a publisher's whole map and its role away: it went down, or begins
// anew. This node keeps its role.
func (s *Store) Drop(publisher string) {
	n := s.nodes[publisher]
	if n == nil {
		return
	}
	// Locations go last, so that no entry is judged anew only to be removed.
	for _, locations := range []bool{false, true} {
		for i := len(n.published.list) - 1; i >= 0; i-- {
			if h := n.published.list[i]; h.family.location == locations {
				s.empty(h)
			}
		}
	}
	if n != s.self {
		n.role = Stranger
	}
	s.forget(n)
}
