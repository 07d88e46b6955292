package reactor

import (
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/looptest"
)

func TestAReactorThatIsAttendedToIsALoop(t *testing.T) {
	looptest.Run(t, func(t *testing.T) looptest.Net { return &realNet{t: t, attended: true} })
}

// attend attends to a loop, as soon as that is possible.
func attend(t testing.TB, l *eventLoop, w *waiter) {
	t.Helper()
	for end := time.Now().Add(patience); w.begun == 0; runtime.Gosched() {
		if l.Attend(w); time.Now().After(end) {
			t.Fatal("waited in vain for a loop to attend to")
		}
	}
}

// processors has Go use at least so many for the rest of the test.
func processors(t testing.TB, n int) {
	before := runtime.GOMAXPROCS(0)
	runtime.GOMAXPROCS(max(n, before))
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// parked waits until no loop of a group holds a processor.
func parked(t testing.TB, g *Group) {
	t.Helper()
	for end := time.Now().Add(patience); g.holding.Load() > 0; runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatalf("%d loops hold a processor", g.holding.Load())
		}
	}
}

// sendBack sends back what comes. The type hides what io.Copy would use else: pipes, which stay open until
// Go collects them, and other tests count descriptors.
func sendBack(peer net.Conn) { _, _ = io.Copy(struct{ io.Writer }{peer}, peer) }

func TestALoopThatHasNothingToDoHoldsNoProcessor(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	c, peer := accepted(t, loops[0], &hooks{data: echo})
	for range 100 { // it is brisk by then
		_, _ = peer.Write([]byte("x"))
		if _, err := io.ReadFull(peer, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
	parked(t, g)
	on(loops[0], func() {
		if loops[0].isBrisk() || c.state != open {
			t.Errorf("soon %d, state %d", loops[0].soon, c.state)
		}
	})
}

func TestALoopIsBriskWhileEventsComeSoon(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	_, peer := accepted(t, loops[0], &hooks{data: echo})
	go sendBack(peer)
	_, _ = peer.Write([]byte("x"))
	until(t, loops[0], "brisk events", func() bool { return loops[0].isBrisk() && loops[0].ticking == linger })
}

func TestAnAttendedLoopsCallbacksRunOnTheGoroutineThatAttends(t *testing.T) {
	processors(t, 2)
	g, loops := start(t, Options{Loops: 2})
	l := loops[0]
	own := currentGoroutine()
	ran := false
	for range 1000 {
		ran = false
		w := &waiter{over: func() bool { return ran }}
		w.begin = func() {
			if l.Inside() {
				t.Error("beginning is inside")
			}
			l.Post(loop.Func(func() {
				if ran = true; currentGoroutine() != own {
					t.Error("a task runs elsewhere")
				}
				if !l.Inside() || loops[1].Inside() {
					t.Error("it isn't inside the loop, or inside another one")
				}
				if err := g.Close(); err != ErrInside {
					t.Errorf("the group can be closed: %v", err)
				}
			}))
		}
		attend(t, l, w)
		if !ran {
			t.Fatal("it has been left before the end")
		}
	}
	on(l, func() {
		if currentGoroutine() == own || !l.Inside() {
			t.Error("afterwards the loop isn't run by its own goroutine")
		}
	})
}

func TestOthersAreNotInsideAnAttendedLoop(t *testing.T) {
	processors(t, 2)
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	asked, answer := make(chan struct{}), make(chan bool)
	go func() {
		<-asked
		answer <- l.Inside()
	}()
	over := false
	attend(t, l, &waiter{
		begin: func() {
			l.Post(loop.Func(func() {
				close(asked)
				if <-answer {
					t.Error("another goroutine is inside")
				}
				over = true
			}))
		},
		over: func() bool { return over },
	})
}

func TestOneGoroutineAttendsAtATime(t *testing.T) {
	processors(t, 2)
	_, loops := start(t, Options{Loops: 2})
	over := false
	attend(t, loops[0], &waiter{
		begin: func() {
			for _, l := range loops {
				second := &waiter{over: func() bool { return true }}
				if l.Attend(second); second.begun > 0 {
					t.Errorf("loop %d: two at a time", l.index)
				}
			}
			over = true
		},
		over: func() bool { return over },
	})
}

func TestTheLastProcessorIsLeftToOthers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	g, loops := start(t, Options{Loops: 1})
	parked(t, g)
	w := &waiter{over: func() bool { return true }}
	for range 100 {
		if loops[0].Attend(w); w.begun > 0 {
			t.Fatal("a goroutine attends, and may keep the processor")
		}
	}
}

func TestWhoAttendsInVainIsReleased(t *testing.T) {
	processors(t, 2)
	g, loops := start(t, Options{Loops: 1})
	l := loops[0]
	for later := range 20 { // the tick may have begun, or be about to end
		attend(t, l, &waiter{over: func() bool { return true }})
		time.Sleep(time.Duration(later) * attendance / 8)
		started := time.Now()
		attend(t, l, &waiter{over: func() bool { return false }})
		if took := time.Since(started); took < attendance || took > patience/2 {
			t.Errorf("after %v", took)
		}
	}
	parked(t, g)
}

func TestTheGateIsShutWhileTheLoopsGoroutineRuns(t *testing.T) {
	processors(t, 2)
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	_, peer := accepted(t, l, &hooks{data: echo})
	for range 200 {
		attend(t, l, &waiter{
			begin: func() { _, _ = peer.Write([]byte("x")) }, // perhaps for the loop's goroutine
			over:  func() bool { return true },
		})
		on(l, func() {
			if l.attended.Load() {
				return
			}
			l.bell.ring()
			if l.gate.fired(uintptr(l.gate.fd)) {
				t.Error("it is open")
			}
		})
	}
}

func TestACallbackThatEndsTheGoroutineThatAttendsEndsTheLoop(t *testing.T) {
	processors(t, 2)
	lines := make(logBuffer, 10)
	_, loops := start(t, Options{Loops: 1, Logger: slog.New(slog.NewTextHandler(lines, nil))})
	l := loops[0]
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		attend(t, l, &waiter{
			begin: func() { l.Post(loop.Func(runtime.Goexit)) },
			over:  func() bool { return false },
		})
	}()
	receive(t, "the goroutine's end", ended)
	for end := time.Now().Add(patience); l.Post(loop.Func(func() {})); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("waited in vain for the loop's end")
		}
	}
	if line := receive(t, "the log", lines); !strings.Contains(line, "ended the goroutine") {
		t.Errorf("%s", line)
	}
}

