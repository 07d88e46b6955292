package main

import (
	"context"
	"flag"
	"io"
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
	ctx, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	port := args[0]
	node, err := o.connect(ctx, port)
	if err != nil {
		return err
	}
	answer, err := node.Call(ctx, port, values(args[1:], o.text)...)
	if err != nil {
		_ = end(node) // the reason for it is err
		return o.explain(port, err)
	}
	if _, err := io.WriteString(o.stdout, line(answer)+"\n"); err != nil {
		return err
	}
	return end(node)
}
