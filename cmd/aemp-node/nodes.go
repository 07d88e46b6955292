package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/aemp-go/aemp"
)

var nodesCommand = command{
	name:  "nodes",
	brief: "list the nodes of the network",
	help: `
List the nodes of the network as the database knows them, sorted: the node's ID, if it is
a global node, and the addresses at which it listens. A node that has left is not in it.

With --json it is one object for each node, with the members node (text), global (true or
false), and addresses (a list of texts).
`,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, jsonFlag},
	run:   listNodes,
}

// The families of the database in which nodes are (protocol 6).
const (
	listenersFamily = "'l" // node: its addresses
	globalsFamily   = "'g" // global node
)

func listNodes(ctx context.Context, o *options, _ []string) error {
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		listeners, err := node.DB().Family(ctx, listenersFamily)
		if err != nil {
			return err
		}
		globals, err := node.DB().Family(ctx, globalsFamily)
		if err != nil {
			return err
		}
		delete(listeners, node.ID()) // it is here only to ask
		return o.writeNodes(listeners, globals)
	})
}

func (o *options) writeNodes(listeners, globals map[string]aemp.Value) error {
	var b strings.Builder
	table := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, id := range slices.Sorted(maps.Keys(listeners)) {
		addresses := texts(listeners[id])
		_, global := globals[id]
		if o.json {
			fmt.Fprint(table, object("node", id, "global", global, "addresses", anys(addresses)))
			continue
		}
		role := ""
		if global {
			role = "global"
		}
		where := strings.Join(addresses, " ")
		if where == "" {
			where = "listens nowhere"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", quoted(id), role, where)
	}
	table.Flush() // into memory: can't fail
	_, err := io.WriteString(o.stdout, b.String())
	return err
}

// texts are the elements of a list, as far as they are text that fits on a line.
func texts(v aemp.Value) []string {
	var all []string
	list, err := v.List()
	for err == nil && list.More() {
		if text, err := list.Value().Text(); err == nil {
			all = append(all, quoted(text))
		}
	}
	return all
}

func anys(words []string) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
	}
	return all
}
