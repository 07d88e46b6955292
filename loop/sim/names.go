package sim

import (
	"net"
	"net/netip"
	"slices"
)

// SetHost says what Resolve answers for a name from now on; without addresses the
// name doesn't exist.
func (w *World) SetHost(name string, addrs ...netip.Addr) {
	if len(addrs) == 0 {
		delete(w.names, name)
		return
	}
	sorted := slices.Clone(addrs)
	slices.SortStableFunc(sorted, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	w.names[name] = sorted
}

type lookup struct {
	event
	l    *eventLoop
	host string
	done func([]netip.Addr, error)
}

func (l *eventLoop) Resolve(host string, done func(addrs []netip.Addr, err error)) {
	l.mine("Resolve")
	q := &lookup{l: l, host: host, done: done}
	q.to = q
	if _, err := netip.ParseAddr(host); err == nil {
		l.w.soon(&q.event)
		return
	}
	l.w.Stats.Resolves++
	l.w.set(&q.event, l.w.now+l.w.between(l.w.opt.MinLatency, 20*l.w.opt.MaxLatency))
}

func (q *lookup) fire() {
	if !q.l.ready(&q.event) {
		return
	}
	addrs, err := q.l.w.lookUp(q.host)
	q.l.w.note(didResolve, q.l, len(addrs))
	q.l.turn(func() { q.done(addrs, err) })
}

func (w *World) lookUp(host string) ([]netip.Addr, error) {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}, nil
	}
	if addrs := w.names[host]; addrs != nil {
		return slices.Clone(addrs), nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
}
