package main

import (
	"context"
	"flag"

	"github.com/aemp-go/aemp"
)

var sndCommand = command{
	name:  "snd",
	args:  "PORTID [ARG…]",
	brief: "send a message to a port",
	help: `
Send a message to a port, and wait until its node has received it. It is an error
if the node can't be reached or the port isn't alive. What the port makes of the
message isn't waited for. A node ID is the port ID of the node's own port.
` + wordsHelp,
	least: 1, most: -1,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, textFlag},
	run:   send,
}

func send(ctx context.Context, o *options, args []string) error {
	port := args[0]
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		return deliver(ctx, node, port, values(args[1:], o.text))
	}, port)
}

// deliver sends a message and waits for the answer to a request that the node gets
// behind it. By then the node has said, too, if the port isn't alive.
func deliver(ctx context.Context, node *aemp.Node, port string, args []any) error {
	death := make(chan aemp.Reason, 1)
	m, err := node.Monitor(port, func(_ *aemp.Context, r aemp.Reason) { death <- r })
	if err != nil {
		return err
	}
	defer m.Cancel()
	if err := node.SendContext(ctx, port, args...); err != nil {
		return err
	}
	if _, err := node.Call(ctx, nodeOf(port), "time"); err != nil {
		return err
	}
	select {
	case r := <-death:
		return &aemp.ReasonError{Port: port, Reason: r}
	default:
		return nil
	}
}
