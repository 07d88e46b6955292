package kernel

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/aemp-go/aemp/internal/hostport"
	"github.com/aemp-go/aemp/loop"
)

// A Bind is a place to listen at. Host "*" is every address of this host that
// others can use; port 0 is any free one.
type Bind struct{ hostport.Place }

// A BindError says which bind can't be used, and why. It aborts the start.
type BindError struct {
	Bind string // as it was given
	Err  error
}

func (e *BindError) Error() string { return fmt.Sprintf("bind %q: %v", e.Bind, e.Err) }
func (e *BindError) Unwrap() error { return e.Err }

// ParseBinds reads binds (protocol 1), each HOST:PORT, [v6]:PORT, HOST, or a port
// of this host; the elements may be comma lists. An empty list, or one with
// nothing in it, is no listener at all. Each bind is returned once. The error
// joins a *BindError for each that can't be read.
func ParseBinds(list []string) ([]Bind, error) {
	var (
		binds  []Bind
		faults []error
		seen   = make(map[Bind]bool)
	)
	for _, text := range hostport.Split(list) {
		place, err := hostport.Parse(text)
		if err != nil {
			faults = append(faults, &BindError{text, err})
			continue
		}
		if bind := (Bind{place}); !seen[bind] {
			seen[bind] = true
			binds = append(binds, bind)
		}
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return binds, nil
}

// ResolveBinds finds the addresses to listen at, in the order of the binds, each
// once. It is called on l; done comes there once, after the running callback. The
// error joins a *BindError for each bind without an address.
func ResolveBinds(l loop.Loop, binds []Bind, done func([]netip.AddrPort, error)) {
	if len(binds) == 0 {
		l.Later(loop.Func(func() { done(nil, nil) }))
		return
	}
	var (
		found   = make([][]netip.AddrPort, len(binds))
		faults  = make([]error, len(binds))
		missing = len(binds)
	)
	for i, bind := range binds {
		hostport.Resolve(l, bind.Place, func(addrs []netip.AddrPort, err error) {
			found[i] = addrs
			if err != nil {
				faults[i] = &BindError{bind.String(), err}
			}
			if missing--; missing == 0 {
				done(listenAt(found), errors.Join(faults...))
			}
		})
	}
}

// listenAt joins the addresses of all binds. An address may be listed several
// times with the same port (two names for one host), which is meant once.
func listenAt(found [][]netip.AddrPort) []netip.AddrPort {
	var all []netip.AddrPort
	seen := make(map[netip.AddrPort]bool)
	for _, addrs := range found {
		for _, addr := range addrs {
			if !seen[addr] {
				seen[addr] = true
				all = append(all, addr)
			}
		}
	}
	return all
}