// What happens while nobody runs the loop, and what was left undone, is for its own goroutine.
func TestALoopGoesOnAfterItWasAttendedTo(t *testing.T) {
	processors(t, 2)
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	_, peer := accepted(t, l, &hooks{data: echo})
	left := make(chan bool, 1)
	for range 1000 {
		attend(t, l, &waiter{
			begin: func() { l.Post(loop.Func(func() { left <- true })) },
			over:  func() bool { return true },
		})
		receive(t, "a task that was left", left)
		_, _ = peer.Write([]byte("x"))
		if _, err := io.ReadFull(peer, make([]byte, 1)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAGroupIsClosedWhileAGoroutineAttends(t *testing.T) {
	processors(t, 2)
	for range 20 {
		g, err := Start(Options{Loops: 2, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		var attending sync.WaitGroup
		begun := make(chan struct{})
		attending.Go(func() {
			attend(t, g.loops[0], &waiter{
				begin: func() { close(begun) },
				over:  func() bool { return false },
			})
			late := &waiter{over: func() bool { return true }}
			_ = g.Close()
			if g.loops[0].Attend(late); late.begun > 0 {
				t.Error("a closed loop can be attended to")
			}
		})
		<-begun
		if err := g.Close(); err != nil {
			t.Error(err)
		}
		attending.Wait()
	}
}

func TestConversationsOfManyGoroutinesAreAllAnswered(t *testing.T) {
	_, loops := start(t, Options{Loops: 2})
	const goroutines, each = 8, 500
	var all sync.WaitGroup
	attended := atomic.Int64{}
	for k := range goroutines {
		l := loops[k%2]
		answers := make(chan struct{}, 1)
		c, peer := accepted(t, l, &hooks{data: func(*conn, []byte) { answers <- struct{}{} }})
		go sendBack(peer)
		all.Go(func() {
			for range each {
				w := &waiter{over: func() bool { return len(answers) > 0 }}
				w.begin = func() { l.Post(loop.Func(func() { c.Write([]byte("x")) })) }
				if l.Attend(w); w.begun == 0 {
					w.Begin()
				} else {
					attended.Add(1)
				}
				receive(t, "an answer", answers)
			}
		})
	}
	all.Wait()
	t.Logf("%d of %d attended to", attended.Load(), goroutines*each)
}

func TestTheWatchdogNamesWhatBlocksAnAttendedLoop(t *testing.T) {
	processors(t, 3) // a loop of two may hold one
	lines := make(logBuffer, 10)
	_, loops := start(t, Options{Loops: 2, Logger: slog.New(slog.NewTextHandler(lines, nil))})
	over := false
	attend(t, loops[1], &waiter{
		begin: func() {
			loops[1].Post(loop.Func(func() {
				blockUntilReported(t, lines)
				over = true
			}))
		},
		over: func() bool { return over },
	})
	if !over {
		t.Error("it has been left before the end")
	}
}

func TestAttendingAllocatesNothing(t *testing.T) {
	processors(t, 2)
	_, loops := start(t, Options{Loops: 1})
	l, n := loops[0], 0
	task := loop.Func(func() { n++ })
	w := &waiter{over: func() bool { return true }}
	w.begin = func() { l.Post(task) }
	attend(t, l, w)
	if a := testing.AllocsPerRun(1000, func() { l.Attend(w) }); a > 0 {
		t.Errorf("%v allocations", a)
	}
}

func TestAGateLetsThroughWhatComesWhileItIsOpen(t *testing.T) {
	var p poller
	if err := p.open(false); err != nil {
		t.Fatal(err)
	}
	defer p.close()
	b, err := newBell(false)
	if err != nil {
		t.Fatal(err)
	}
	defer b.close()
	if err := p.addSignal(b.fd(), true); err != nil {
		t.Fatal(err)
	}
	var g gate
	if err := g.build(&p); err != nil {
		t.Fatal(err)
	}
	defer g.tearDown()
	through := func() bool { return g.fired(uintptr(g.fd)) }
	for range 3 {
		b.ring()
		if through() {
			t.Error("shut: something comes through")
		}
		if err := g.open(); err != nil {
			t.Fatal(err)
		}
		if !through() {
			t.Error("opened: what was there doesn't come through")
		}
		b.ring()
		if through() {
			t.Error("two come through")
		}
		if err := g.open(); err != nil {
			t.Fatal(err)
		}
		if err := g.shut(); err != nil {
			t.Fatal(err)
		}
		if through() {
			t.Error("shut again: something comes through")
		}
	}
}
