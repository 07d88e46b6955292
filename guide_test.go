package aemp_test

// Code of docs/guide.md that is more than one example.

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop/reactor"
)

// network starts nodes on shared event loops. The first one is everybody's seed.
func network(t *testing.T, ids ...string) []*aemp.Node {
	t.Helper()
	loops, err := reactor.Start(reactor.Options{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { loops.Close() })
	var nodes []*aemp.Node
	for _, id := range ids {
		config := aemp.Config{
			Node:   id,
			Binds:  []string{"127.0.0.1:*"},
			Secret: "test",
			NoRC:   true,
			Logger: slog.New(slog.DiscardHandler),
		}
		if len(nodes) > 0 {
			config.Seeds = []string{nodes[0].Addresses()[0].String()}
		}
		node, err := aemp.StartOn(loops, config)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { node.Close(context.Background()) })
		nodes = append(nodes, node)
	}
	return nodes
}

func TestAnAdderAddsForOtherNodes(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	nodes := network(t, "calc", "client")
	calc, client := nodes[0], nodes[1]

	adder, err := calc.NewNamedPort("adder")
	if err != nil {
		t.Fatal(err)
	}
	adder.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b, reply := args.Int(), args.Int(), args.Text()
		if args.Err() == nil {
			self.Send(reply, a+b)
		}
	})

	if err := client.WaitNode(ctx, "calc"); err != nil {
		t.Fatal(err)
	}
	answer, err := client.Call(ctx, "calc#adder", "add", 3, 4)
	if err != nil {
		t.Fatal(err)
	}
	args := answer.Args()
	if sum := args.Int(); sum != 7 || args.Err() != nil {
		t.Error(sum, args.Err())
	}
}

// One answer for a thousand messages: they all arrived, or the monitor has fired.
func ExampleNode_Monitor_nothingLost() {
	ctx := context.Background()
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)

	server.Register("journal::open", func(self *aemp.Context, m aemp.Message) {
		entries := 0
		self.On("entry", func(self *aemp.Context, m aemp.Message) { entries++ })
		self.On("commit", func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			self.Send(args.Text(), entries)
		})
	})
	client.WaitNode(ctx, "server")
	journal, err := client.Spawn("server", "journal::open")
	if err != nil {
		fmt.Println(err)
		return
	}

	watch, err := client.Monitor(journal, func(self *aemp.Context, r aemp.Reason) {})
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 1000 {
		client.Send(journal, "entry", i)
	}
	answer, err := client.Call(ctx, journal, "commit")
	if err != nil || !watch.Cancel() { // false: it has fired, so something may be lost
		fmt.Println("begin again")
		return
	}
	fmt.Println("all there:", answer)
	// Output: all there: [1000]
}

// A supervisor starts a worker anew whenever it dies.
func ExampleContext_Spawn() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	node.Register("worker::run", func(self *aemp.Context, m aemp.Message) {
		self.Send(box.ID(), "started", self.ID())
	})

	supervisor := newPort(node)
	supervisor.On("start", func(self *aemp.Context, m aemp.Message) {
		worker, err := self.Spawn("main", "worker::run")
		if err != nil {
			self.Die("die", err.Error())
			return
		}
		self.Monitor(worker, func(self *aemp.Context, r aemp.Reason) {
			self.Send(self.ID(), "start")
		})
	})

	node.Send(supervisor.ID(), "start")
	for range 3 {
		var worker string
		started := receive(box)
		started.Scan(nil, &worker)
		fmt.Println(started.At(0))
		node.Kill(worker, "die", "crashed")
	}
	// Output:
	// "started"
	// "started"
	// "started"
}

func TestNodesWithOneCertificateTalkUnderTLS(t *testing.T) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	file := filepath.Join(t.TempDir(), "aemp.pem")
	if err := os.WriteFile(file, testcert.New(t), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(id string, seeds ...string) *aemp.Node {
		node, err := startWithTLS(file, id, seeds...)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { node.Close(ctx) })
		return node
	}
	a := start("a")
	b := start("b", place(a))
	if err := b.WaitNode(ctx, "a"); err != nil {
		t.Fatal(err)
	}
	links := b.Stats().Links
	if len(links) != 1 || links[0].Auth != "tlsexp" {
		t.Errorf("%+v", links)
	}
}

func startWithTLS(file, id string, seeds ...string) (*aemp.Node, error) {
	cert, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return aemp.Start(aemp.Config{
		Node:   id,
		Binds:  []string{"127.0.0.1:*"},
		Seeds:  seeds,
		Cert:   string(cert),
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
}
