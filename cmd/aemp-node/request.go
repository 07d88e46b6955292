package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/aemp-go/aemp"
)

// knows says whether a node would run a function for us. Who doesn't know it would never
// answer.
func knows(ctx context.Context, node *aemp.Node, at, function string) (bool, error) {
	m, err := node.Call(ctx, at, "can", function)
	if err != nil {
		return false, err
	}
	args := m.Args()
	known := args.Bool()
	return known, args.Err()
}

// request has the node --at run one of the functions of holder.go.
func (o *options) request(ctx context.Context, node *aemp.Node, function string, args ...any) error {
	known, err := knows(ctx, node, o.at, function)
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("node %s takes no entries: it isn't run by aemp-node, or it is secure", quoted(o.at))
	}
	m, err := node.Call(ctx, o.at, append([]any{function}, args...)...)
	if err != nil {
		return err
	}
	if reply := m.Args(); reply.More() {
		return errors.New("node " + quoted(o.at) + " refuses: " + reply.Text())
	}
	return nil
}
