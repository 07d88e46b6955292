package aemp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aemp-go/aemp"
)

// A port chooses its handler by a message's first argument, the tag. The handler
// gets the arguments after it.
func ExampleNode_NewPort() {
	node := start("main")
	defer stop(node)

	counter, err := node.NewPort()
	if err != nil {
		fmt.Println(err)
		return
	}
	total := int64(0) // belongs to the port: its handlers run one at a time
	counter.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		total += args.Int()
	})
	counter.On("get", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		self.Send(args.Text(), total)
	})

	node.Send(counter.ID(), "add", 5)
	node.Send(counter.ID(), "add", 6)
	fmt.Println(node.Call(context.Background(), counter.ID(), "get"))
	// Output: [11] <nil>
}

// Others need to know only the names of the node and of the port.
func ExampleNode_NewNamedPort() {
	node := start("main")
	defer stop(node)

	port, err := node.NewNamedPort("log")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(port.ID())

	_, err = node.NewNamedPort("log")
	fmt.Println(errors.As(err, new(*aemp.IDError)), err)
	// Output:
	// main#log
	// true invalid port name "log": in use
}

func ExampleNode_NewMailbox() {
	node := start("main")
	defer stop(node)

	box, err := node.NewMailbox()
	if err != nil {
		fmt.Println(err)
		return
	}
	for i := range 3 {
		node.Send(box.ID(), "line", i)
	}
	for range 3 {
		m, err := box.Receive(context.Background())
		fmt.Println(m, err)
	}
	// Output:
	// ["line", 0] <nil>
	// ["line", 1] <nil>
	// ["line", 2] <nil>
}

// When a mailbox has died and is empty, Receive says so.
func ExamplePort_Receive() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	node.Send(box.ID(), "last words")
	box.Kill("done") // takes effect after what was sent before it

	for {
		m, err := box.Receive(context.Background())
		if err != nil {
			fmt.Println("end:", errors.As(err, new(*aemp.ReasonError)))
			return
		}
		fmt.Println(m)
	}
	// Output:
	// ["last words"]
	// end: true
}

func ExamplePort_On() {
	node := start("main")
	defer stop(node)

	once := newPort(node)
	once.On("go", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		self.Send(args.Text(), "first")
		self.On("go", func(self *aemp.Context, m aemp.Message) { // from the next message on
			args := m.Args()
			self.Send(args.Text(), "again")
		})
	})

	ctx := context.Background()
	fmt.Println(node.Call(ctx, once.ID(), "go"))
	fmt.Println(node.Call(ctx, once.ID(), "go"))
	// Output:
	// ["first"] <nil>
	// ["again"] <nil>
}

// The default handler gets what no tag's handler takes, with all arguments. With
// one, no message kills the port as unhandled.
func ExamplePort_OnDefault() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	port := newPort(node)
	port.On("known", func(self *aemp.Context, m aemp.Message) { self.Send(box.ID(), "known", m.Len()) })
	port.OnDefault(func(self *aemp.Context, m aemp.Message) { self.Send(box.ID(), "other", m.Len()) })

	node.Send(port.ID(), "known", 1, 2)
	node.Send(port.ID(), "new", 1, 2)
	node.Send(port.ID(), 3.5)
	for range 3 {
		fmt.Println(receive(box))
	}
	// Output:
	// ["known", 2]
	// ["other", 3]
	// ["other", 1]
}

func ExamplePort_Kill() {
	node := start("main")
	defer stop(node)
	box := newMailbox(node)

	port := newPort(node)
	node.MonitorSend(port.ID(), box.ID(), "died")
	port.Kill("replaced", "by version", 2)
	fmt.Println(receive(box))
	// Output: ["died", "replaced", "by version", 2]
}

func ExamplePort_Alive() {
	node := start("main")
	defer stop(node)

	port := newPort(node)
	fmt.Println(port.Alive(), port.Node().ID())

	dead := make(chan struct{})
	node.Monitor(port.ID(), func(self *aemp.Context, r aemp.Reason) { close(dead) })
	port.Kill()
	<-dead
	fmt.Println(port.Alive())
	// Output:
	// true main
	// false
}
