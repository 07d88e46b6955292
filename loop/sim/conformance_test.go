package sim

import (
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/looptest"
)

// simNet lets the conformance suite run in a world, each group on its own host.
type simNet struct {
	t *testing.T
	w *World
	n int
}

func (n *simNet) Group(loops int) loop.Group {
	n.n++
	return n.w.Host(string(rune('a' + n.n - 1))).Group(loops)
}

func (n *simNet) Bind4(l loop.Loop) netip.AddrPort {
	return netip.AddrPortFrom(l.(*eventLoop).group.host.addrs[0], 0)
}

func (n *simNet) Bind6(l loop.Loop) (netip.AddrPort, bool) {
	return netip.AddrPortFrom(l.(*eventLoop).group.host.addrs[1], 0), true
}

// Wait gives up after a minute of virtual time in which nothing changed.
func (n *simNet) Wait(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	default:
	}
	return n.w.RunUntil(time.Minute, func() bool { return len(changed) > 0 })
}

func (n *simNet) Go(f func())             { n.w.Go(f) }
func (n *simNet) Refused() netip.AddrPort { return netip.AddrPortFrom(n.w.Host("a").Addr(), 9) }

// Flood is more than two buffers of a connection and what Write hands over at once.
func (n *simNet) Flood() int { return 1 << 20 }

func (n *simNet) BlackHole() (netip.AddrPort, bool) {
	return netip.MustParseAddrPort("192.0.2.9:9"), true
}

func (n *simNet) Identity(name string) *loop.Identity { return &loop.Identity{Model: name} }

func TestTheSimulatorIsALoop(t *testing.T) {
	for seed := range uint64(6) {
		var o Options
		switch seed {
		case 0:
		case 1:
			o = Options{Whole: true}
		case 2:
			o = Options{MinBuffer: 4 << 10, MaxBuffer: 64 << 10}
		default:
			o.Faults = Faults{Stall: 5 * time.Millisecond, StallFor: 3 * time.Millisecond, SlowReaders: 200}
		}
		o.Seed = seed
		t.Run(time.Duration(seed).String(), func(t *testing.T) {
			looptest.Run(t, func(t *testing.T) looptest.Net {
				w := New(o)
				t.Cleanup(w.Close)
				return &simNet{t: t, w: w}
			})
		})
	}
}
