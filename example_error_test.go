package aemp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/aemp-go/aemp"
)

// All that is wrong is reported, each as a ConfigError.
func ExampleConfigError() {
	_, err := aemp.Start(aemp.Config{Secret: "geheim", Framings: []string{"xml"}, NoRC: true})
	var wrong *aemp.ConfigError
	fmt.Println(errors.As(err, &wrong), wrong.Field, wrong.Err)
	// Output: true Framings no such framing
}

func ExampleIDError() {
	node := start("main")
	defer stop(node)

	err := node.Send("no;body#port", "hello")
	fmt.Println(errors.As(err, new(*aemp.IDError)))
	// Output: true
}

// What can't be encoded is refused at once, and nothing is sent.
func ExampleValueError() {
	node := start("main")
	defer stop(node)

	err := node.Send(newMailbox(node).ID(), "run", func() {})
	fmt.Println(errors.As(err, new(*aemp.ValueError)), err)
	// Output: true Go type func() can't be carried by msgpack
}

func ExampleLimitError() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)
	client.WaitNode(context.Background(), "server")

	err := client.Send("server#port", make([]byte, 16<<20))
	fmt.Println(errors.As(err, new(*aemp.LimitError)), err)
	// Output: true more octets in a message than the limit of 16777215
}

// A node of another network answers, but doesn't get in.
func ExampleHandshakeError() {
	server := start("server")
	client, err := aemp.Start(aemp.Config{
		Node:   "client",
		Seeds:  []string{place(server)},
		Binds:  []string{},
		Secret: "another",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop(client, server)

	refused := make(chan error, 1)
	cancel := client.WatchSeeds(func(seed string, err error) {
		select {
		case refused <- err:
		default:
		}
	})
	defer cancel()
	var why *aemp.HandshakeError
	fmt.Println(errors.As(<-refused, &why), why.Peer, why.Kind)
	// Output: true server wrong_secret
}

func ExampleUnflushedError() {
	report := func(err error) {
		var unflushed *aemp.UnflushedError
		if errors.As(err, &unflushed) {
			for node, octets := range unflushed.Octets {
				fmt.Println(node, "didn't get", octets, "octets")
			}
		}
	}
	report(&aemp.UnflushedError{Octets: map[string]int{"server": 1200}}) // from Node.Close
	// Output: server didn't get 1200 octets
}
