package reactor

import (
	"io"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// noAllocations runs f on l. Counted is what the whole process allocates.
func noAllocations(t *testing.T, l *eventLoop, what string, f func()) {
	t.Helper()
	on(l, func() {
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	})
}

func TestTimersAndPostsAllocateNothing(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 2
		_, loops := start(t, o)
		l := loops[0]
		timer := l.NewTimer(loop.Func(func() {}))
		task := loop.Func(func() {})
		noAllocations(t, l, "setting and stopping a timer", func() { timer.Reset(time.Hour); timer.Stop() })
		n := 0
		noAllocations(t, l, "setting the next timer", func() { n++; timer.Reset(time.Hour - time.Duration(n)) })
		noAllocations(t, l, "posting to another loop", func() { loops[1].Post(task); loops[1].Post(task) })
		noAllocations(t, l, "Later", func() { l.Later(task); l.runLater() })
	})
}

func TestReadingAndWritingAllocateNothing(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		var swap []byte
		for name, h := range map[string]*hooks{
			"Write": {data: echo},
			"Swap":  {data: func(c *conn, p []byte) { swap = c.Swap(append(swap, p...)) }},
		} {
			_, peer := accepted(t, loops[0], h)
			p := make([]byte, 1000)
			trip := func() {
				if _, err := peer.Write(p); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(peer, p); err != nil {
					t.Fatal(err)
				}
			}
			for range 100 {
				trip()
			}
			if n := testing.AllocsPerRun(1000, trip); n != 0 {
				t.Errorf("%s: %v allocations per round trip", name, n)
			}
		}
	})
}

func TestAPostThatWakesTheLoopAllocatesNothing(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 1
		_, loops := start(t, o)
		ran := make(chan struct{}, 1)
		task := loop.Func(func() { ran <- struct{}{} })
		if n := testing.AllocsPerRun(1000, func() { loops[0].Post(task); <-ran }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// Else whoever sends a word now and then would hold a buffer of the loop's from then on.
func TestSwapLeavesASmallBufferToItsOwner(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	c, peer := accepted(t, loops[0], &hooks{})
	on(loops[0], func() {
		p := append(make([]byte, 0, 100), "hello"...)
		if b := c.Swap(p); len(b) != 0 || &b[:1][0] != &p[0] {
			t.Error("the buffer was exchanged for another one")
		}
	})
	if _, err := io.ReadFull(peer, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
}

func TestSwapOnAnIdleConnectionCopiesNothing(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	const size = smallOutput + 1
	c, peer := accepted(t, loops[0], &hooks{})
	on(loops[0], func() {
		p := make([]byte, size)
		c.Swap(p)
		if &c.out.bytes()[0] != &p[0] {
			t.Error("the buffer was copied")
		}
	})
	if _, err := io.ReadFull(peer, make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	on(loops[0], func() {
		if c.out.buf != nil {
			t.Error("an idle connection holds a buffer")
		}
	})
}
