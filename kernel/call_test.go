package kernel_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// adder answers "add" and dies of "die"; it says nothing to "silence".
func adder(self *kernel.Context, m codec.Message) {
	args := m.Args()
	switch args.Text() {
	case "add":
		x, y, to := args.Int(), args.Int(), args.Text()
		if err := self.Send(to, x+y); err != nil {
			panic(err)
		}
	case "die":
		self.Die("tired", 1)
	}
}

func TestAGoroutinesCall(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	for _, there := range []*realNode{a, b} {
		p, err := there.NewPort()
		if err != nil {
			t.Fatal(err)
		}
		p.OnDefault(adder)
		m, err := a.Call(inTime(t), p.ID(), "add", 40, 2)
		if err != nil || m.String() != "[42]" {
			t.Fatalf("answer %v, %v", m, err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		if _, err := a.Call(ctx, p.ID(), "silence"); !errors.Is(err, kernel.ErrTimeout) {
			t.Errorf("no answer: %v", err)
		}
		cancel()
		ctx, cancel = context.WithCancel(context.Background())
		cancel()
		if _, err := a.Call(ctx, p.ID(), "silence"); !errors.Is(err, context.Canceled) {
			t.Errorf("cancelled: %v", err)
		}
		var reason *kernel.ReasonError
		if _, err := a.Call(inTime(t), p.ID(), "die"); !errors.As(err, &reason) || reason.Reason.String() != `["tired", 1]` ||
			err.Error() != "port "+p.ID()+": tired: 1" {
			t.Errorf("it died: %v", err)
		}
		if _, err := a.Call(inTime(t), p.ID(), "add", 1, 2); !errors.As(err, &reason) || reason.Reason.Kind() != kernel.ReasonNoPort {
			t.Errorf("it is dead: %v", err)
		}
		if _, err := a.Call(inTime(t), p.ID(), make(chan int)); err == nil {
			t.Error("a channel was sent")
		}
	}
	var reason *kernel.ReasonError
	if _, err := a.Call(inTime(t), "unheard-of#p", 1); !errors.As(err, &reason) || reason.Reason.Kind() != kernel.ReasonTransport ||
		reason.Reason.Message() != "no known address" {
		t.Errorf("an unknown node: %v", err)
	}
	var bad *kernel.IDError
	if _, err := a.Call(inTime(t), "", 1); !errors.As(err, &bad) {
		t.Errorf("nobody: %v", err)
	}
	onLoop := make(chan error, 1)
	if err := a.Do(func(*kernel.Context) {
		_, err := a.Call(context.Background(), "b", "time")
		onLoop <- err
	}); err != nil {
		t.Fatal(err)
	}
	if err := <-onLoop; !errors.Is(err, kernel.ErrWouldBlock) {
		t.Errorf("on a loop: %v", err)
	}
	a.until("no port left", func() bool { return a.Stats().Ports == 0 })
}

// answer is what a handler's call came to.
type answer struct {
	count int
	text  string
	err   error
}

func (a *answer) take(_ *kernel.Context, m codec.Message, err error) {
	a.count++
	a.text, a.err = m.String(), err
}

func TestAHandlersCall(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		p := there.port(adder)
		call := func(timeout time.Duration, args ...any) *answer {
			t.Helper()
			got := &answer{}
			here.do(func(self *kernel.Context) { w.ok(self.Call(p.ID(), args, timeout, got.take)) })
			w.until("an answer", func() bool { return got.count > 0 })
			w.pass(20 * time.Second)
			if got.count != 1 {
				t.Errorf("%d answers", got.count)
			}
			return got
		}
		for _, timeout := range []time.Duration{0, 5 * time.Second} {
			if got := call(timeout, "add", 40, 2); got.err != nil || got.text != "[42]" {
				t.Errorf("answer %s, %v", got.text, got.err)
			}
		}
		start := w.Now()
		if got := call(5*time.Second, "silence"); !errors.Is(got.err, kernel.ErrTimeout) {
			t.Errorf("no answer: %v after %v", got.err, w.Now()-start)
		}
		var reason *kernel.ReasonError
		if got := call(0, "die"); !errors.As(got.err, &reason) || reason.Reason.String() != `["tired", 1]` {
			t.Errorf("it died: %v", got.err)
		}
		if got := call(0, "add", 1, 2); !errors.As(got.err, &reason) || reason.Reason.Kind() != kernel.ReasonNoPort {
			t.Errorf("it is dead: %v", got.err)
		}
		if s := here.stats(); here != there && s.Ports != 0 {
			t.Errorf("%d ports are left", s.Ports)
		}
	})
}

func TestACallOfAPortThatDiesEndsSilently(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		p := there.port(adder)
		got := &answer{}
		caller := here.port(func(self *kernel.Context, _ codec.Message) {
			w.ok(self.Call(p.ID(), []any{"silence"}, 0, got.take))
			w.ok(self.Call(p.ID(), []any{"silence"}, time.Second, got.take))
			w.ok(self.Call(p.ID(), []any{"add", 1, 2}, 0, got.take))
			self.Die()
		})
		w.ok(here.Send(caller.ID()))
		w.pass(5 * time.Second)
		p.Kill()
		w.pass(5 * time.Second)
		if got.count != 0 {
			t.Errorf("%d answers for the dead", got.count)
		}
	})
}

func TestAHandlersCallThatCantBeMadeIsAnError(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	got := &answer{}
	a.do(func(self *kernel.Context) {
		for _, c := range []struct {
			to   string
			args []any
		}{{"", nil}, {"no;de#x", nil}, {"a#x", []any{make(chan int)}}} {
			for _, timeout := range []time.Duration{0, time.Second} {
				if err := self.Call(c.to, c.args, timeout, got.take); err == nil {
					t.Errorf("a call of %q with %v", c.to, c.args)
				}
			}
		}
	})
	w.pass(5 * time.Second)
	if got.count != 0 || a.stats().Ports != 0 {
		t.Errorf("%d answers, %d ports left", got.count, a.stats().Ports)
	}
}

func TestAPanicInTheAnswersHandlerKillsTheCaller(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	p := a.port(adder)
	caller := a.port(func(self *kernel.Context, _ codec.Message) {
		w.ok(self.Call(p.ID(), []any{"add", 1, 2}, 0, func(*kernel.Context, codec.Message, error) { panic(meant) }))
	})
	v, _ := a.monitor(caller.ID())
	w.ok(a.Send(caller.ID()))
	v.is(`["die", "on purpose"]`)
}
