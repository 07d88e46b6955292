package sim

import (
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A Host is a machine: addresses, and processes in the form of Groups.
type Host struct {
	w         *World
	name      string
	index     int
	addrs     []netip.Addr
	listeners map[netip.AddrPort]*listener
	groups    []*Group
	nextPort  uint16
	down      bool
	skew      time.Duration
}

// Host is the host of that name or with that address; it is made when it isn't
// there. A host made by its name gets an IPv4 and an IPv6 address, and Resolve
// knows it.
func (w *World) Host(name string) *Host {
	if h := w.byName[name]; h != nil {
		return h
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		if h := w.byAddr[addr]; h != nil {
			return h
		}
		return w.addHost(name, addr)
	}
	n := len(w.hosts) + 1
	a, b := byte(n>>8), byte(n)
	four := netip.AddrFrom4([4]byte{10, 0, a, b})
	six := netip.AddrFrom16([16]byte{0: 0xfd, 14: a, 15: b})
	w.SetHost(name, four, six)
	return w.addHost(name, four, six)
}

func (w *World) addHost(name string, addrs ...netip.Addr) *Host {
	h := &Host{
		w:         w,
		name:      name,
		index:     len(w.hosts),
		listeners: make(map[netip.AddrPort]*listener),
		nextPort:  uint16(32768 + w.rand.IntN(16384)),
	}
	w.hosts = append(w.hosts, h)
	w.byName[name] = h
	h.SetAddrs(addrs...)
	return h
}

func (h *Host) String() string { return h.name }

// SetAddrs changes the host's addresses. Connections and listeners stay.
func (h *Host) SetAddrs(addrs ...netip.Addr) {
	for _, a := range h.addrs {
		delete(h.w.byAddr, a)
	}
	h.addrs = slices.Clone(addrs)
	for _, a := range addrs {
		if other := h.w.byAddr[a]; other != nil {
			panic("sim: " + a.String() + " belongs to " + other.name)
		}
		h.w.byAddr[a] = h
	}
}

// Addrs are the host's addresses.
func (h *Host) Addrs() []netip.Addr { return slices.Clone(h.addrs) }

// Addr is the host's first address.
func (h *Host) Addr() netip.Addr { return h.addrs[0] }

// Skew puts the host's time of day off by d. Its Now isn't concerned.
func (h *Host) Skew(d time.Duration) { h.skew = d }

// owns says whether a is an address of the host.
func (h *Host) owns(a netip.Addr) bool {
	return a.IsLoopback() || slices.Contains(h.addrs, a)
}

// find is the host that a belongs to, seen from h.
func (h *Host) find(a netip.Addr) *Host {
	if a.IsLoopback() || a.IsUnspecified() {
		return h
	}
	return h.w.byAddr[a]
}

// source is the local address for a connection to a.
func (h *Host) source(to netip.Addr) netip.Addr {
	if h.owns(to) {
		return to
	}
	for _, a := range h.addrs {
		if a.Is4() == to.Is4() {
			return a
		}
	}
	return to
}

// port is one that nobody listens on.
func (h *Host) port() uint16 {
	for {
		h.nextPort = max(h.nextPort+1, 1024)
		free := true
		for _, a := range h.bindable() {
			free = free && h.listeners[netip.AddrPortFrom(a, h.nextPort)] == nil
		}
		if free {
			return h.nextPort
		}
	}
}

func (h *Host) bindable() []netip.Addr {
	return append([]netip.Addr{
		netip.IPv4Unspecified(), netip.IPv6Unspecified(),
		netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback(),
	}, h.addrs...)
}

// usable says whether other hosts can use a (see loop.Loop.Addresses).
func usable(a netip.Addr) bool {
	return a.Is4() && !a.IsLoopback() ||
		netip.MustParsePrefix("2000::/3").Contains(a) || netip.MustParsePrefix("fc00::/7").Contains(a)
}

func (l *eventLoop) Addresses() ([]netip.Addr, error) {
	l.mine("Addresses")
	var all []netip.Addr
	for _, four := range []bool{true, false} {
		for _, a := range l.group.host.addrs {
			if usable(a) && a.Is4() == four {
				all = append(all, a)
			}
		}
	}
	return all, nil
}

// Down is a power failure: all groups of the host are gone at once without a
// callback, no peer is told, and the host can't be reached until Up.
func (h *Host) Down() {
	for len(h.groups) > 0 {
		h.groups[0].Vanish()
	}
	h.down = true
}

// Up lets the host be reached again. What still comes for connections from before
// is answered with a reset. Its groups are gone; make new ones.
func (h *Host) Up() {
	if h.down {
		h.down = false
		h.w.release(func(l *Link) bool { return l.from == h || l.to == h })
	}
}

// Group starts a process: a group of n loops.
func (h *Host) Group(n int) *Group {
	if h.down {
		panic("sim: " + h.name + " is down")
	}
	g := &Group{w: h.w, host: h, start: h.w.now}
	for i := range n {
		l := &eventLoop{w: h.w, group: g, index: i, source: h.w.newSource()}
		g.loops = append(g.loops, l)
		g.public = append(g.public, loop.Loop(l))
	}
	h.groups = append(h.groups, g)
	return g
}
