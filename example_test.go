package aemp_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/aemp-go/aemp"
)

// start starts a node of the examples: on a free port of the loopback, without the
// configuration file, quiet. The first of a network, which has no seeds, is global.
func start(id string, seeds ...string) *aemp.Node {
	node, err := aemp.Start(aemp.Config{
		Node:   id,
		Binds:  []string{"127.0.0.1:*"},
		Seeds:  seeds,
		Global: len(seeds) == 0,
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		panic(err)
	}
	return node
}

// place is where a node listens, in the form of a seed.
func place(node *aemp.Node) string { return node.Addresses()[0].String() }

// stop closes nodes in the order given.
func stop(nodes ...*aemp.Node) {
	for _, node := range nodes {
		if err := node.Close(context.Background()); err != nil {
			panic(err)
		}
	}
}

// newPort is Node.NewPort for examples that are about something else.
func newPort(node *aemp.Node) *aemp.Port {
	port, err := node.NewPort()
	if err != nil {
		panic(err)
	}
	return port
}

// newMailbox is Node.NewMailbox for examples that are about something else.
func newMailbox(node *aemp.Node) *aemp.Port {
	box, err := node.NewMailbox()
	if err != nil {
		panic(err)
	}
	return box
}

// receive takes the next message out of a mailbox.
func receive(box *aemp.Port) aemp.Message {
	m, err := box.Receive(context.Background())
	if err != nil {
		panic(err)
	}
	return m
}

// Two programs, here in one: the first serves, the second finds it through its
// address and asks.
func ExampleStart() {
	ctx := context.Background()

	// The server listens. Port 0 or * is any free one; NoRC leaves the user's
	// configuration file alone.
	server, err := aemp.Start(aemp.Config{
		Node:   "calc",
		Binds:  []string{"127.0.0.1:*"},
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close(ctx)

	adder, err := server.NewNamedPort("adder")
	if err != nil {
		fmt.Println(err)
		return
	}
	adder.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b, reply := args.Int(), args.Int(), args.Text()
		if args.Err() == nil {
			self.Send(reply, a+b)
		}
	})

	// The client listens nowhere; its ID is made unique by the slash.
	client, err := aemp.Start(aemp.Config{
		Node:   "client/",
		Binds:  []string{},
		Seeds:  []string{server.Addresses()[0].String()},
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close(ctx)

	if err := client.WaitNode(ctx, "calc"); err != nil {
		fmt.Println(err)
		return
	}
	sum, err := client.Call(ctx, "calc#adder", "add", 3, 4)
	fmt.Println(sum, err)
	// Output: [7] <nil>
}
