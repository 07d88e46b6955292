package kernel

import (
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop/sim"
)

// held is a node in a simulated world with a port that counts what it gets.
type held struct {
	w    *sim.World
	n    *Node
	port *Port
	got  int
}

func newHeld(t *testing.T) *held {
	h := &held{w: sim.New(sim.Options{Seed: 1})}
	t.Cleanup(h.w.Close)
	o := Options{}
	o.Links.Node, o.Links.Secret, o.Links.Extensions = "a", []byte("s"), true
	var err error
	if h.n, err = New(h.w.Host("a").Group(1), o); err != nil {
		t.Fatal(err)
	}
	if h.port, err = h.n.NewPort(); err != nil {
		t.Fatal(err)
	}
	h.port.On("tag", func(*Context, codec.Message) { h.got++ })
	h.w.Run(h.w.Now() + time.Millisecond)
	return h
}

// send sends k messages from a goroutine at once.
func (h *held) send(t *testing.T, k int) {
	for range k {
		if err := h.n.TrySend(h.port.ID(), "tag", 1234567, "0123456789abcdef0123456789abcdef"); err != nil {
			t.Fatal(err)
		}
	}
}

// await lets time pass until k messages in all have arrived, and says how much that was.
func (h *held) await(t *testing.T, k int) time.Duration {
	start := h.w.Now()
	if !h.w.RunUntil(time.Second, func() bool { return h.got == k }) {
		t.Fatalf("%d of %d messages have arrived", h.got, k)
	}
	return h.w.Now() - start
}

func TestAFloodFromAGoroutineWakesTheLoopRarely(t *testing.T) {
	h := newHeld(t)
	h.send(t, 100)
	h.await(t, 100)
	posts, start := h.w.Stats.Posts, h.w.Now()
	const rounds = 3000
	for range rounds { // some messages each microsecond
		h.send(t, 20)
		h.w.Run(h.w.Now() + time.Microsecond)
	}
	h.await(t, 100+20*rounds)
	took := h.w.Now() - start
	if posts = h.w.Stats.Posts - posts; posts > int(2*took/holdTime)+10 {
		t.Errorf("the loop was woken %d times in %v", posts, took)
	}
}

func TestWhoWaitsForAnswersIsHeldUpRarely(t *testing.T) {
	h := newHeld(t)
	const rounds, each = 1000, 100 // some ten KiB
	slow := 0
	for i := range rounds {
		h.send(t, each)
		if h.await(t, (i+1)*each) >= holdTime/2 {
			slow++
		}
	}
	if slow > rounds/20 {
		t.Errorf("%d of %d rounds were held up", slow, rounds)
	}
}
