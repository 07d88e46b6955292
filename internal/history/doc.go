// Package history writes down what happens in a run of a whole network and checks
// it against what the system promises to programs. Every simulation uses it.
//
//	h := history.New(world.Now)
//	p := h.Start("n1")                        // a process; again after a crash
//	p.PortMade("echo")
//	p.Accepted(history.Message{…})            // a send that returned no error
//	p.Delivered(history.Message{…})           // in the receiver's process
//	m := p.Watch("echo", "n2#echo")           // a monitor, then m.Fired or m.Cancelled
//	c := p.Begin("call", "echo")              // what has to end once: c.End
//	p.Stored("family", "key", "value")        // of the database
//	v := p.WatchFamily("echo", "family", …)   // then v.Shown, v.Stopped, v.Ends
//	…
//	h.Finish()                                // when all is quiet
//	for _, v := range h.Violations() { … }
//
// # Promises
//
// Some are checked when the event is written, the others by Finish:
//
//   - Of one sender's messages to one port those of an epoch (one link, or one
//     failed attempt at a link) arrive in order, each once, unchanged, and up to
//     some message. Nothing of an epoch arrives after something of a later one.
//   - No silent hole: a monitor that the sender had on the port before a message
//     that was lost fires before anything of a later epoch arrives, and before
//     time goes on once something of a later epoch is accepted.
//   - When a link's loss has been dealt with (Idle), all monitors from before it
//     have fired.
//   - A monitor fires at most once, not after it was cancelled, and not without
//     cause: its target is dead, or a link was lost. After that nothing comes any
//     more from a dead target, or over the lost link.
//   - Node-up and node-down alternate, and begin with up.
//   - What has begun ends exactly once: calls, waits for room, spawns.
//   - What a watcher of a family of the database is told are exact differences: what
//     is added was absent, what is changed or deleted was present, and they give the
//     view that it is shown with them. Nothing is shown that nobody has ever stored.
//   - In the end, with all faults over: what was accepted for a living port and
//     whose link wasn't lost since has arrived, kills have killed, monitors of the
//     dead have fired, and nothing waits anywhere.
//
// Whoever is dead is owed nothing: what belongs to a port that died, or to a
// process that crashed, is left out from then on.
//
// A History belongs to one goroutine.
package history
