package reactor

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// resolveTime bounds a look-up; the system's own bounds are usually shorter.
const resolveTime = 20 * time.Second

// Resolve looks up host on a goroutine.
func (l *eventLoop) Resolve(host string, done func([]netip.Addr, error)) {
	if a, err := netip.ParseAddr(host); err == nil {
		l.Later(loop.Func(func() { done([]netip.Addr{a.Unmap()}, nil) }))
		return
	}
	go func() {
		ctx, cancel := context.WithTimeout(l.group.ctx, resolveTime)
		defer cancel()
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		addrs = ipv4First(addrs)
		l.Post(loop.Func(func() { done(addrs, err) }))
	}()
}

// ipv4First keeps the order otherwise.
func ipv4First(addrs []netip.Addr) []netip.Addr {
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return addrs
}

var usableIPv6 = []netip.Prefix{netip.MustParsePrefix("2000::/3"), netip.MustParsePrefix("fc00::/7")}

// Addresses lists the host's addresses that other hosts can use.
func (l *eventLoop) Addresses() ([]netip.Addr, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, err
	}
	var all []netip.Addr
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 {
			continue
		}
		addrs, err := i.Addrs()
		if err != nil {
			return nil, err
		}
		for _, a := range addrs {
			if ip, ok := usable(a); ok {
				all = append(all, ip)
			}
		}
	}
	return ipv4First(all), nil
}

func usable(a net.Addr) (netip.Addr, bool) {
	n, ok := a.(*net.IPNet)
	if !ok {
		return netip.Addr{}, false
	}
	ip, ok := netip.AddrFromSlice(n.IP)
	if !ok {
		return netip.Addr{}, false
	}
	ip = ip.Unmap()
	if ip.Is4() {
		return ip, ip.IsGlobalUnicast() && !ip.IsLinkLocalUnicast()
	}
	return ip, slices.ContainsFunc(usableIPv6, func(p netip.Prefix) bool { return p.Contains(ip) })
}
