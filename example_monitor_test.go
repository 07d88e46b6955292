package aemp_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/aemp-go/aemp"
)

func ExampleNode_Monitor() {
	node := start("main")
	defer stop(node)
	worker := newPort(node)

	done := make(chan aemp.Reason, 1)
	_, err := node.Monitor(worker.ID(), func(self *aemp.Context, r aemp.Reason) { done <- r })
	if err != nil {
		fmt.Println(err)
		return
	}
	worker.Kill("broken", "a tooth is missing")

	r := <-done
	fmt.Println(r.Normal(), r.Kind(), r.Message())
	// Output: false broken a tooth is missing
}

// A port that lives nowhere can be monitored, too: its monitor fires at once.
func ExampleNode_Monitor_unknown() {
	node := start("main")
	defer stop(node)

	done := make(chan aemp.Reason, 2)
	fired := func(self *aemp.Context, r aemp.Reason) { done <- r }
	node.Monitor("main#nobody", fired)
	fmt.Println(<-done)
	node.Monitor("nowhere#nobody", fired)
	fmt.Println(<-done)
	// Output:
	// ["no_such_port", "cannot monitor nonexistent port", "main#nobody"]
	// ["transport_error", "nowhere", "no known address"]
}

// When a node leaves, whoever monitors one of its ports is told.
func ExampleNode_Monitor_lostNode() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client)
	client.WaitNode(context.Background(), "server")
	remote := newPort(server)

	done := make(chan aemp.Reason, 1)
	client.Monitor(remote.ID(), func(self *aemp.Context, r aemp.Reason) { done <- r })
	stop(server)

	r := <-done
	fmt.Println(r.Kind(), r.Args().At(1)) // and a message for people, see r.Message
	// Output: transport_error "server"
}

// Ports that can't do without each other die together.
func ExampleNode_MonitorKill() {
	node := start("main")
	defer stop(node)
	engine, car := newPort(node), newMailbox(node)

	node.MonitorKill(engine.ID(), car)
	engine.Kill("die", "no oil")

	_, err := car.Receive(context.Background())
	var died *aemp.ReasonError
	fmt.Println(errors.As(err, &died), died.Reason)
	// Output: true ["die", "no oil"]
}

// The death of a port becomes a message.
func ExampleNode_MonitorSend() {
	node := start("main")
	defer stop(node)
	worker, supervisor := newPort(node), newMailbox(node)

	node.MonitorSend(worker.ID(), supervisor.ID(), "worker died", 1)
	worker.Kill("die", "out of memory")

	fmt.Println(receive(supervisor))
	// Output: ["worker died", 1, "die", "out of memory"]
}

// file stands for whatever has to be closed when somebody dies.
type file struct{ closed chan struct{} }

func (f file) Close() error { close(f.closed); return nil }

func ExampleNode_Guard() {
	node := start("main")
	defer stop(node)
	user := newPort(node)
	f := file{make(chan struct{})}

	node.Guard(user.ID(), f)
	user.Kill()

	<-f.closed
	fmt.Println("closed")
	// Output: closed
}

func ExampleMonitor() {
	node := start("main")
	defer stop(node)
	port := newPort(node)

	m, err := node.Monitor(port.ID(), func(self *aemp.Context, r aemp.Reason) { fmt.Println("died") })
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Cancel()) // it won't fire any more
	fmt.Println(m.Cancel()) // nothing to cancel
	// Output:
	// true
	// false
}

// A monitor set in a handler belongs to its port, and ends with it.
func ExampleContext_Monitor() {
	node := start("main")
	defer stop(node)
	box, worker := newMailbox(node), newPort(node)

	boss := newPort(node)
	boss.On("watch", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		target, reply := args.Text(), args.Text()
		self.Monitor(target, func(self *aemp.Context, r aemp.Reason) {
			self.Send(box.ID(), "lost", target, r.Kind())
		})
		self.Send(reply, "watching")
	})

	node.Call(context.Background(), boss.ID(), "watch", worker.ID())
	worker.Kill("tired")
	m := receive(box)
	fmt.Println(m.At(0), m.At(2))
	// Output: "lost" "tired"
}

// A handler that can't go on without another port ties its own to it.
func ExampleContext_MonitorSelf() {
	node := start("main")
	defer stop(node)
	box, source := newMailbox(node), newPort(node)

	sink := newPort(node)
	sink.On("follow", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		self.MonitorSelf(args.Text())
		self.Send(args.Text(), "following")
	})
	node.MonitorSend(sink.ID(), box.ID(), "sink died")
	node.Call(context.Background(), sink.ID(), "follow", source.ID())
	source.Kill("dried up")

	fmt.Println(receive(box))
	// Output: ["sink died", "dried up"]
}

// A failing handler kills its port, never the program; monitors are told why.
func ExampleReason() {
	node := start("main")
	defer stop(node)
	box, port := newMailbox(node), newPort(node)
	port.On("divide", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b := args.Int(), args.Int()
		self.Send(box.ID(), "quotient", a/b)
	})

	done := make(chan aemp.Reason, 1)
	node.Monitor(port.ID(), func(self *aemp.Context, r aemp.Reason) { done <- r })
	node.MonitorSend(port.ID(), box.ID(), "died")
	node.Send(port.ID(), "divide", 1, 0)

	r := <-done
	fmt.Println(r.Kind())
	fmt.Println(r.Message())
	fmt.Println(receive(box)) // as values
	// Output:
	// die
	// runtime error: integer divide by zero
	// ["died", "die", "runtime error: integer divide by zero"]
}

// It stays when the port that asked for it dies.
func ExampleContext_MonitorSend() {
	node := start("main")
	defer stop(node)
	box, worker := newMailbox(node), newPort(node)

	node.Do(func(self *aemp.Context) {
		self.MonitorSend(worker.ID(), box.ID(), "worker died")
		self.Kill(worker.ID(), "fired")
	})
	fmt.Println(receive(box))
	// Output: ["worker died", "fired"]
}

func ExampleContext_MonitorKill() {
	node := start("main")
	defer stop(node)
	engine, car := newPort(node), newMailbox(node)

	node.Do(func(self *aemp.Context) {
		self.MonitorKill(engine.ID(), car)
		self.Kill(engine.ID(), "die", "no oil")
	})
	_, err := car.Receive(context.Background())
	fmt.Println(errors.As(err, new(*aemp.ReasonError)))
	// Output: true
}

func ExampleContext_Guard() {
	node := start("main")
	defer stop(node)
	user := newPort(node)
	f := file{make(chan struct{})}

	node.Do(func(self *aemp.Context) {
		self.Guard(user.ID(), f)
		self.Kill(user.ID())
	})
	<-f.closed
	fmt.Println("closed")
	// Output: closed
}
