package seeds

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/aemp-go/aemp/internal/hostport"
	"github.com/aemp-go/aemp/loop"
)

// An AnnounceError says which announced address can't be used, and why.
type AnnounceError struct {
	Announce string // as it was given
	Err      error
}

func (e *AnnounceError) Error() string { return fmt.Sprintf("announce %q: %v", e.Announce, e.Err) }
func (e *AnnounceError) Unwrap() error { return e.Err }

// ParseAnnounce reads the places where other nodes are to look for this one: each
// HOST:PORT, [v6]:PORT, or HOST with whatever ports the node is bound to; comma lists
// too. The error joins an *AnnounceError for each that can't be read.
func ParseAnnounce(list []string) ([]hostport.Place, error) {
	var (
		places []hostport.Place
		faults []error
	)
	for _, text := range hostport.Split(list) {
		place, err := hostport.Parse(text)
		if err != nil {
			faults = append(faults, &AnnounceError{text, err})
		}
		places = append(places, place)
	}
	return places, errors.Join(faults...)
}

// Announced finds what a node that listens at the bound addresses has to announce: the
// addresses of the places, each once, in their order; those without a port with each port
// that is bound. It is called on l; done comes there once, after the running callback.
// The error joins an *AnnounceError for each place without an address.
func Announced(l loop.Loop, places []hostport.Place, bound []netip.AddrPort, done func([]netip.AddrPort, error)) {
	a := &announcement{found: make([][]netip.AddrPort, len(places)), missing: len(places), done: done}
	if len(places) == 0 {
		l.Later(loop.Func(a.finish))
		return
	}
	for i, place := range places {
		hostport.Resolve(l, place, func(addrs []netip.AddrPort, err error) {
			if err != nil {
				a.faults = append(a.faults, &AnnounceError{place.String(), err})
			}
			a.found[i] = withPorts(addrs, bound)
			if a.missing--; a.missing == 0 {
				a.finish()
			}
		})
	}
}

// AnnouncedBinds is Announced for a node that announces where it listens. An address that
// stands for all of the host's, 0.0.0.0 or [::], says nothing to others: the host's own
// addresses take its place.
func AnnouncedBinds(l loop.Loop, bound []netip.AddrPort, done func([]netip.AddrPort, error)) {
	a := &announcement{done: done}
	l.Later(loop.Func(func() {
		for _, at := range bound {
			if !at.Addr().IsUnspecified() {
				a.found = append(a.found, []netip.AddrPort{at})
				continue
			}
			own, err := l.Addresses()
			if err != nil {
				a.faults = append(a.faults, &AnnounceError{at.String(), err})
			}
			a.found = append(a.found, reachedBy(at, own))
		}
		a.finish()
	}))
}

// announcement is one that is being put together.
type announcement struct {
	found   [][]netip.AddrPort
	faults  []error
	missing int
	done    func([]netip.AddrPort, error)
}

func (a *announcement) finish() {
	var all []netip.AddrPort
	seen := make(map[netip.AddrPort]bool)
	for _, addrs := range a.found {
		for _, addr := range addrs {
			if !seen[addr] {
				seen[addr] = true
				all = append(all, addr)
			}
		}
	}
	a.done(all, errors.Join(a.faults...))
}

// withPorts gives addresses that have no port those that are bound.
func withPorts(addrs, bound []netip.AddrPort) []netip.AddrPort {
	var all []netip.AddrPort
	for _, addr := range addrs {
		if addr.Port() != 0 {
			all = append(all, addr)
			continue
		}
		for _, at := range bound {
			all = append(all, netip.AddrPortFrom(addr.Addr(), at.Port()))
		}
	}
	return all
}

// reachedBy lists those of the host's addresses by which a listener on all of them is
// reached: one on [::] takes no IPv4.
func reachedBy(at netip.AddrPort, own []netip.Addr) []netip.AddrPort {
	var all []netip.AddrPort
	for _, addr := range own {
		if addr.Is4() == at.Addr().Is4() {
			all = append(all, netip.AddrPortFrom(addr, at.Port()))
		}
	}
	return all
}
