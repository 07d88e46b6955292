package kernel

import (
	"sort"
)

// WatchNodes calls f on Loop for each link that comes up or is lost, a node-down after
// all monitors have fired. First come those that are up.
func (n *Node) WatchNodes(f func(node string, up bool)) (cancel func()) {
	n.mu.Lock()
	n.watcherID++
	id := n.watcherID
	n.watchers[id] = nil // until those that are up have been told
	n.mu.Unlock()
	s := n.shards[0]
	s.enter(func() {
		n.mu.Lock()
		_, wanted := n.watchers[id]
		if wanted {
			n.watchers[id] = f
		}
		n.mu.Unlock()
		if !wanted {
			return
		}
		for _, node := range sortedKeys(n.linked) {
			s.ctx.protect(func() { f(node, true) })
		}
	})
	return func() {
		n.mu.Lock()
		delete(n.watchers, id)
		n.mu.Unlock()
	}
}

// nodeUp and nodeDown tell of a node; on the first shard. The database comes first, so that
// what it has to say to a new node is there before anybody else's.
func (n *Node) nodeUp(l *linked) {
	n.linked[l.peer.id] = l
	if n.database != nil {
		n.database.NodeUp(l.peer.id, l.ours)
	}
	n.event(l.peer.id, true)
}

func (n *Node) nodeDown(node string) {
	delete(n.linked, node)
	if n.database != nil {
		n.database.NodeDown(node)
	}
	n.event(node, false)
}

func (n *Node) event(node string, up bool) {
	n.mu.Lock()
	fs := make([]func(string, bool), 0, len(n.watchers))
	for _, id := range sortedKeys(n.watchers) {
		if f := n.watchers[id]; f != nil {
			fs = append(fs, f)
		}
	}
	n.mu.Unlock()
	for _, f := range fs {
		n.shards[0].ctx.protect(func() { f(node, up) })
	}
}

// UpNodes lists the nodes with which there is a link, sorted.
func (n *Node) UpNodes() []string {
	var up []string
	for _, p := range n.peers.all() {
		if p.up.Load() {
			up = append(up, p.id)
		}
	}
	sort.Strings(up)
	return up
}

// NodeIsUp says whether there is a link with the node; a node is always up for itself.
func (n *Node) NodeIsUp(node string) bool {
	if node == n.id {
		return true
	}
	p := n.peers.get(node)
	return p != nil && p.up.Load()
}
