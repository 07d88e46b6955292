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

var familiesCommand = command{
	name:  "db families",
	brief: "list the families of the database",
	help: `
List the families in which there is any entry, sorted, and of how many. Those whose names begin
with an apostrophe are the network's own: 'l says where nodes listen, 'g which are global.

A global Go node tells it, unless it is secure. A Perl node is asked to evaluate an expression;
--no-eval leaves that out. With --json it is one object for each family, with the members
family (text) and entries (how many).
`,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, jsonFlag, evalFlag},
	run:   listFamilies,
}

// familySizes is what a global Perl node evaluates: it gives names and numbers in turn.
const familySizes = `map { ($_, scalar keys %{ $AnyEvent::MP::Kernel::GLOBAL_DB{$_} }) } keys %AnyEvent::MP::Kernel::GLOBAL_DB`

func listFamilies(ctx context.Context, o *options, _ []string) error {
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		// Only a master answers a query: afterwards there is one.
		if _, err := node.DB().Keys(ctx, globalsFamily); err != nil {
			return err
		}
		sizes, err := o.familySizes(ctx, node, node.DB().Master())
		if err != nil {
			return err
		}
		return o.writeFamilies(sizes)
	})
}

// familySizes asks a global node how large which family is.
func (o *options) familySizes(ctx context.Context, node *aemp.Node, master string) (map[string]int64, error) {
	request := []any{aemp.FamiliesFunction}
	known, err := knows(ctx, node, master, aemp.FamiliesFunction)
	switch {
	case err != nil:
		return nil, err
	case !known && o.noEval:
		return nil, fmt.Errorf("node %s doesn't tell which families there are", quoted(master))
	case !known:
		request = []any{"eval", familySizes}
	}
	m, err := node.Call(ctx, master, request...)
	if err != nil {
		return nil, err
	}
	args := m.Args()
	if why := args.Text(); why != "" {
		return nil, fmt.Errorf("node %s doesn't tell which families there are: %s", quoted(master), why)
	}
	sizes := map[string]int64{}
	for args.More() {
		family := args.Text()
		sizes[family] = args.Int()
	}
	return sizes, args.Err()
}

func (o *options) writeFamilies(sizes map[string]int64) error {
	var b strings.Builder
	for _, family := range slices.Sorted(maps.Keys(sizes)) {
		if o.json {
			b.WriteString(object("family", family, "entries", sizes[family]))
		} else {
			fmt.Fprintf(&b, "%s %d\n", quoted(family), sizes[family])
		}
	}
	_, err := io.WriteString(o.stdout, b.String())
	return err
}
