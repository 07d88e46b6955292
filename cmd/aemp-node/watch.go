package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

var watchCommand = command{
	name:  "db watch",
	args:  "FAMILY",
	brief: "tell when entries of a family are added, changed, deleted",
	help: `
Print one line for each entry of a family, and from then on one for each change, until it is
interrupted: when, the word added, changed or deleted, the key, and, unless it is deleted,
the value as JSON. What is there at the beginning comes as added.

With --json a line is an object with the members time (text), event (added, changed or
deleted), family, key (texts) and value.
`,
	least: 1, most: 1,
	flags: []func(*options, *flag.FlagSet){nodeFlags, contactFlag, jsonFlag},
	run:   watchFamily,
}

func watchFamily(ctx context.Context, o *options, args []string) error {
	within, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	node, err := o.connect(within)
	if err != nil {
		return err
	}
	err = o.follow(ctx, node, args[0])
	return errors.Join(o.explain(err), end(node))
}

func (o *options) follow(ctx context.Context, node *aemp.Node, family string) error {
	for change, err := range node.DB().Changes(ctx, family) {
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			return err
		}
		if _, err := io.WriteString(o.stdout, o.changeLines(time.Now(), change)); err != nil {
			return err
		}
	}
	return nil
}

func (o *options) changeLines(at time.Time, c aemp.Change) string {
	var b strings.Builder
	stamp := at.Format(time.RFC3339Nano)
	for _, of := range []struct {
		event string
		keys  []string
	}{{"added", c.Added}, {"changed", c.Changed}, {"deleted", c.Deleted}} {
		for _, key := range of.keys {
			value, there := c.View.Get(key)
			switch {
			case o.json && there:
				b.WriteString(object("time", stamp, "event", of.event, "family", c.Family, "key", key, "value", value.Any()))
			case o.json:
				b.WriteString(object("time", stamp, "event", of.event, "family", c.Family, "key", key))
			case there:
				b.WriteString(stamp + " " + of.event + " " + quoted(key) + " " + valueText(value) + "\n")
			default:
				b.WriteString(stamp + " " + of.event + " " + quoted(key) + "\n")
			}
		}
	}
	return b.String()
}
