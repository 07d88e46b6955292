package kernel_test

import (
	"context"
	"testing"
	"time"

	"github.com/aemp-go/aemp/kernel"
)

func TestAGoroutinesMonitorFiresWhenItsOwnNodeIsClosed(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	v, _ := a.monitor(b.port(nil).ID())
	w.settle()
	a.close()
	v.is(`["transport_error", "b", "node closed"]`)
}

func TestANodeWhoseLoopsHaveStoppedCanBeClosed(t *testing.T) {
	r := newRig(t)
	n := r.node("a")
	if err := r.group.Close(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		ended <- n.Close(ctx)
	}()
	soon(t, ended)
	if _, err := n.NewPort(); err != kernel.ErrClosed {
		t.Error(err)
	}
}

func TestAClosedNodeConnectsToNobody(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	var err error
	a.do(func(self *kernel.Context) {
		self.After(time.Second, func(self *kernel.Context) { err = self.Send("b#x") })
	})
	a.close()
	w.pass(10 * time.Second)
	if err != kernel.ErrClosed || len(b.events) > 0 {
		t.Error(err, b.events)
	}
}
