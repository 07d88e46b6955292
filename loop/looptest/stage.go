package looptest

import (
	"runtime/debug"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A stage is where one case plays. Its callbacks hold mu, whatever loop they run
// on, and so do the conditions of until: cases need no locks.
type stage struct {
	*testing.T
	net     Net
	a, b    loop.Loop      // where dialled and accepted connections live
	tls     *loop.Identity // not nil: connections turn to TLS before the case sees them
	mu      sync.Mutex
	changed chan struct{}
	busy    sync.Map // loop.Loop -> *atomic.Int32, callbacks running
	much    int      // octets, more than a network takes while nobody reads
}

func newStage(t *testing.T, net Net) *stage {
	s := &stage{T: t, net: net, changed: make(chan struct{}, 1), much: 16 << 20}
	if small, ok := net.(smallNet); ok {
		s.much = small.Flood()
	}
	return s
}

func (s *stage) group(n int) loop.Group {
	g := s.net.Group(n)
	s.Cleanup(func() {
		if err := g.Close(); err != nil {
			s.Errorf("closing the group: %v", err)
		}
	})
	return g
}

// planned is what cases panic with.
const planned = "planned panic"

// call runs f as (part of) a callback of l and checks that it may run.
func (s *stage) call(l loop.Loop, f func()) {
	v, _ := s.busy.LoadOrStore(l, new(atomic.Int32))
	busy := v.(*atomic.Int32)
	defer busy.Add(-1)
	if busy.Add(1) != 1 {
		s.Errorf("a callback runs inside or beside another one of the same loop:\n%s", debug.Stack())
		return
	}
	if !l.Inside() {
		s.Errorf("a callback doesn't run on its loop:\n%s", debug.Stack())
	}
	s.locked(func() {
		defer func() {
			if r := recover(); r != nil {
				if r != planned {
					s.Errorf("panic: %v\n%s", r, debug.Stack())
				}
				panic(r)
			}
		}()
		f()
	})
}

// locked runs f with the stage's state in its hands.
func (s *stage) locked(f func()) {
	s.mu.Lock()
	defer func() {
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}()
	f()
}

func (s *stage) task(l loop.Loop, f func()) loop.Func {
	return func() { s.call(l, f) }
}

// until waits for a condition.
func (s *stage) until(what string, cond func() bool) {
	s.Helper()
	for !s.holds(cond) {
		if !s.net.Wait(s.changed) {
			s.Fatalf("waited in vain for %s", what)
		}
	}
}

func (s *stage) holds(cond func() bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return cond()
}

// on runs f on l and waits for it.
func (s *stage) on(l loop.Loop, f func()) {
	s.Helper()
	done := false
	if !l.Post(s.task(l, func() { defer func() { done = true }(); f() })) {
		s.Fatal("Post refused a task")
	}
	s.until("a posted task", func() bool { return done })
}

// after runs f on l in d.
func (s *stage) after(l loop.Loop, d time.Duration, f func()) loop.Timer {
	return loop.After(l, d, s.task(l, f))
}

// pass lets d go by.
func (s *stage) pass(d time.Duration) {
	s.Helper()
	over := false
	s.on(s.a, func() { s.after(s.a, d, func() { over = true }) })
	s.until("time to pass", func() bool { return over })
}
