package reactor

import (
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

func TestCloseLeavesNoGoroutineAndNoDescriptor(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops, o.Logger = 3, quiet
		id := newIdentity(t, testcert.New(t))
		hole := blackHole(t)
		fds, gos := descriptors(t), goroutines()
		g, err := Start(o)
		if err != nil {
			t.Fatal(err)
		}
		var ended sync.WaitGroup
		ended.Add(5)
		closed := func(_ *conn, err error) {
			// The other loop may be the first to stop, with something unread.
			if !errors.Is(err, loop.ErrStopped) && !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("%v", err)
			}
			ended.Done()
		}
		stay := func(*conn) {}
		opened := make(chan bool, 4)
		addr := listen(t, g.loops[0], func() loop.Handler {
			return &hooks{open: func(*conn) { opened <- true }, eof: stay, closed: closed}
		})
		shaking := 0
		on(g.loops[1], func() {
			l := g.loops[1]
			l.Dial(hole, patience, &hooks{closed: closed})
			l.Dial(addr, patience, &hooks{open: func(*conn) { opened <- true }, eof: stay, closed: closed})
			l.Dial(addr, patience, &hooks{closed: closed, open: func(c *conn) { // never answered
				c.StartTLS(id, true, nil, func(s loop.Session, err error) {
					if shaking++; s != nil || err == nil {
						t.Errorf("handshake: %v, %v", s, err)
					}
				})
				opened <- true
			}})
			loop.After(l, time.Hour, func() { t.Error("an hour has passed") })
		})
		for range 4 {
			receive(t, "open connections", opened)
		}
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		ended.Wait()
		if shaking != 1 {
			t.Errorf("the handshake ended %d times", shaking)
		}
		if n := descriptors(t); n != fds {
			t.Errorf("%d descriptors before, %d after", fds, n)
		}
		if n := goroutines(); n > gos {
			t.Errorf("%d goroutines before, %d after", gos, n)
		}
	})
}

func TestCloseOnALoopOfTheGroupIsRefused(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	on(loops[1], func() {
		if err := g.Close(); !errors.Is(err, ErrInside) {
			t.Errorf("%v", err)
		}
	})
}

func TestWhatIsDoneOnAStoppingLoopEnds(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	l := loops[0]
	id := newIdentity(t, testcert.New(t))
	addr := listen(t, loops[1], func() loop.Handler { return &hooks{} })
	told := 0
	late := &hooks{closed: func(_ *conn, err error) {
		if told++; !errors.Is(err, loop.ErrStopped) {
			t.Errorf("%v", err)
		}
	}}
	done := 0
	opened := make(chan bool)
	on(l, func() {
		l.Dial(addr, patience, &hooks{
			open: func(*conn) { close(opened) },
			closed: func(c *conn, err error) {
				l.Dial(addr, patience, late)
				c.StartTLS(id, true, nil, func(_ loop.Session, err error) { done++ })
				loop.After(l, 0, func() { t.Error("a timer ran on a stopped loop") })
			},
		})
	})
	receive(t, "the connection", opened)
	if err := g.Close(); err != nil {
		t.Fatal(err)
	}
	if told != 1 || done != 1 {
		t.Errorf("the late dial was told of %d times, the late handshake %d times", told, done)
	}
}

