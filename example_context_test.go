package aemp_test

import (
	"context"
	"fmt"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/docs/example/job"
)

// A handler asks another port and goes on when the answer is there. Nothing waits.
func ExampleContext_Call() {
	node := start("main")
	defer stop(node)

	prices := newPort(node)
	prices.On("price", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		args.Skip() // of what
		self.Send(args.Text(), 3)
	})

	shop := newPort(node)
	shop.On("order", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		item, count, reply := args.Text(), args.Int(), args.Text()
		if args.Err() != nil {
			return
		}
		self.Call(prices.ID(), []any{"price", item}, 0, func(self *aemp.Context, m aemp.Message, err error) {
			if err != nil {
				self.Send(reply, "failed", err.Error())
				return
			}
			price := m.Args()
			self.Send(reply, "total", count*price.Int())
		})
	})

	fmt.Println(node.Call(context.Background(), shop.ID(), "order", "apples", 12))
	// Output: ["total", 36] <nil>
}

func ExampleContext_After() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	port := newPort(node)
	port.On("start", func(self *aemp.Context, m aemp.Message) {
		self.After(2*time.Millisecond, func(self *aemp.Context) { self.Send(box.ID(), "second") })
		self.After(time.Millisecond, func(self *aemp.Context) { self.Send(box.ID(), "first") })
	})

	node.Send(port.ID(), "start")
	fmt.Println(receive(box))
	fmt.Println(receive(box))
	// Output:
	// ["first"]
	// ["second"]
}

func ExampleTimer() {
	node := start("main")
	defer stop(node)
	stopped := make(chan bool)

	node.Do(func(self *aemp.Context) {
		t := self.After(time.Hour, func(self *aemp.Context) { fmt.Println("too late") })
		stopped <- t.Stop()
	})
	fmt.Println(<-stopped)
	// Output: true
}

// Do takes a goroutine's work to a loop, where it may do what handlers may.
func ExampleNode_Do() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	node.Do(func(self *aemp.Context) {
		self.Send(box.ID(), "from", self.ID()) // of no port: the node's
	})
	fmt.Println(receive(box))
	// Output: ["from", "main"]
}

// A handler makes a port for one conversation and ends it afterwards.
func ExampleContext_NewPort() {
	node := start("main")
	defer stop(node)

	hub := newPort(node)
	hub.On("open", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		reply := args.Text()
		session, err := self.NewPort() // on the same loop
		if err != nil {
			self.Send(reply, "failed", err.Error())
			return
		}
		count := 0
		self.Handle(session, "hit", func(self *aemp.Context, m aemp.Message) { count++ })
		self.Handle(session, "end", func(self *aemp.Context, m aemp.Message) {
			args := m.Args()
			self.Send(args.Text(), "hits", count)
			self.Die()
		})
		self.Send(reply, session.ID())
	})

	ctx := context.Background()
	opened, err := node.Call(ctx, hub.ID(), "open")
	if err != nil {
		fmt.Println(err)
		return
	}
	answer := opened.Args()
	session := answer.Text()
	node.Send(session, "hit")
	node.Send(session, "hit")
	fmt.Println(node.Call(ctx, session, "end"))
	// Output: ["hits", 2] <nil>
}

func ExampleContext_SendTagged() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	node.Do(func(self *aemp.Context) {
		self.SendTagged(box.ID(), "resize", &job.Job{ID: 8})
	})
	m := receive(box)
	tag, _ := m.Tag()
	var j job.Job
	err := m.Drop(1).Decode(&j)
	fmt.Println(string(tag), j.ID, err)
	// Output: resize 8 <nil>
}

// What a handler keeps beyond its end it clones.
func ExampleContext_Forward() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	var held []aemp.Message
	gate := newPort(node)
	gate.On("open", func(self *aemp.Context, m aemp.Message) {
		for _, h := range held {
			self.Forward(box.ID(), h)
		}
		held = nil
	})
	gate.OnDefault(func(self *aemp.Context, m aemp.Message) { held = append(held, m.Clone()) })

	node.Send(gate.ID(), "one", 1)
	node.Send(gate.ID(), "two", 2)
	node.Send(gate.ID(), "open")
	fmt.Println(receive(box), receive(box))
	// Output: ["one", 1] ["two", 2]
}

func ExampleContext_Send() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	node.Do(func(self *aemp.Context) {
		if err := self.Send(box.ID(), "hello"); err != nil {
			fmt.Println(err) // ErrOverload, for example: it never waits
		}
	})
	fmt.Println(receive(box))
	// Output: ["hello"]
}

// A port that has done its work ends. The handler goes on to its end.
// Reply takes the port ID as it stands in the message.
func ExampleContext_Reply() {
	node := start("main")
	defer stop(node)

	double := newPort(node)
	double.OnDefault(func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		n, reply := args.Int(), args.TextBytes()
		if args.Err() == nil {
			self.Reply(reply, 2*n)
		}
	})

	fmt.Println(node.Call(context.Background(), double.ID(), 21))
	// Output: [42] <nil>
}

func ExampleContext_Die() {
	node := start("main")
	defer stop(node)
	box, port := newMailbox(node), newPort(node)
	port.On("stop", func(self *aemp.Context, m aemp.Message) {
		self.Die("done", 42)
		self.Send(box.ID(), "goodbye")
	})

	node.MonitorSend(port.ID(), box.ID(), "died")
	node.Send(port.ID(), "stop")
	first, second := receive(box), receive(box)
	fmt.Println(first.Len()+second.Len(), port.Alive())
	// Output: 4 false
}

func ExampleContext_Kill() {
	node := start("main")
	defer stop(node)
	box, victim := newMailbox(node), newPort(node)

	node.MonitorSend(victim.ID(), box.ID(), "died")
	node.Do(func(self *aemp.Context) { self.Kill(victim.ID(), "too slow") })
	fmt.Println(receive(box))
	// Output: ["died", "too slow"]
}

// A handler may be kept and used for several ports and tags.
func ExampleHandler() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	var echo aemp.Handler = func(self *aemp.Context, m aemp.Message) { self.Forward(box.ID(), m) }
	a, b := newPort(node), newPort(node)
	a.On("to a", echo)
	b.On("to b", echo)

	node.Send(a.ID(), "to a", 1)
	fmt.Println(receive(box))
	node.Send(b.ID(), "to b", 2)
	fmt.Println(receive(box))
	// Output:
	// [1]
	// [2]
}
