package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"github.com/aemp-go/aemp"
)

var monCommand = command{
	name:  "mon",
	args:  "PORTID…",
	brief: "tell when and why ports or nodes die",
	help: `
Watch ports and print one line when one dies: when, which, and why, that is, the word
normal or the values of the reason as JSON. With a node ID: when the connection
to the node ends. It ends when all have died, or when it is interrupted.
`,
	least: 1, most: -1,
	flags: []func(*options, *flag.FlagSet){nodeFlags, contactFlag, exitFlag},
	run:   monitor,
}

// death is one line of the output.
type death struct {
	port   string
	reason aemp.Reason
}

func monitor(ctx context.Context, o *options, ports []string) error {
	within, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	node, err := o.connect(within, ports...)
	if err != nil {
		return err
	}
	err = o.watch(ctx, node, ports)
	return errors.Join(err, end(node))
}

func (o *options) watch(ctx context.Context, node *aemp.Node, ports []string) error {
	deaths := make(chan death, len(ports))
	for _, port := range ports {
		tell := func(_ *aemp.Context, r aemp.Reason) { deaths <- death{port, r} }
		if _, err := node.Monitor(port, tell); err != nil {
			return err
		}
	}
	up := make(chan string, len(ports))
	defer node.WatchNodes(func(id string, isUp bool) {
		for _, port := range ports {
			if isUp && nodeOf(port) == id && len(up) < cap(up) {
				up <- port
			}
		}
	})()
	for left := len(ports); left > 0; {
		select {
		case port := <-up:
			fmt.Fprintln(o.stderr, "watching "+port)
		case d := <-deaths:
			left--
			if _, err := fmt.Fprintln(o.stdout, d.line(time.Now())); err != nil || o.first {
				return err
			}
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}

func (d *death) line(at time.Time) string {
	why := "normal"
	if !d.reason.Normal() {
		why = line(d.reason.Args())
	}
	return at.Format(time.RFC3339) + " " + d.port + " " + why
}
