//go:build !race

// Under the race detector a sync.Pool forgets on purpose.

package kernel_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestACallerAllocatesNothing(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	c, ctx := a.NewCaller(), context.Background()
	for _, n := range []*kernel.Node{a, b} {
		to := r.port(n, successor).ID()
		i := 1000
		call := func() {
			i++
			m, err := c.Call(ctx, to, i, 1)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := m.At(0).Int(); got != int64(i)+1 {
				t.Fatalf("%v to %d", m, i)
			}
		}
		for range 100 {
			call()
		}
		if allocs := testing.AllocsPerRun(1000, call); allocs != 0 {
			t.Errorf("a call of node %s: %v allocations", n.ID(), allocs)
		}
	}
}

func TestAHandlersCallAllocatesNothing(t *testing.T) {
	r := newRig(t)
	a, b := r.node("a"), r.node("b")
	to := r.port(b, successor).ID()
	done := make(chan error, 1)
	args := []any{5, 1}
	for _, timeout := range []time.Duration{0, time.Minute} {
		answered := func(_ *kernel.Context, m codec.Message, err error) {
			if got, _ := m.At(0).Int(); got != 6 && err == nil {
				err = fmt.Errorf("answer %v", m)
			}
			done <- err
		}
		caller := r.port(a, func(self *kernel.Context, _ codec.Message) {
			if err := self.Call(to, args, timeout, answered); err != nil {
				done <- err
			}
		}).ID()
		call := func() {
			if err := a.Send(caller); err != nil {
				t.Fatal(err)
			}
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		for range 100 {
			call()
		}
		if allocs := testing.AllocsPerRun(1000, call); allocs != 0 {
			t.Errorf("timeout %v: %v allocations", timeout, allocs)
		}
	}
}
