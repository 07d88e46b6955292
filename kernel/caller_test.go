package kernel_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// successor answers a number with the next one, as often as it is told.
func successor(self *kernel.Context, m codec.Message) {
	args := m.Args()
	i, times, reply := args.Int(), args.Int(), args.TextBytes()
	if args.Err() != nil {
		panic(args.Err())
	}
	for range times {
		if err := self.Reply(reply, i+1); err != nil {
			panic(err)
		}
	}
}

func TestACallTakesOneMessageEachWay(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	to := r.port(b, successor).ID()
	call := func(i int) {
		if m, err := a.Call(inTime(t), to, i, 1); err != nil {
			t.Fatal(m, err)
		}
	}
	received := func(n *kernel.Node) uint64 { return n.Stats().Links[0].Received }
	call(0)
	here, there := received(a), received(b)
	for i := range 100 {
		call(i)
	}
	if x, y := received(a)-here, received(b)-there; x != 100 || y != 100 {
		t.Errorf("100 calls: %d and %d messages", x, y)
	}
}

func TestALateAnswerReachesNobody(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	for _, n := range []*kernel.Node{a, b} {
		to := r.port(n, successor).ID()
		before := a.Stats().Drops.UnknownPort
		ctx := inTime(t)
		for i := range 300 { // each has two answers too many
			m, err := a.Call(ctx, to, i, 3)
			if got, _ := m.At(0).Int(); err != nil || got != int64(i)+1 {
				t.Fatalf("%v, %v to %d", m, err, i)
			}
		}
		for a.Stats().Drops.UnknownPort-before < 600 {
			if ctx.Err() != nil {
				t.Fatalf("%d are dropped", a.Stats().Drops.UnknownPort-before)
			}
		}
	}
}

func TestAReplyPortCanBeMonitored(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	ended := make(chan kernel.Reason, 1)
	asked := make(chan struct{}, 1)
	for _, n := range []*kernel.Node{a, b} {
		to := r.port(n, func(self *kernel.Context, m codec.Message) {
			answers, _ := m.At(0).Bool()
			id, _ := m.At(1).Text()
			if _, err := self.Monitor(id, func(_ *kernel.Context, r kernel.Reason) { ended <- r }); err != nil {
				panic(err)
			}
			if answers {
				self.Send(id, "yes")
			}
			// Answered behind the monitor's request.
			self.Call("a", []any{"time"}, 0, func(*kernel.Context, codec.Message, error) { asked <- struct{}{} })
		}).ID()
		m, err := a.Call(inTime(t), to, true)
		if err != nil || m.String() != `["yes"]` {
			t.Errorf("%v, %v", m, err)
		}
		soon(t, asked)
		if r := soon(t, ended); !r.Normal() {
			t.Errorf("answered: %v", r)
		}
		ctx, cancel := context.WithCancel(context.Background())
		over := make(chan error, 1)
		go func() {
			_, err := a.Call(ctx, to, false)
			over <- err
		}()
		soon(t, asked)
		cancel()
		if err := soon(t, over); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if r := soon(t, ended); !r.Normal() {
			t.Errorf("given up: %v", r)
		}
	}
	for ctx := inTime(t); a.Stats().Ports > 1; {
		if ctx.Err() != nil {
			t.Fatalf("%d ports are left", a.Stats().Ports)
		}
	}
}

func TestAPortThatDiesEndsAllItsCalls(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	for _, n := range []*kernel.Node{a, b} {
		for range 20 { // the next one must not wait for what the last one's monitor has told
			asked := make(chan struct{}, 8)
			p := r.port(n, func(*kernel.Context, codec.Message) { asked <- struct{}{} })
			var calls sync.WaitGroup
			for range 8 {
				calls.Go(func() {
					_, err := a.Call(inTime(t), p.ID())
					var reason *kernel.ReasonError
					if !errors.As(err, &reason) || reason.Reason.Kind() != "enough" {
						t.Errorf("of node %s: %v", n.ID(), err)
					}
				})
			}
			for range 8 {
				soon(t, asked)
			}
			p.Kill("enough")
			calls.Wait()
			var reason *kernel.ReasonError
			if _, err := a.Call(inTime(t), p.ID()); !errors.As(err, &reason) || reason.Reason.Kind() != kernel.ReasonNoPort {
				t.Errorf("of node %s: %v", n.ID(), err)
			}
		}
	}
}

func TestAPortWithTheNameOfOneThatDiedIsCalledAnew(t *testing.T) {
	a := newRig(t).node("a")
	ctx := inTime(t)
	for range 100 {
		p, err := a.NewNamedPort("again")
		for ; err != nil && ctx.Err() == nil; p, err = a.NewNamedPort("again") {
			runtime.Gosched() // it is about to die
		}
		if err != nil {
			t.Fatal(err)
		}
		p.OnDefault(successor)
		if m, err := a.Call(ctx, "a#again", 1, 1); err != nil {
			t.Fatal(m, err)
		}
		p.Kill("once more")
	}
}

func TestManyPortsAreCalled(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	var callers sync.WaitGroup
	for k := range 4 {
		callers.Go(func() {
			c := a.NewCaller()
			for i := range 500 {
				p, err := b.NewPort()
				if err != nil {
					t.Error(err)
					return
				}
				p.OnDefault(successor)
				if m, err := c.Call(inTime(t), p.ID(), i, 1); err != nil {
					t.Errorf("%d of %d: %v, %v", i, k, m, err)
					return
				}
			}
		})
	}
	callers.Wait()
}
