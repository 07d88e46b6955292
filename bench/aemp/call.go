package main

import (
	"context"
	"fmt"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/bench/play"
)

// answerCalls replies with what it was called with.
func answerCalls(n *node) error {
	port, err := n.NewNamedPort(portName(0))
	if err != nil {
		return err
	}
	port.On(play.Tag, func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		number, text, reply := args.Int(), args.Value(), args.TextBytes()
		if args.Err() == nil {
			self.Reply(reply, play.Tag, number, text)
		}
	})
	return nil
}

// call asks from one goroutine, one request after the other.
func call(n *node, s play.Spec) error {
	ctx, to, text := context.Background(), target("receiver", 0), play.Text(s.Size)
	caller := n.NewCaller()
	lane := play.NewLaps(s).Lane(0)
	for slot, again := 0, true; again; {
		reply, err := caller.Call(ctx, to, play.Tag, lane.Send(slot), text)
		if err != nil {
			return err
		}
		args := reply.Args()
		args.Skip() // the tag
		number := args.Int()
		if args.TextBytes(); args.Err() != nil {
			return fmt.Errorf("a reply: %w", args.Err())
		}
		slot, again = lane.Back(number)
	}
	return nil
}
