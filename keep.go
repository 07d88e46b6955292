package aemp

import (
	"sync"

	"github.com/aemp-go/aemp/loop"
)

// KeepConnected connects to a node and, whenever the link is lost, again, until cancel is
// called, which leaves the link as it is. While the node can't be reached there are
// further attempts in growing intervals up to MonitorTimeout; WatchNodes and WaitNode tell
// what comes of them. Seeds are kept connected anyway.
func (n *Node) KeepConnected(node string) (cancel func()) {
	if node == n.ID() {
		return func() {}
	}
	l := n.core.Loop()
	l.Post(loop.Func(func() { n.kept.Keep(node) }))
	return sync.OnceFunc(func() { l.Post(loop.Func(func() { n.kept.Release(node) })) })
}
