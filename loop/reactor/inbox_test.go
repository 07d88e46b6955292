package reactor

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

func TestPostsOfManyGoroutinesKeepTheirOrders(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		l := loops[0]
		const goroutines, each = 8, 5000
		var posters sync.WaitGroup
		var last [goroutines]int
		for g := range goroutines {
			posters.Go(func() {
				for i := 1; i <= each; i++ {
					ok := l.Post(loop.Func(func() {
						if last[g] != i-1 {
							t.Errorf("goroutine %d: %d after %d", g, i, last[g])
						}
						last[g] = i
					}))
					if !ok {
						t.Error("refused")
					}
				}
			})
		}
		posters.Wait()
		on(l, func() {
			for g, n := range last {
				if n != each {
					t.Errorf("goroutine %d: %d of %d ran", g, n, each)
				}
			}
		})
	})
}

func TestATaskThatPostsItselfLeavesRoomForIO(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		l := loops[0]
		var stop atomic.Bool
		var again loop.Func
		again = func() {
			if !stop.Load() {
				l.Post(again)
			}
		}
		l.Post(again)
		defer stop.Store(true)
		addr := listen(t, l, func() loop.Handler { return &hooks{data: echo} })
		peer, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		_ = peer.SetDeadline(time.Now().Add(patience))
		p := make([]byte, 1)
		for range 100 {
			if _, err := peer.Write(p); err != nil {
				t.Fatal(err)
			}
			if _, err := peer.Read(p); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// A bell that nobody hears: the loop isn't running.
type deafBell struct{ rings int }

func (b *deafBell) ring()      { b.rings++ }
func (b *deafBell) fd() int    { return -1 }
func (b *deafBell) edge() bool { return false }
func (b *deafBell) heard()     {}
func (b *deafBell) close()     {}

func TestTheBellIsRungOnceForALoopThatRests(t *testing.T) {
	b := &deafBell{}
	in := inbox{bell: b}
	task := loop.Func(func() {})
	for range 100 {
		in.post(task)
	}
	in.ring()
	if b.rings != 1 {
		t.Errorf("%d rings for one batch", b.rings)
	}
	batch := in.take()
	if len(batch) != 100 {
		t.Errorf("a batch of %d", len(batch))
	}
	in.recycle(batch)
	in.post(task)
	if b.rings != 1 {
		t.Error("the bell was rung for a loop that is awake")
	}
	if in.rest() {
		t.Error("a loop rests with a task in its inbox")
	}
	if len(in.take()) != 1 || !in.rest() {
		t.Error("a loop doesn't rest without a task")
	}
	in.post(task)
	if b.rings != 2 {
		t.Errorf("%d rings for two rests", b.rings)
	}
}

func TestAHugeBatchIsNotKept(t *testing.T) {
	in := inbox{bell: &deafBell{}}
	in.recycle(make([]loop.Task, 0, maxSpare+1))
	if in.spare != nil {
		t.Error("it was kept")
	}
}
