package kernel_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// Goroutines that send over one link at the same time stand back for each other. None of them
// is forgotten, whenever the others stop, and all that they have sent arrives in order.
func TestGoroutinesThatFloodOneLinkAllGetThrough(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	const senders = 8
	rounds := 4
	if testing.Short() {
		rounds = 1
	}
	sink, err := b.NewPort()
	if err != nil {
		t.Fatal(err)
	}
	var last [senders]int64 // of the port's loop
	done := make(chan struct{}, senders)
	sink.On("n", func(_ *kernel.Context, m codec.Message) {
		args := m.Args()
		who, i, end := args.Int(), args.Int(), args.Bool()
		if args.Err() != nil || i != last[who]+1 {
			t.Errorf("message %d of sender %d comes behind %d: %v", i, who, last[who], args.Err())
		}
		if last[who] = i; end {
			done <- struct{}{}
		}
	})
	var all sync.WaitGroup
	for who := range senders {
		all.Go(func() {
			ctx := inTime(t)
			var i int64
			for round := range rounds {
				for k, n := 1, 1+rand.IntN(60_000); k <= n; k++ {
					i++
					if err := a.SendContext(ctx, sink.ID(), "n", who, i, k == n && round == rounds-1); err != nil {
						t.Errorf("sender %d: message %d: %v", who, i, err)
						return
					}
				}
				time.Sleep(time.Duration(rand.IntN(3)) * time.Millisecond)
			}
		})
	}
	all.Wait()
	for range senders {
		select {
		case <-done:
		case <-time.After(patience):
			t.Fatal("the last message of a sender doesn't arrive")
		}
	}
}
