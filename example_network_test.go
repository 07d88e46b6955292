package aemp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"syscall"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/loop/reactor"
)

func ExampleNode_WatchNodes() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client)

	events := make(chan string, 2)
	cancel := client.WatchNodes(func(node string, up bool) {
		events <- fmt.Sprint(node, " up: ", up)
	})
	defer cancel()

	fmt.Println(<-events)
	stop(server)
	fmt.Println(<-events)
	// Output:
	// server up: true
	// server up: false
}

func ExampleNode_WaitNode() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)

	if err := client.WaitNode(context.Background(), "server"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.NodeIsUp("server"), client.UpNodes())
	// Output: true [server]
}

func ExampleNode_UpNodes() {
	node := start("alone")
	defer stop(node)
	fmt.Println(len(node.UpNodes()))
	// Output: 0
}

func ExampleNode_NodeIsUp() {
	node := start("alone")
	defer stop(node)
	fmt.Println(node.NodeIsUp("alone"), node.NodeIsUp("other"))
	// Output: true false
}

func ExampleNode_ID() {
	node := start("worker/")
	defer stop(node)
	fmt.Println(len(node.ID()) > len("worker/")) // a unique string follows the slash
	// Output: true
}

func ExampleNode_Addresses() {
	node := start("main")
	defer stop(node)
	for _, a := range node.Addresses() {
		fmt.Println(a.Addr(), a.Port() > 0)
	}
	// Output: 127.0.0.1 true
}

func ExampleNode_Close() {
	node := start("main")
	if err := node.Close(context.Background()); err != nil {
		fmt.Println(err)
	}
	fmt.Println(node.Send("main#port", "too late"))
	// Output: node is closed
}

func ExampleNode_Stats() {
	node := start("main")
	defer stop(node)
	newPort(node)
	node.Send("main#nobody", "hello")

	s := node.Stats()
	fmt.Println(s.Ports, len(s.Links), s.Drops.UnknownPort)
	// Output: 1 0 1
}

// Many nodes in one program, such as a test, share event loops.
func ExampleStartOn() {
	ctx := context.Background()
	loops, err := reactor.Start(reactor.Options{Loops: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer loops.Close()

	config := aemp.Config{
		Binds:  []string{"127.0.0.1:*"},
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	}
	config.Node = "a"
	a, err := aemp.StartOn(loops, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer a.Close(ctx)

	config.Node, config.Seeds = "b", []string{a.Addresses()[0].String()}
	b, err := aemp.StartOn(loops, config)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer b.Close(ctx)

	fmt.Println(b.WaitNode(ctx, "a"))
	fmt.Println(a.WaitNode(ctx, "b"))
	// Output:
	// <nil>
	// <nil>
}

func ExampleBindError() {
	node := start("first")
	defer stop(node)

	_, err := aemp.Start(aemp.Config{
		Node:   "second",
		Binds:  []string{place(node)}, // taken
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
	fmt.Println(errors.As(err, new(*aemp.BindError)))
	// Output: true
}

// A seed that isn't there is no error of Start: the node keeps trying, and can say why.
func ExampleNode_WatchSeeds() {
	gone := start("gone")
	seed := place(gone)
	stop(gone)

	node := start("main", seed)
	defer stop(node)
	wrong := make(chan error, 1)
	cancel := node.WatchSeeds(func(at string, err error) {
		select {
		case wrong <- err:
		default:
		}
	})
	defer cancel()
	fmt.Println(errors.Is(<-wrong, syscall.ECONNREFUSED))
	// Output: true
}
