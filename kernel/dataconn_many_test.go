package kernel

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/reactor"
)

// descriptors is how many files the process has open; -1 where that can't be known.
func descriptors() int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return -1
	}
	return len(list)
}

// dataLeft is how much a shard knows of raw connections.
func (n *Node) dataLeft(t *testing.T) (left int) {
	t.Helper()
	for _, s := range n.shards {
		done := make(chan int)
		s.enter(func() {
			ends, conns := s.data.machine.Len()
			done <- ends + conns + len(s.data.ends) + len(s.data.links)
		})
		left += <-done
	}
	return left + n.ports.len() - 1 + int(n.handshakes.Load())
}

func TestTenThousandRawConnectionsLeaveNothingBehind(t *testing.T) {
	total := 10_000
	if testing.Short() {
		total = 500
	}
	g, err := reactor.Start(reactor.Options{Loops: 2, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	start := func(id string) (*Node, netip.AddrPort) {
		n, err := New(g, Options{Links: link.Config{Node: id, Secret: []byte("geheim"), Extensions: true}})
		if err != nil {
			t.Fatal(err)
		}
		at := make(chan netip.AddrPort, 1)
		n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(all []netip.AddrPort, err error) {
			if err != nil {
				t.Error(err)
			}
			at <- all[0]
		})
		return n, <-at
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, _ := start("a")
	b, addr := start("b")
	defer a.Close(ctx)
	defer b.Close(ctx)
	a.SetAddresses("b", addr)
	if _, err := a.Call(ctx, "b", "time"); err != nil {
		t.Fatal(err)
	}
	var served atomic.Int64
	b.RegisterData("echo", func(_ *Context, m codec.Message, c net.Conn) {
		go func() {
			defer c.Close()
			if _, err := io.Copy(c, c); err == nil {
				served.Add(1)
			}
		}()
	})
	goroutines, files := runtime.NumGoroutine(), descriptors()
	var next atomic.Int64
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for i := next.Add(1); i <= int64(total) && !t.Failed(); i = next.Add(1) {
				if err := a.dialOne(ctx, i); err != nil {
					t.Errorf("connection %d: %v", i, err)
				}
			}
		})
	}
	all.Wait()
	settled := func() bool {
		return a.dataLeft(t)+b.dataLeft(t) == 0 && runtime.NumGoroutine() <= goroutines && descriptors() <= files
	}
	for tick := time.Tick(10 * time.Millisecond); !settled(); {
		<-tick
		if ctx.Err() != nil {
			t.Fatalf("left: %d and %d things, %d goroutines of %d, %d descriptors of %d", a.dataLeft(t), b.dataLeft(t),
				runtime.NumGoroutine(), goroutines, descriptors(), files)
		}
	}
	failing := int64(total / 10)
	if n := served.Load(); n != int64(total)-failing {
		t.Errorf("%d of %d were served", n, int64(total)-failing)
	}
}

// dialOne opens a connection, uses and closes it; each tenth has no function to go to.
func (n *Node) dialOne(ctx context.Context, i int64) error {
	if i%10 == 0 {
		if _, err := n.DialData(ctx, "b", "none"); err == nil {
			return errors.New("connected to nobody")
		}
		return nil
	}
	c, err := n.DialData(ctx, "b", "echo", i)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := io.WriteString(c, "hello"); err != nil {
		return err
	}
	if err := c.(*DataConn).CloseWrite(); err != nil {
		return err
	}
	text, err := io.ReadAll(c)
	if err == nil && string(text) != "hello" {
		err = errors.New("read " + string(text))
	}
	return err
}
