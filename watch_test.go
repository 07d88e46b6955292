package aemp_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

func TestAWatcherOfNodesThatIsCanceledAtOnceHearsNothing(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nodes := network(t, "a", "b")
	if err := nodes[1].WaitNode(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	nodes[1].Do(func(*aemp.Context) { // on the loop that would tell
		nodes[1].WatchNodes(func(node string, up bool) { t.Errorf("heard of %s", node) })()
		nodes[1].Do(func(*aemp.Context) { close(done) })
	})
	<-done
}

func TestAWatcherOfNodesHearsOfEachOnce(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nodes := network(t, "a", "b", "c", "d")
	heard := make(chan string, 100)
	for range 20 { // while links come up
		defer nodes[0].WatchNodes(func(node string, up bool) { heard <- node })()
	}
	for _, id := range []string{"b", "c", "d"} {
		if err := nodes[0].WaitNode(ctx, id); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	nodes[0].Do(func(*aemp.Context) { close(done) })
	<-done
	count := map[string]int{}
	for len(heard) > 0 {
		count[<-heard]++
	}
	for _, id := range []string{"b", "c", "d"} {
		if count[id] != 20 {
			t.Errorf("20 watchers heard %d times of %s", count[id], id)
		}
	}
}

func TestAHandlerCantWaitForANode(t *testing.T) {
	nodes := network(t, "a")
	got := make(chan error, 2)
	nodes[0].Do(func(*aemp.Context) {
		got <- nodes[0].WaitNode(context.Background(), "nowhere")
		got <- nodes[0].WaitNode(context.Background(), "a") // itself
	})
	if err := <-got; !errors.Is(err, aemp.ErrWouldBlock) {
		t.Error(err)
	}
	if err := <-got; err != nil {
		t.Error(err)
	}
}

func TestWaitingForANodeEndsWithItsContext(t *testing.T) {
	nodes := network(t, "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := nodes[0].WaitNode(ctx, "nowhere"); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
