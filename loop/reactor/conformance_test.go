package reactor

import (
	"log/slog"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/looptest"
)

func TestTheReactorIsALoop(t *testing.T) {
	looptest.Run(t, func(t *testing.T) looptest.Net { return &realNet{t: t} })
}

func TestThePortableReactorIsALoop(t *testing.T) {
	looptest.Run(t, func(t *testing.T) looptest.Net { return &realNet{t: t, portable: true} })
}

// quiet swallows the panics that are part of a test.
var quiet = slog.New(slog.DiscardHandler)

// realNet is this machine.
type realNet struct {
	t        *testing.T
	portable bool
	attended bool // goroutines do it all the time

	mu         sync.Mutex
	identities map[string]*loop.Identity
}

func (n *realNet) Group(loops int) loop.Group {
	g, err := Start(Options{Loops: loops, Logger: quiet, portable: n.portable})
	if err != nil {
		n.t.Fatal(err)
	}
	if n.attended {
		n.attend(g)
	}
	return g
}

// attend has a goroutine attend to a group's loops until that is closed.
func (n *realNet) attend(g *Group) {
	var attending sync.WaitGroup
	attending.Go(func() {
		turns := 0
		w := &waiter{over: func() bool { turns++; return turns%4 == 0 }}
		for g.ctx.Err() == nil {
			for _, l := range g.loops {
				l.Attend(w)
			}
			runtime.Gosched()
		}
	})
	n.t.Cleanup(attending.Wait)
}

// waiter is a loop.Waiter made of functions.
type waiter struct {
	begin func()
	over  func() bool
	begun int
}

func (w *waiter) Begin() {
	w.begun++
	if w.begin != nil {
		w.begin()
	}
}

func (w *waiter) Over() bool { return w.over() }

func (n *realNet) Bind4(loop.Loop) netip.AddrPort { return netip.MustParseAddrPort("127.0.0.1:0") }

func (n *realNet) Bind6(loop.Loop) (netip.AddrPort, bool) {
	return netip.MustParseAddrPort("[::1]:0"), hasIPv6()
}

func hasIPv6() bool {
	fd, err := unix.Socket(unix.AF_INET6, unix.SOCK_STREAM, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	return unix.Bind(fd, &unix.SockaddrInet6{Addr: netip.IPv6Loopback().As16()}) == nil
}

func (n *realNet) Wait(changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-time.After(patience):
		return false
	}
}

func (n *realNet) Go(f func()) { go f() }

func (n *realNet) Refused() netip.AddrPort {
	fd, addr := boundSocket(n.t)
	unix.Close(fd)
	return addr
}

func (n *realNet) BlackHole() (netip.AddrPort, bool) { return blackHole(n.t), true }

func (n *realNet) Identity(name string) *loop.Identity {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.identities == nil {
		n.identities = map[string]*loop.Identity{}
	}
	if n.identities[name] == nil {
		n.identities[name] = newIdentity(n.t, testcert.New(n.t))
	}
	return n.identities[name]
}

func newIdentity(t testing.TB, pem []byte) *loop.Identity {
	t.Helper()
	id, err := loop.NewIdentity(pem)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func boundSocket(t testing.TB) (int, netip.AddrPort) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
		err = unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	}
	if err != nil {
		t.Fatal(err)
	}
	addr, err := localAddr(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fd, addr
}

// blackHole is a listener whose backlog is full: it doesn't answer any more.
func blackHole(t testing.TB) netip.AddrPort {
	t.Helper()
	fd, addr := boundSocket(t)
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		filler, _ := boundSocket(t)
		t.Cleanup(func() { unix.Close(filler) })
		if err := unix.SetNonblock(filler, true); err != nil {
			t.Fatal(err)
		}
		_ = unix.Connect(filler, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
	}
	return addr
}
