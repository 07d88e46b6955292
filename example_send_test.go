package aemp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/docs/example/job"
)

// The first argument is by convention the tag by which the receiver chooses a handler.
func ExampleNode_Send() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	err := node.Send(box.ID(), "measured", 21.5, []byte{1, 2}, true, nil, []string{"a", "b"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receive(box))
	// Output: ["measured", 21.5, b"\x01\x02", true, null, ["a", "b"]]
}

func ExampleNode_SendContext() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)
	fill(node, box.ID())

	// Nobody reads the mailbox, so there is no room before the context ends.
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	fmt.Println(node.SendContext(ctx, box.ID(), "one more"))
	// Output: context canceled
}

// fill sends to a port as long as there is room on the way.
func fill(node *aemp.Node, to string) {
	for node.TrySend(to, make([]byte, 64<<10)) == nil {
	}
}

func ExampleNode_TrySend() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	sent := 0
	var err error
	for err == nil {
		if err = node.TrySend(box.ID(), "line", make([]byte, 64<<10)); err == nil {
			sent++
		}
	}
	fmt.Println(sent > 0, errors.Is(err, aemp.ErrFull))
	// Output: true true
}

// A type with generated code is encoded without reflection and without allocating.
func ExampleNode_SendTagged() {
	node := start("main")
	defer stop(node)

	done := make(chan job.Job)
	worker := newPort(node)
	worker.On("resize", func(self *aemp.Context, m aemp.Message) {
		var j job.Job
		if err := m.Decode(&j); err != nil {
			self.Die("die", err.Error())
			return
		}
		done <- j
	})

	err := node.SendTagged(worker.ID(), "resize", &job.Job{ID: 7, Priority: 0.5, Payload: []byte("pixels")})
	if err != nil {
		fmt.Println(err)
		return
	}
	j := <-done
	fmt.Println(j.ID, j.Priority, string(j.Payload))
	// Output: 7 0.5 pixels
}

// Without a tag the type's fields are the whole message.
func ExampleNode_SendMsg() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	if err := node.SendMsg(box.ID(), &job.Job{ID: 7, Priority: 0.5}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receive(box))
	// Output: [7, 0.5, b""]
}

// A relay hands messages on without looking into them.
func ExampleNode_Forward() {
	node := start("main")
	defer stop(node)
	first, second := newMailbox(node), newMailbox(node)

	node.Send(first.ID(), "note", 1)
	m := receive(first)
	if err := node.Forward(second.ID(), m); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receive(second))
	// Output: ["note", 1]
}

func ExampleNode_Call() {
	node := start("main")
	defer stop(node)

	upper := newPort(node)
	upper.On("greet", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		name, reply := args.Text(), args.Text() // the last argument is where the answer goes
		if args.Err() == nil {
			self.Send(reply, "hello", name)
		}
	})

	answer, err := node.Call(context.Background(), upper.ID(), "greet", "world")
	fmt.Println(answer, err)
	// Output: ["hello", "world"] <nil>
}

// An answer is valid until the next call.
func ExampleNode_NewCaller() {
	node := start("main")
	defer stop(node)

	next := newPort(node)
	next.OnDefault(func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		n, reply := args.Int(), args.TextBytes()
		if args.Err() == nil {
			self.Reply(reply, n+1)
		}
	})

	caller := node.NewCaller()
	n := int64(0)
	for range 3 {
		answer, err := caller.Call(context.Background(), next.ID(), n)
		if err != nil {
			fmt.Println(err)
			return
		}
		n, _ = answer.At(0).Int()
	}
	fmt.Println(n)
	// Output: 3
}

// A node ID is the ID of the node's own port, which answers some requests itself.
func ExampleNode_Call_time() {
	node := start("main")
	defer stop(node)

	answer, err := node.Call(context.Background(), node.ID(), "time")
	if err != nil {
		fmt.Println(err)
		return
	}
	seconds, err := answer.At(0).Float()
	fmt.Println(seconds > 1.7e9, err)
	// Output: true <nil>
}

// The error says why there is no answer.
func ExampleReasonError() {
	node := start("main")
	defer stop(node)

	picky := newPort(node)
	picky.On("known", func(self *aemp.Context, m aemp.Message) {})

	_, err := node.Call(context.Background(), picky.ID(), "unknown")
	var died *aemp.ReasonError
	if errors.As(err, &died) {
		fmt.Println(died.Reason.Kind())
		fmt.Println(died.Reason.Message())
	}
	// Output:
	// unhandled_message
	// no callback found for message 'unknown'
}

func ExampleNode_Call_timeout() {
	node := start("main")
	defer stop(node)

	silent := newPort(node)
	silent.OnDefault(func(self *aemp.Context, m aemp.Message) {})

	ctx, cancel := context.WithTimeout(context.Background(), 1)
	defer cancel()
	_, err := node.Call(ctx, silent.ID(), "anybody there")
	fmt.Println(errors.Is(err, aemp.ErrTimeout))
	// Output: true
}

func ExampleNode_Kill() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	if err := node.Kill(box.ID(), "obsolete", "there is a newer one"); err != nil {
		fmt.Println(err)
		return
	}
	_, err := box.Receive(context.Background())
	fmt.Println(errors.As(err, new(*aemp.ReasonError)))
	fmt.Println(box.Alive())
	// Output:
	// true
	// false
}
