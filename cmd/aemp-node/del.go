package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/aemp-go/aemp"
)

var delCommand = command{
	name:  "db del",
	args:  "FAMILY KEY…",
	brief: "delete entries that db set --at has set",
	help: `
Delete entries of the database that db set --at NODE has set; --at NODE is the same as
there. All of the keys are deleted, or none and it is an error. Any other entry belongs to the
program that has set it, and goes with that: end it.

With --json it is one object for each key, with the members family, key, and owner (texts).
`,
	least: 2, most: -1,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, atFlag, jsonFlag},
	run:   del,
}

func del(ctx context.Context, o *options, args []string) error {
	if o.at == "" {
		return &usageError{err: errors.New("an entry belongs to the node that has set it: name that with --at NODE, or end its program")}
	}
	family, keys := args[0], args[1:]
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		if err := o.request(ctx, node, delFunction, append([]any{family}, anys(keys)...)...); err != nil {
			return err
		}
		var b strings.Builder
		for _, key := range keys {
			if o.json {
				b.WriteString(object("family", family, "key", key, "owner", o.at))
			} else {
				fmt.Fprintf(&b, "%s %s is deleted at %s\n", quoted(family), quoted(key), quoted(o.at))
			}
		}
		_, err := io.WriteString(o.stdout, b.String())
		return err
	}, o.at)
}
