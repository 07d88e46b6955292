package reactor

import (
	"net"
	"net/netip"
	"os"

	"github.com/panjf2000/gnet/v2/pkg/socket"
	"golang.org/x/sys/unix"
)

// How the kernel finds a peer that vanished while nothing was sent. What is on its
// way is probed sooner by whoever uses the connection. TCP_USER_TIMEOUT isn't set: it
// would also end connections to a peer that is merely slow to read.
const (
	keepAliveIdle     = 30 // seconds
	keepAliveInterval = 10 // seconds
	keepAliveCount    = 3
)

// setOptions sets what every connection has. None of it is vital.
func setOptions(fd int) {
	_ = socket.SetNoDelay(fd, 1) // output is collected here already
	_ = socket.SetKeepAlive(fd, true, keepAliveIdle, keepAliveInterval, keepAliveCount)
	// gnet waits for urgent data as well: an urgent octet that isn't in line
	// would be reported for ever.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_OOBINLINE, 1)
}

func localAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	return addrPort(sa), nil
}

func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		ip := netip.AddrFrom16(sa.Addr)
		if sa.ZoneId != 0 {
			ip = ip.WithZone(zoneName(int(sa.ZoneId)))
		}
		return netip.AddrPortFrom(ip, uint16(sa.Port))
	}
	return netip.AddrPort{}
}

func zoneName(index int) string {
	i, err := net.InterfaceByIndex(index)
	if err != nil {
		return ""
	}
	return i.Name
}

// unmap: an IPv4 address in IPv6 clothes is an IPv4 address.
func unmap(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
