package looptest

import (
	"net/netip"
	"testing"

	"github.com/aemp-go/aemp/loop"
)

// A Net is the world that the cases run in. A new one is made for each case.
type Net interface {
	// Group makes a group of n loops. The case closes it.
	Group(n int) loop.Group

	// Bind4 and Bind6 are what loop l can listen on, with port 0, reachable
	// from the loops of all groups. Bind6 may report that there is no IPv6.
	Bind4(l loop.Loop) netip.AddrPort
	Bind6(l loop.Loop) (netip.AddrPort, bool)

	// Wait lets the world go on until something was sent on changed, or for
	// one event of the simulator. It reports false when it makes no sense to
	// wait any longer.
	Wait(changed <-chan struct{}) bool

	// Go runs f on a goroutine, or what stands for one.
	Go(f func())

	// Refused is an address where nobody listens.
	Refused() netip.AddrPort

	// BlackHole is an address that doesn't answer at all; false if there is none.
	BlackHole() (netip.AddrPort, bool)

	// Identity makes the identity of that name. The same name gives
	// identities that accept each other, another name gives a foreign one.
	Identity(name string) *loop.Identity
}

// A Net whose connections take little may say how much they never take at once, in
// octets, instead of 16 MiB.
type smallNet interface{ Flood() int }

type testCase struct {
	name string
	run  func(s *stage)
}

// A layout says where the two ends of a case's connections live.
type layout struct {
	name string
	tls  bool
	make func(s *stage) (a, b loop.Loop)
}

var layouts = []layout{
	{"one loop", false, func(s *stage) (a, b loop.Loop) {
		g := s.group(1).Loops()
		return g[0], g[0]
	}},
	{"two loops", false, func(s *stage) (a, b loop.Loop) {
		g := s.group(2).Loops()
		return g[0], g[1]
	}},
	{"two groups", false, func(s *stage) (a, b loop.Loop) {
		return s.group(1).Loops()[0], s.group(1).Loops()[0]
	}},
	{"two loops over TLS", true, func(s *stage) (a, b loop.Loop) {
		g := s.group(2).Loops()
		return g[0], g[1]
	}},
}

// Run runs all cases, each in a world of its own.
func Run(t *testing.T, newNet func(t *testing.T) Net) {
	for _, cases := range [][]testCase{timerCases, postCases, attendCases, laterCases, clockCases, offloadCases, resolveCases, listenCases, dialCases, startTLSCases, stopCases} {
		for _, c := range cases {
			t.Run(c.name, func(t *testing.T) { runCase(t, newNet(t), layouts[1], c) })
		}
	}
	for _, lay := range layouts {
		t.Run(lay.name, func(t *testing.T) {
			for _, cases := range [][]testCase{openCases, outputCases, offerCases, pauseCases, halfCloseCases, closeCases, drainCases, handlerCases, moveCases, detachCases, panicCases} {
				for _, c := range cases {
					t.Run(c.name, func(t *testing.T) { runCase(t, newNet(t), lay, c) })
				}
			}
		})
	}
}

func runCase(t *testing.T, net Net, lay layout, c testCase) {
	s := newStage(t, net)
	s.a, s.b = lay.make(s)
	if lay.tls {
		s.tls = net.Identity("ours")
	}
	c.run(s)
}