func TestAConnectionThatMovesToAStoppedLoopEnds(t *testing.T) {
	_, loops := start(t, Options{Loops: 2})
	ended := make(chan error, 1)
	c, _ := accepted(t, loops[0], &hooks{closed: func(_ *conn, err error) { ended <- err }})
	on(loops[1], loops[1].quit)
	for loops[1].Post(loop.Func(func() {})) { // until it has stopped
	}
	on(loops[0], func() { c.Move(loops[1], func() { t.Error("it arrived") }) })
	if err := receive(t, "Closed", ended); !errors.Is(err, loop.ErrStopped) {
		t.Errorf("%v", err)
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, o := range []Options{{Loops: -1}, {HardCap: -1}} {
		if g, err := Start(o); err == nil {
			g.Close()
			t.Errorf("%+v started", o)
		}
	}
}

func TestStatsCountWhatTheLoopsDo(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	_, peer := accepted(t, loops[1], &hooks{data: echo})
	p := make([]byte, 10)
	if _, err := peer.Write(p); err != nil {
		t.Fatal(err)
	}
	if _, err := peer.Read(p); err != nil {
		t.Fatal(err)
	}
	on(loops[1], func() {}) // it has counted what it wrote
	s := g.Stats()[1]
	if s.Turns == 0 || s.Posts == 0 || s.Wakeups == 0 || s.Reads == 0 || s.ReadOctets != 10 ||
		s.Writes != 1 || s.WrittenOctets != 10 || s.Conns != 1 || s.MaxLag == 0 || s.Lag == 0 || g.Lag() == 0 {
		t.Errorf("%+v", s)
	}
	if other := g.Stats()[0]; other.Reads != 0 || other.Conns != 0 {
		t.Errorf("the other loop: %+v", other)
	}
}

func TestAConnectionCountsWhereItLives(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	c, _ := accepted(t, loops[0], &hooks{})
	arrived := make(chan bool, 1)
	on(loops[0], func() { c.Move(loops[1], func() { arrived <- true }) })
	receive(t, "the move", arrived)
	if s := g.Stats(); s[0].Conns != 0 || s[1].Conns != 1 {
		t.Errorf("%d and %d", s[0].Conns, s[1].Conns)
	}
}

// A logBuffer passes each record on as one text.
type logBuffer chan string

func (b logBuffer) Write(p []byte) (int, error) {
	select {
	case b <- string(p):
	default:
	}
	return len(p), nil
}

func TestACallbackThatBlocksIsReportedWithItsStack(t *testing.T) {
	lines := make(logBuffer, 10)
	g, loops := start(t, Options{Loops: 2, Logger: slog.New(slog.NewTextHandler(lines, nil))})
	on(loops[1], func() { blockUntilReported(t, lines) })
	if s := g.Stats()[1]; s.MaxLag < tooLong || s.Lag < tooLong {
		t.Errorf("%+v", s)
	}
	if s := g.Stats()[1]; s.MaxLag >= tooLong {
		t.Errorf("MaxLag stays: %v", s.MaxLag)
	}
}

func blockUntilReported(t *testing.T, lines logBuffer) {
	line := receive(t, "a report", lines)
	if !strings.Contains(line, "loop=1") || !strings.Contains(line, "blockUntilReported") {
		t.Errorf("%s", line)
	}
}

func TestALateTimerCountsAsLag(t *testing.T) {
	g, loops := start(t, Options{Loops: 1})
	l := loops[0]
	fired := make(chan bool, 1)
	g.Stats()
	on(l, func() {
		due := l.Now() + time.Millisecond
		loop.After(l, time.Millisecond, func() { fired <- true })
		for l.Now() < due+5*time.Millisecond { // busy
		}
	})
	receive(t, "the timer", fired)
	if s := g.Stats()[0]; s.MaxLag < 5*time.Millisecond {
		t.Errorf("%v", s.MaxLag)
	}
}

func TestAPanicIsLoggedWithItsStack(t *testing.T) {
	lines := make(logBuffer, 10)
	_, loops := start(t, Options{Loops: 1, Logger: slog.New(slog.NewTextHandler(lines, nil))})
	loops[0].Offload(func() { panic("in the work") }, func() {})
	if line := receive(t, "the log", lines); !strings.Contains(line, "in the work") || !strings.Contains(line, "group_test.go") {
		t.Errorf("%s", line)
	}
}

func TestUsableAddresses(t *testing.T) {
	for text, want := range map[string]bool{
		"10.1.2.3/8": true, "203.0.113.9/24": true, "127.0.0.1/8": false, "169.254.7.7/16": false, "224.0.0.1/4": false,
		"2001:db8::1/64": true, "fd00::1/64": true, "fe80::1/64": false, "::1/128": false, "ff02::1/16": false,
	} {
		ip, n, err := net.ParseCIDR(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := usable(&net.IPNet{IP: ip, Mask: n.Mask}); ok != want {
			t.Errorf("%s: %v", text, ok)
		}
	}
	if _, ok := usable(&net.IPAddr{}); ok {
		t.Error("what isn't an IPNet")
	}
}
