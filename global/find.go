package global

import (
	"maps"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// finder answers where nodes are (protocol 5): a global node knows, another one asks its
// master.
type finder struct {
	waiting map[string]time.Duration // who is looked for, until when
	fresh   map[string]time.Duration // original nodes that have just been heard of, and when
	pruned  time.Duration            // when fresh was
	next    time.Duration            // when one of the waiting may be due; 0: never
}

func (f *finder) init() {
	f.waiting = make(map[string]time.Duration)
	f.fresh = make(map[string]time.Duration)
}

func (f *finder) due() time.Duration { return f.next }

// wait remembers that a node is looked for, until a time.
func (f *finder) wait(node string, until time.Duration) {
	f.waiting[node] = until
	if f.next == 0 || until < f.next {
		f.next = until
	}
}

// wanted is the nodes that are looked for, in order.
func (f *finder) wanted() []string { return slices.Sorted(maps.Keys(f.waiting)) }

// Find asks for a node's addresses; Found answers, once, soon or late.
func (m *Machine) Find(now time.Duration, node string) []Action {
	m.begin(now)
	switch {
	case m.global && !m.settle.on:
		m.flush()
		m.lookHere(node)
	case m.slave.master != nil:
		m.askWhere(node)
		fallthrough
	default:
		m.finder.wait(node, now+m.config.MonitorTimeout)
	}
	return m.finish()
}

// askWhere asks the master, whatever else waits to be told.
func (m *Machine) askWhere(node string) {
	m.send(m.slave.master, m.compose("g_find").text(node).message())
}

// lookHere answers from the store, or keeps the look-up waiting for an original node
// that will come by itself: if we dialled it now, it might stay without a master
// (protocol 6).
func (m *Machine) lookHere(node string) {
	if at, ok := m.finder.fresh[node]; ok && m.now < at+m.letCome() {
		m.finder.wait(node, at+m.letCome())
		return
	}
	m.found(node, m.whereHere(node))
}

// letCome is how long an original node is let come by itself; less where attempts to
// connect are short.
func (m *Machine) letCome() time.Duration { return min(freshTime, m.config.MonitorTimeout/4) }

func (m *Machine) whereHere(node string) []netip.AddrPort {
	if e, ok := m.store.Get(familyNodes, node); ok {
		return addresses(value(e.Value))
	}
	if k := m.hub.kept[node]; k != nil && k.where != nil {
		return addresses(value(k.where))
	}
	return nil
}

func (m *Machine) found(node string, addrs []netip.AddrPort) {
	delete(m.finder.waiting, node)
	m.do(Action{Do: Found, Node: node, Addrs: addrs})
}

// findLate answers what has waited long enough.
func (m *Machine) findLate() {
	f := &m.finder
	f.next = 0
	for _, node := range f.wanted() {
		until := f.waiting[node]
		switch {
		case m.now < until:
			f.wait(node, until)
		case m.global && !m.settle.on:
			m.found(node, m.whereHere(node))
		default:
			m.found(node, nil)
		}
	}
}

// answered is g_found NODE BINDS.
func (m *Machine) answered(p *peer, r *codec.Args) error {
	node, binds := r.TextBytes(), r.Value()
	if err := r.Err(); err != nil {
		return err
	}
	if _, asked := m.finder.waiting[string(node)]; asked && p == m.slave.master {
		m.found(string(node), addresses(binds))
	}
	return nil
}

// addresses reads what a node has announced. What can't be dialled, such as a path of
// a local socket, is left out.
func addresses(v codec.Value) (addrs []netip.AddrPort) {
	list, err := v.List()
	if err != nil {
		return nil
	}
	for list.More() && len(addrs) < maxAddresses {
		text, err := list.Value().Text()
		if err != nil {
			continue
		}
		if addr, err := netip.ParseAddrPort(text); err == nil {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// located: a node's addresses were published, changed or withdrawn.
func (m *Machine) located(node string, before bool) {
	e, ok := m.store.Get(familyNodes, node)
	if k := m.hub.kept[node]; k != nil && ok {
		k.where = append(k.where[:0], e.Value...)
	}
	if ok && !before && e.Stamp == 0 && m.peers[node] == nil {
		m.finder.hear(node, m.now, m.letCome())
	}
}

// hear notes that a node is new.
func (f *finder) hear(node string, now, letCome time.Duration) {
	if now >= f.pruned+letCome {
		f.pruned = now
		maps.DeleteFunc(f.fresh, func(_ string, at time.Duration) bool { return now >= at+letCome })
	}
	f.fresh[node] = now
}
