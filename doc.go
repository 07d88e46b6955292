// Package aemp is AnyEvent::MP for Go: a network of nodes whose ports send each
// other messages, watch each other die, spawn and call each other, in Go and in
// Perl at once.
//
// # Nodes, ports, messages
//
// A program is a node:
//
//	node, err := aemp.Start(aemp.Config{
//		Node:   "calc",
//		Binds:  []string{"127.0.0.1:4040"},
//		Secret: "geheim",
//	})
//
// Nodes find each other through seeds: addresses at which some of them listen. From
// there on a distributed database tells where all others are, and what programs put
// into it: see Node.DB. A node has ports, and a port has handlers, one for each tag, that is, for each first
// argument that a message may have:
//
//	adder, err := node.NewNamedPort("adder")
//	adder.On("add", func(self *aemp.Context, m aemp.Message) {
//		args := m.Args()
//		a, b, reply := args.Int(), args.Int(), args.Text()
//		if args.Err() != nil {
//			return
//		}
//		self.Send(reply, a+b)
//	})
//
// Its ID, here "calc#adder", is all that others need, on whatever node they are:
//
//	sum, err := node.Call(ctx, "calc#adder", "add", 3, 4)
//
// # Two doors
//
// A handler runs on an event loop, one at a time for each port. It must not block,
// and it acts through its [Context]: sending there never waits. A goroutine acts
// through the [Node]: Send waits while the receiver is slow, Call waits for an
// answer, and Receive reads a port that has a mailbox. Using the Node inside a handler works
// too, save that what would have to wait fails with [ErrWouldBlock]; the
// order between the two doors isn't defined.
//
// # What is promised
//
// Messages from one sender to one port arrive in order, each at most once. If one
// is lost, which happens only with a link, a port or a node, all later ones are lost too
// until every monitor on the receiver has fired. So who monitors a port and hears
// nothing knows that all went well. Nothing else is needed to build on.
//
// A [Message] is borrowed for the time of the handler: Clone what is to be kept.
// Messages that came out of Receive or Call are the caller's own.
//
// # Speed
//
// Sending plain values, sending and receiving types with generated codecs (SendTagged,
// Message.Decode; see github.com/tinylib/msgp), dispatching, and reading with Args
// allocate no memory.
package aemp
