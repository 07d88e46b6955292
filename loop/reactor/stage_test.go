package reactor

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

var loopback = netip.MustParseAddrPort("127.0.0.1:0")

// patience is how long a test waits for what must come: even on a busy machine.
const patience = 2 * time.Minute

// start starts a group that lives as long as the test.
func start(t testing.TB, o Options) (*Group, []*eventLoop) {
	t.Helper()
	if o.Logger == nil {
		o.Logger = quiet
	}
	g, err := Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Close(); err != nil {
			t.Error(err)
		}
	})
	return g, g.loops
}

// on runs f on l and waits.
func on(l *eventLoop, f func()) {
	done := make(chan struct{})
	if l.Post(loop.Func(func() { defer close(done); f() })) {
		<-done
	}
}

// until tries a condition on the loop until it holds.
func until(t testing.TB, l *eventLoop, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); ; runtime.Gosched() {
		ok := false
		on(l, func() { ok = holds() })
		if ok {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func receive[T any](t testing.TB, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

// hooks is a handler made of functions. Without eof it closes when the peer does.
type hooks struct {
	loop.NopHandler
	open    func(*conn)
	data    func(*conn, []byte)
	drained func(*conn)
	eof     func(*conn)
	closed  func(*conn, error)
}

func (h *hooks) Open(c loop.Conn) {
	if h.open != nil {
		h.open(c.(*conn))
	}
}

func (h *hooks) Data(c loop.Conn, p []byte) {
	if h.data != nil {
		h.data(c.(*conn), p)
	}
}

func (h *hooks) Drained(c loop.Conn) {
	if h.drained != nil {
		h.drained(c.(*conn))
	}
}

func (h *hooks) EOF(c loop.Conn) {
	if h.eof != nil {
		h.eof(c.(*conn))
	} else {
		h.NopHandler.EOF(c)
	}
}

func (h *hooks) Closed(c loop.Conn, err error) {
	if h.closed != nil {
		h.closed(c.(*conn), err)
	}
}

func echo(c *conn, p []byte) { c.Write(p) }

// listen returns the address of a new listener on l.
func listen(t testing.TB, l *eventLoop, accept func() loop.Handler) netip.AddrPort {
	t.Helper()
	var addr netip.AddrPort
	on(l, func() {
		n, err := l.Listen(loopback, func(netip.AddrPort) loop.Handler { return accept() })
		if err != nil {
			t.Error(err)
			return
		}
		addr = n.Addr()
	})
	if !addr.IsValid() {
		t.FailNow()
	}
	return addr
}

// accepted dials a listener on l with the standard library's net and returns both
// ends.
func accepted(t testing.TB, l *eventLoop, h *hooks) (*conn, *net.TCPConn) {
	t.Helper()
	got := make(chan *conn, 1)
	first := h.open
	h.open = func(c *conn) {
		if first != nil {
			first(c)
		}
		got <- c
	}
	addr := listen(t, l, func() loop.Handler { return h })
	peer, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { peer.Close() })
	_ = peer.SetDeadline(time.Now().Add(patience))
	return receive(t, "an accepted connection", got), peer.(*net.TCPConn)
}

// turns counts the events that l handles in d. It is how a test sees that
// nothing spins: something that doesn't happen can't be waited for.
func turns(l *eventLoop, d time.Duration) uint64 {
	before := l.counts.turns.Load()
	over := make(chan struct{})
	l.Post(loop.Func(func() { loop.After(l, d, func() { close(over) }) }))
	<-over
	return l.counts.turns.Load() - before
}

// both runs a test on what Linux has and on what every Unix has.
func both(t *testing.T, test func(t *testing.T, o Options)) {
	t.Run("native", func(t *testing.T) { test(t, Options{}) })
	t.Run("portable", func(t *testing.T) { test(t, Options{portable: true}) })
}

func descriptors(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no list of descriptors here")
	}
	return len(list)
}

// goroutines counts those that run code of this package.
func goroutines() int {
	buf := make([]byte, 1<<20)
	n := 0
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if strings.Contains(g, "reactor.(*") {
			n++
		}
	}
	return n
}
