package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

var traceCommand = command{
	name:  "trace",
	brief: "list who is linked with whom",
	help: `
Ask all nodes of the network with whom they are linked, beginning at the seeds, and list
the answers, sorted. A node is asked through the nodes that have named it, so that no
link is made for it; aemp-node's own links are left out.

A Go node tells it, unless it is secure. A Perl node is asked to evaluate
AnyEvent::MP::Kernel::up_nodes; --no-eval leaves that out. After 3 s without any answer
those that haven't told are listed as such.

With --json it is one object for each node, with the members node (text) and links (a list
of texts) or, in place of it, error (text).
`,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, jsonFlag, evalFlag},
	run:   trace,
}

const (
	// silence is how long trace waits for a further answer. A node answers at once.
	silence = 3 * time.Second

	upNodes = "AnyEvent::MP::Kernel::up_nodes ()"
)

func trace(ctx context.Context, o *options, _ []string) error {
	return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
		box, err := node.NewMailbox()
		if err != nil {
			return err
		}
		t := &tracer{node: node, box: box, eval: !o.noEval, found: map[string]*traced{}}
		for _, seed := range node.UpNodes() {
			t.meet(seed, nil)
		}
		if err := t.listen(ctx); err != nil {
			return err
		}
		return o.writeTrace(t.found)
	})
}

// tracer asks every node that it hears of. It belongs to one goroutine.
type tracer struct {
	node  *aemp.Node
	box   *aemp.Port // gets the answers: the node, what it was asked, and the answer
	eval  bool
	found map[string]*traced
	open  int // nodes that haven't told
}

// traced is a node that somebody has named.
type traced struct {
	way   []string // the nodes from here to it; it is the last
	told  bool
	links []string
	why   string // it didn't tell
}

// meet asks a node of which nobody has heard yet.
func (t *tracer) meet(id string, way []string) {
	if id == t.node.ID() || t.found[id] != nil {
		return
	}
	n := &traced{way: append(slices.Clip(way), id)}
	t.found[id] = n
	t.open++
	t.question(n, "can", "can", aemp.PeersFunction)
}

// question sends a request to the far end of the way, through the nodes on it, and has the
// answer come back the same way, behind the node's ID and what.
func (t *tracer) question(n *traced, what string, request ...any) {
	var there, back []any
	for i, id := range n.way[1:] {
		there = append(there, "snd", id)
		back = append([]any{n.way[i], "snd"}, back...)
	}
	args := slices.Concat(there, request, back, []any{t.box.ID(), n.way[len(n.way)-1], what})
	if err := t.node.Send(n.way[0], args...); err != nil {
		t.settle(n, nil, err.Error())
	}
}

func (t *tracer) settle(n *traced, links []string, why string) {
	if !n.told {
		n.told, n.links, n.why = true, links, why
		t.open--
	}
}

// listen takes answers until there is nothing more to come.
func (t *tracer) listen(ctx context.Context) error {
	for t.open > 0 {
		within, cancel := context.WithTimeout(ctx, silence)
		m, err := t.box.Receive(within)
		cancel()
		switch {
		case err == nil:
			t.answer(m)
		case !errors.Is(err, context.DeadlineExceeded):
			return err
		default:
			for _, n := range t.found {
				t.settle(n, nil, fmt.Sprintf("no answer in %v", silence))
			}
		}
	}
	return nil
}

func (t *tracer) answer(m aemp.Message) {
	args := m.Args()
	n := t.found[args.Text()]
	what := args.Text()
	if args.Err() != nil || n == nil || n.told {
		return
	}
	switch what {
	case "can":
		switch known := args.Bool(); {
		case known:
			t.question(n, "told", aemp.PeersFunction)
		case t.eval:
			t.question(n, "told", "eval", upNodes)
		default:
			t.settle(n, nil, "it doesn't tell")
		}
	case "told":
		if why := args.Text(); why != "" {
			t.settle(n, nil, "it doesn't tell: "+why)
			return
		}
		t.links(n, &args)
	}
}

// links are what a node has told.
func (t *tracer) links(n *traced, list *aemp.Args) {
	links := []string{}
	for list.More() {
		if id := list.Text(); list.Err() == nil && id != t.node.ID() {
			links = append(links, id)
		}
	}
	if err := list.Err(); err != nil {
		t.settle(n, nil, err.Error())
		return
	}
	slices.Sort(links)
	t.settle(n, links, "")
	for _, id := range links {
		t.meet(id, n.way)
	}
}

func (o *options) writeTrace(found map[string]*traced) error {
	var b strings.Builder
	for _, id := range slices.Sorted(maps.Keys(found)) {
		switch n := found[id]; {
		case o.json && n.why != "":
			b.WriteString(object("node", id, "error", n.why))
		case o.json:
			b.WriteString(object("node", id, "links", anys(n.links)))
		case n.why != "":
			fmt.Fprintf(&b, "%s: (%s)\n", quoted(id), quoted(n.why))
		default:
			b.WriteString(quoted(id) + ":")
			for _, link := range n.links {
				b.WriteString(" " + quoted(link))
			}
			b.WriteByte('\n')
		}
	}
	_, err := io.WriteString(o.stdout, b.String())
	return err
}
