package reactor

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

func TestAListenerStartsAgainWhileItsConnectionsAreInTimeWait(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	var addr netip.AddrPort
	ended := make(chan error, 1)
	for range 2 {
		at := addr
		if !at.IsValid() {
			at = loopback
		}
		var n loop.Listener
		on(l, func() {
			var err error
			n, err = l.Listen(at, func(netip.AddrPort) loop.Handler {
				return &hooks{
					open:   func(c *conn) { c.CloseAfterDrain(nil, patience) }, // our side ends first: TIME_WAIT is ours
					closed: func(_ *conn, err error) { ended <- err },
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		})
		addr = n.Addr()
		peer, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = peer.Read(make([]byte, 1))
		peer.Close()
		receive(t, "Closed", ended)
		on(l, n.Close)
	}
}

func TestAnIPv6BindLeavesIPv4Alone(t *testing.T) {
	if !hasIPv6() {
		t.Skip("no IPv6 here")
	}
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	refuse := func(netip.AddrPort) loop.Handler { return nil }
	on(l, func() {
		six, err := l.Listen(netip.MustParseAddrPort("[::]:0"), refuse)
		if err != nil {
			t.Error(err)
			return
		}
		four, err := l.Listen(netip.AddrPortFrom(netip.IPv4Unspecified(), six.Addr().Port()), refuse)
		if err != nil {
			t.Errorf("the same port with IPv4: %v", err)
			return
		}
		four.Close()
		six.Close()
	})
}

// gnet's poller also waits for urgent data.
func TestAnUrgentOctetComesInLineAndDoesNotSpin(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	got := make(chan byte, 1)
	_, peer := accepted(t, l, &hooks{data: func(_ *conn, p []byte) { got <- p[0] }})
	raw, err := peer.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = raw.Control(func(fd uintptr) { err = unix.Sendto(int(fd), []byte("u"), unix.MSG_OOB, nil) })
	if err != nil {
		t.Fatal(err)
	}
	if b := receive(t, "the octet", got); b != 'u' {
		t.Errorf("got %q", b)
	}
	if n := turns(l, 30*time.Millisecond); n > 10 {
		t.Errorf("%d turns in 30 ms", n)
	}
}

func TestAConnectionToAWildcardBindKnowsItsOwnAddress(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	var bound netip.AddrPort
	local := make(chan netip.AddrPort, 1)
	on(l, func() {
		n, err := l.Listen(netip.MustParseAddrPort("0.0.0.0:0"), func(netip.AddrPort) loop.Handler {
			return &hooks{open: func(c *conn) { local <- c.Local() }}
		})
		if err != nil {
			t.Fatal(err)
		}
		bound = netip.AddrPortFrom(loopback.Addr(), n.Addr().Port())
		l.Dial(bound, patience, &hooks{})
	})
	if got := receive(t, "the address", local); got != bound {
		t.Errorf("%v instead of %v", got, bound)
	}
}

func TestNothingListensOnAStoppedLoop(t *testing.T) {
	g, loops := start(t, Options{Loops: 1})
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := loops[0].Listen(loopback, nil); !errors.Is(err, loop.ErrStopped) {
		t.Errorf("%v", err)
	}
}
