package aemp_test

import (
	"context"
	"fmt"

	"github.com/aemp-go/aemp"
)

// The function runs in the context of the new port, on the node that has it.
func ExampleNode_Spawn() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	ctx := context.Background()
	client.WaitNode(ctx, "server")

	server.Register("counter::init", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		total := args.Int()
		self.On("add", func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			total += args.Int()
		})
		self.On("get", func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			self.Send(args.Text(), total)
		})
	})

	counter, err := client.Spawn("server", "counter::init", 100)
	if err != nil {
		fmt.Println(err)
		return
	}
	client.Send(counter, "add", 11)
	fmt.Println(client.Call(ctx, counter, "get"))
	// Output: [111] <nil>
}

// The port that couldn't be started dies with the real reason.
func ExampleNode_Spawn_failed() {
	node := start("main")
	defer stop(node)

	done := make(chan aemp.Reason, 1)
	port, _ := node.Spawn("main", "no::such")
	node.Monitor(port, func(self *aemp.Context, r aemp.Reason) { done <- r })
	fmt.Println(<-done)
	// Output: ["die", "no such function 'no::such'"]
}

// A registered function can also be called as a request to the node itself.
func ExampleNode_Register() {
	node := start("main")
	defer stop(node)

	node.Register("math::square", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		n, reply := args.Int(), args.Text()
		if args.Err() == nil {
			self.Send(reply, n*n)
		}
	})
	fmt.Println(node.Call(context.Background(), "main", "math::square", 12))
	// Output: [144] <nil>
}
