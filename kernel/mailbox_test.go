package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestAMailboxKeepsMessagesInOrderForReceive(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	box := b.mailbox()
	const count = 1000
	for i := range count {
		if err := a.Send(box.ID(), i, strings.Repeat("x", i)); err != nil {
			t.Fatal(err)
		}
	}
	var kept []codec.Message
	for range count {
		kept = append(kept, b.receive(box))
	}
	for i, m := range kept { // they are ours to keep
		args := m.Args()
		if n, s := args.Int(), args.Text(); n != int64(i) || len(s) != i {
			t.Fatalf("message %d is %d with %d", i, n, len(s))
		}
	}
}

func TestReceiveEndsWithItsContextAndWithItsPort(t *testing.T) {
	a := startReal(t, "a")
	box := a.mailbox()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() {
		_, err := box.Receive(ctx)
		ended <- err
	}()
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// What came before the port's death can still be received, by all receivers together.
	for i := range 3 {
		if err := a.Send(box.ID(), i); err != nil {
			t.Fatal(err)
		}
	}
	box.Kill("enough", 1)
	var messages atomic.Int32
	for range 5 {
		go func() {
			for {
				_, err := box.Receive(inTime(t))
				if err == nil {
					messages.Add(1)
					continue
				}
				ended <- err
				return
			}
		}()
	}
	for range 5 {
		var reason *kernel.ReasonError
		if err := <-ended; !errors.As(err, &reason) || reason.Reason.String() != `["enough", 1]` || reason.Port != box.ID() {
			t.Error(err)
		}
	}
	if n := messages.Load(); n != 3 {
		t.Errorf("%d of 3 messages", n)
	}
}

func TestSeveralReceiversShareAMailbox(t *testing.T) {
	a := startReal(t, "a")
	box := a.mailbox()
	const receivers, count = 8, 2000
	var mu sync.Mutex
	seen := map[int64]int{}
	var all sync.WaitGroup
	for range receivers {
		all.Go(func() {
			for {
				m, err := box.Receive(inTime(t))
				if err != nil {
					return
				}
				args := m.Args()
				mu.Lock()
				seen[args.Int()]++
				mu.Unlock()
			}
		})
	}
	for i := range count {
		if err := a.Send(box.ID(), i); err != nil {
			t.Fatal(err)
		}
	}
	box.Kill()
	all.Wait()
	for i := range count {
		if seen[int64(i)] != 1 {
			t.Fatalf("message %d was received %d times", i, seen[int64(i)])
		}
	}
}

func TestReceiveIsForMailboxesAndGoroutines(t *testing.T) {
	a := startReal(t, "a")
	p, err := a.NewPort()
	if err != nil {
		t.Fatal(err)
	}
	var bad *kernel.IDError
	if _, err := p.Receive(inTime(t)); !errors.As(err, &bad) {
		t.Errorf("from a port without mailbox: %v", err)
	}
	box := a.mailbox()
	got := make(chan error, 1)
	if err := a.Do(func(*kernel.Context) {
		_, err := box.Receive(context.Background())
		got <- err
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-got; !errors.Is(err, kernel.ErrWouldBlock) {
		t.Errorf("on a loop: %v", err)
	}
}

// block is more than a little, so that bounds are met soon.
var block = []byte(strings.Repeat("b", 32<<10))

func TestAFullMailboxMakesLocalGoroutinesWait(t *testing.T) {
	a := startReal(t, "a")
	box := a.mailbox()
	sent := 0
	for ; ; sent++ {
		err := a.TrySend(box.ID(), sent, block)
		if errors.Is(err, kernel.ErrFull) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if octets := sent * len(block); octets < 1<<20 || octets > 4<<20 {
		t.Errorf("full with %d octets", octets)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := a.SendContext(ctx, box.ID(), sent, block); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context: %v", err)
	}
	onLoop := make(chan error, 1)
	if err := a.Do(func(*kernel.Context) { onLoop <- a.Send(box.ID(), sent, block) }); err != nil {
		t.Fatal(err)
	}
	if err := <-onLoop; !errors.Is(err, kernel.ErrWouldBlock) {
		t.Errorf("on a loop: %v", err)
	}
	waited := make(chan error, 1)
	go func() { waited <- a.Send(box.ID(), sent, block) }()
	for i := range sent + 1 {
		m := a.receive(box)
		args := m.Args()
		if n := args.Int(); n != int64(i) {
			t.Fatalf("message %d is %d", i, n)
		}
	}
	if err := <-waited; err != nil {
		t.Error(err)
	}
}

func TestAFullMailboxStopsTheLinkThatFeedsItAndNothingIsLost(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	box := b.mailbox()
	sent := 0
	for ; ; sent++ { // until everything between the two is full
		ctx, cancel := context.WithTimeout(context.Background(), patience/50)
		err := a.SendContext(ctx, box.ID(), sent, block)
		cancel()
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if sent > 4096 {
			t.Fatal("128 MiB and nobody waits")
		}
	}
	for i := range sent {
		m := b.receive(box)
		args := m.Args()
		if n := args.Int(); n != int64(i) {
			t.Fatalf("message %d is %d", i, n)
		}
	}
	if err := a.Send(box.ID(), sent); err != nil {
		t.Fatal(err)
	}
	m := b.receive(box)
	if args := m.Args(); args.Int() != int64(sent) {
		t.Error(m)
	}
}

func TestTheDeathOfAFullMailboxLetsItsSendersGoOn(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	box, other := b.mailbox(), b.mailbox()
	for i := 0; ; i++ {
		ctx, cancel := context.WithTimeout(context.Background(), patience/50)
		err := a.SendContext(ctx, box.ID(), i, block)
		cancel()
		if err != nil {
			break
		}
	}
	box.Kill()
	if err := a.SendContext(inTime(t), other.ID(), "through"); err != nil {
		t.Fatal(err)
	}
	if m := b.receive(other); m.String() != `["through"]` {
		t.Error(m)
	}
}

func TestAHandlerThatFloodsAMailboxKillsItAtItsLimit(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	box, err := n.NewMailbox()
	w.ok(err)
	v, _ := n.monitor(box.ID())
	huge := []byte(strings.Repeat("h", 8<<20))
	p := n.port(func(self *kernel.Context, _ codec.Message) {
		w.ok(self.Send(box.ID(), huge))
		self.After(0, func(self *kernel.Context) { _ = self.Send(self.ID()) })
	})
	w.ok(n.Send(p.ID()))
	v.is(`["overload", "mailbox at its hard limit"]`)
	if n.drops().Mailbox != 1 {
		t.Error("not counted")
	}
}

func TestAHandlerThatFloodsItsLoopIsRefusedAtTheLimit(t *testing.T) {
	w := newWorld(t)
	for _, loops := range []int{1, 2} {
		n := w.node(fmt.Sprint("n", loops), loops)
		huge := []byte(strings.Repeat("h", 8<<20))
		for range 2 { // on one and the other loop
			r := n.port(func(*kernel.Context, codec.Message) {})
			n.do(func(self *kernel.Context) {
				for i := 0; ; i++ {
					if err := self.Send(r.ID(), huge); errors.Is(err, kernel.ErrOverload) {
						break
					} else if err != nil || i > 100 {
						t.Errorf("%d sent, then %v", i, err)
						break
					}
				}
			})
		}
	}
}
