package kernel

import (
	"errors"
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/loop"
)

type listener struct {
	shard *shard
	l     loop.Listener
}

// Listen binds to addresses, each on one of the loops, and gives the real ones. If
// one fails those before it are closed again.
func (n *Node) Listen(addrs []netip.AddrPort, done func([]netip.AddrPort, error)) {
	got := make([]netip.AddrPort, len(addrs))
	errs := make([]error, len(addrs))
	left := len(addrs)
	if left == 0 {
		n.shards[0].enter(func() { done(nil, nil) })
		return
	}
	for i, addr := range addrs {
		s := n.shards[i%len(n.shards)]
		s.enter(func() {
			l, err := s.loop.Listen(addr, n.accept)
			if err != nil {
				errs[i] = &BindError{Bind: addr.String(), Err: err}
			} else {
				got[i] = l.Addr()
			}
			n.mu.Lock()
			switch {
			case err != nil:
			case n.closing.Load(): // Unlisten has been here already
				errs[i] = ErrClosed
				l.Close()
			default:
				n.listeners = append(n.listeners, listener{s, l})
			}
			left--
			last := left == 0
			n.mu.Unlock()
			if !last {
				return
			}
			if err := errors.Join(errs...); err != nil {
				n.unlisten(func(l listener) bool { return slices.Contains(got, l.l.Addr()) })
				done(nil, err)
				return
			}
			done(got, nil)
		})
	}
}

// Unlisten closes all listeners; connections stay.
func (n *Node) Unlisten() { n.unlisten(func(listener) bool { return true }) }

func (n *Node) unlisten(which func(listener) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners = slices.DeleteFunc(n.listeners, func(l listener) bool {
		if !which(l) {
			return false
		}
		l.shard.enter(l.l.Close)
		return true
	})
}
