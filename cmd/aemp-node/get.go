package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/aemp-go/aemp"
)

var getCommand = command{
	name:  "db get",
	args:  "FAMILY [KEY]",
	brief: "print the entries of a family, or the value of one",
	help: `
Print the entries of a family, sorted: for each the key and the value, which is JSON. With a
key print its value only; it is an error if the family doesn't have it.

With --json an entry is an object with the members family, key (texts) and value.
`,
	least: 1, most: 2,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, jsonFlag},
	run:   get,
}

func get(ctx context.Context, o *options, args []string) error {
	family := args[0]
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		entries, err := node.DB().Family(ctx, family)
		switch {
		case err != nil:
			return err
		case len(args) == 1:
			return o.writeEntries(family, entries)
		}
		value, ok := entries[args[1]]
		if !ok {
			return fmt.Errorf("family %s has no key %s", quoted(family), quoted(args[1]))
		}
		return o.writeEntry(family, args[1], value)
	})
}

func (o *options) writeEntries(family string, entries map[string]aemp.Value) error {
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		b.WriteString(o.entryLine(family, key, entries[key]))
	}
	_, err := io.WriteString(o.stdout, b.String())
	return err
}

func (o *options) writeEntry(family, key string, value aemp.Value) error {
	text := valueText(value) + "\n"
	if o.json {
		text = o.entryLine(family, key, value)
	}
	_, err := io.WriteString(o.stdout, text)
	return err
}
