package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"github.com/aemp-go/aemp"
)

var setCommand = command{
	name:  "db set",
	args:  "FAMILY KEY VALUE",
	brief: "set an entry, and keep it until interrupted",
	help: `
Set an entry of the database. An entry belongs to the node that has set it, and goes when
that node goes. So this command stays, as its owner, until it is interrupted; it says when
the entry is in the database. With --at NODE that node becomes the owner and the command ends
at once: NODE must be one that aemp-node runs, not a secure one.

If several nodes set the same key, the last one counts, and when it goes the one before.

With --json it is an object with the members family, key (texts), value, and owner
(the node).
` + wordsHelp,
	least: 3, most: 3,
	flags: []func(*options, *flag.FlagSet){nodeFlags, timeoutFlag, textFlag, atFlag, jsonFlag},
	run:   set,
}

func set(ctx context.Context, o *options, args []string) error {
	family, key := args[0], args[1]
	value, err := aemp.NewMessage(values(args[2:], o.text)...)
	if err != nil {
		return err
	}
	if o.at != "" {
		return o.ask(ctx, func(ctx context.Context, node *aemp.Node) error {
			if err := o.request(ctx, node, setFunction, family, key, value.At(0)); err != nil {
				return err
			}
			return o.writeSet(family, key, value.At(0), o.at)
		}, o.at)
	}
	within, cancel := context.WithTimeout(ctx, o.timeout)
	defer cancel()
	node, err := o.connect(within)
	if err != nil {
		return err
	}
	err = o.own(ctx, within, node, family, key, value.At(0))
	return errors.Join(o.explain(err), end(node))
}

// own sets an entry and stays until ctx is done.
func (o *options) own(ctx, within context.Context, node *aemp.Node, family, key string, value aemp.Value) error {
	if err := node.DB().Set(family, key, value); err != nil {
		return err
	}
	if err := seen(within, node, family, key, value); err != nil {
		return err
	}
	if err := o.writeSet(family, key, value, node.ID()); err != nil {
		return err
	}
	fmt.Fprintln(o.stderr, "it stays until this command ends: interrupt it (Ctrl-C) to delete the entry")
	<-ctx.Done()
	return nil
}

// seen waits until the master has the entry.
func seen(ctx context.Context, node *aemp.Node, family, key string, value aemp.Value) error {
	there := false
	for change, err := range node.DB().Changes(ctx, family) {
		if err != nil {
			if there && errors.Is(err, context.DeadlineExceeded) {
				return fmt.Errorf("family %s: key %s still has another value; is the clock of its owner ahead?", quoted(family), quoted(key))
			}
			return err
		}
		var v aemp.Value
		if v, there = change.View.Get(key); there && valueText(v) == valueText(value) {
			return nil
		}
	}
	return ctx.Err()
}

func (o *options) writeSet(family, key string, value aemp.Value, owner string) error {
	text := fmt.Sprintf("%s %s %s is set at %s\n", quoted(family), quoted(key), valueText(value), quoted(owner))
	if o.json {
		text = object("family", family, "key", key, "value", value.Any(), "owner", owner)
	}
	_, err := io.WriteString(o.stdout, text)
	return err
}
