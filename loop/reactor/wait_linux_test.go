package reactor

import (
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// Should gnet keep its epoll instance elsewhere one day, the loops still run, but slower.
func TestGnetsPollerShowsItsEpollInstance(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	if loops[0].poll.queue < 0 {
		t.Error("it doesn't: look for it in gnet's netpoll.Poller")
	}
	_, loops = start(t, Options{Loops: 1, portable: true})
	if loops[0].poll.queue >= 0 {
		t.Error("a portable loop waits by itself")
	}
}

func TestEventsOfATurnAddToOneWrite(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	out, peer := accepted(t, l, &hooks{})
	const sources = 5
	var conns [sources]*conn
	var peers [sources]net.Conn
	for i := range sources {
		conns[i], peers[i] = accepted(t, l, &hooks{data: func(_ *conn, p []byte) { out.Write(p) }})
	}
	before := uint64(0)
	on(l, func() { // all become readable while the loop is here: they come in one turn
		for i, c := range conns {
			_, _ = peers[i].Write([]byte("x"))
			waitReadable(t, c.fd)
		}
		before = l.counts.writes.Load()
	})
	if _, err := io.ReadFull(peer, make([]byte, sources)); err != nil {
		t.Fatal(err)
	}
	on(l, func() {})
	if n := l.counts.writes.Load() - before; n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestALoopWithNothingToDoTakesNoTurn(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		l := loops[0]
		_, _ = accepted(t, l, &hooks{})
		if n := turns(l, 50*time.Millisecond); n > 4 {
			t.Errorf("%d turns", n)
		}
	})
}

// What a goroutine posts while the loop yields to it is seen before the loop waits.
func TestAPostToALoopThatIsAboutToWaitIsNotLost(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	answers := make(chan struct{}, 1)
	c, peer := accepted(t, l, &hooks{data: func(*conn, []byte) { answers <- struct{}{} }})
	go sendBack(peer)
	ask := loop.Func(func() { c.Write([]byte("x")) })
	for range 20_000 {
		l.Post(ask)
		receive(t, "an answer", answers)
	}
}

func TestALoopWithTheOnlyProcessorIsCrowded(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	_, loops := start(t, Options{Loops: 1})
	until(t, loops[0], "crowding", func() bool { return loops[0].crowded })
}
