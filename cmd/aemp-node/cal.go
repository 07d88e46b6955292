package main

import (
	"context"
	"flag"
	"io"

	"github.com/aemp-go/aemp"
)

var calCommand = command{
	name:  "cal",
	args:  "PORTID [ARG…]",
	brief: "call a port and print its answer",
	help: `
Send a message to a port, with the ID of a new port as last argument, and print
the first message that comes to that one: its values on one line, as JSON, with
a blank between them. A node ID is the port ID of the node's own port, which
knows the request time.
` + wordsHelp,
	least: 1, most: -1,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, textFlag},
	run:   call,
}

func call(ctx context.Context, o *options, args []string) error {
	port := args[0]
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		answer, err := node.Call(ctx, port, values(args[1:], o.text)...)
		if err != nil {
			return err
		}
		_, err = io.WriteString(o.stdout, line(answer)+"\n")
		return err
	}, port)
}
