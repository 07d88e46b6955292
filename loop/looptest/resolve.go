package looptest

import (
	"net/netip"
	"slices"
)

func (s *stage) resolve(host string) (addrs []netip.Addr, err error) {
	s.Helper()
	done := 0
	s.on(s.a, func() {
		s.a.Resolve(host, func(a []netip.Addr, e error) {
			s.call(s.a, func() { addrs, err, done = a, e, done+1 })
		})
		if done != 0 {
			s.Error("done was called before Resolve returned")
		}
	})
	s.until("the answer for "+host, func() bool { return done == 1 })
	return addrs, err
}

var resolveCases = []testCase{
	{"a literal address is its own answer", func(s *stage) {
		for _, host := range []string{"192.0.2.7", "2001:db8::1", "::1"} {
			addrs, err := s.resolve(host)
			if err != nil || !slices.Equal(addrs, []netip.Addr{netip.MustParseAddr(host)}) {
				s.Errorf("%s: %v, %v", host, addrs, err)
			}
		}
	}},
	{"localhost is found, IPv4 first", func(s *stage) {
		addrs, err := s.resolve("localhost")
		if err != nil || len(addrs) == 0 {
			s.Fatalf("%v, %v", addrs, err)
		}
		sorted := slices.IsSortedFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
		for _, a := range addrs {
			if !a.IsLoopback() || a.Is4In6() || !sorted {
				s.Errorf("%v", addrs)
			}
		}
	}},
	{"a host that doesn't exist is an error", func(s *stage) {
		for _, host := range []string{"no such host", ""} {
			if addrs, err := s.resolve(host); err == nil || len(addrs) != 0 {
				s.Errorf("%q: %v, %v", host, addrs, err)
			}
		}
	}},
	{"Addresses lists what other hosts can use, IPv4 first", func(s *stage) {
		s.on(s.a, func() {
			addrs, err := s.a.Addresses()
			if err != nil {
				s.Error(err)
			}
			sorted := slices.IsSortedFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
			for _, a := range addrs {
				usable := a.Is4() || netip.MustParsePrefix("2000::/3").Contains(a) || netip.MustParsePrefix("fc00::/7").Contains(a)
				if a.IsLoopback() || a.IsMulticast() || a.IsUnspecified() || !usable || a.Zone() != "" || !sorted {
					s.Errorf("%v in %v", a, addrs)
				}
			}
		})
	}},
}
