// Package reactor implements package loop on the machine's network: one event
// loop per core, each with a poller of gnet's. It knows nothing of AEMP.
//
// A [Group] is started with [Start] and is a loop.Group. Each of its loops is one
// goroutine that waits for events and handles one after the other:
//
//	poller ─ an event ─┬─ the bell: one batch of posted tasks  (inbox.go)
//	                   ├─ the alarm: timers that are due       (timer.go)
//	                   ├─ a listener: accept                   (listener.go)
//	                   └─ a connection: connect, write, read   (conn.go …)
//	after each event:  tasks given to Later, output, Closed    (loop.go)
//
// Files, in reading order: group.go, loop.go, inbox.go, timer.go, bell.go and
// bell_linux.go (how a loop is woken), poller.go (what to wait for), listener.go,
// dial.go and socket.go, conn.go, read.go, write.go, close.go, move.go, detach.go;
// tls.go and tlspipe.go; resolve.go; panic.go, watchdog.go, stats.go, inside.go.
//
// # What must hold
//
// An event is only a hint. It carries nothing but a descriptor's number, and one
// that was queued for a closed descriptor can reach whoever got the number within
// the same batch. So nothing is concluded from an event: read(2), write(2) and
// the socket's state say what happened.
//
// Polling is level-triggered, and interest is dropped when it isn't wanted: after
// the peer's end, while paused, when there is no output left.
//
// A descriptor leaves the poller before it is closed, moved or given away.
//
// Output collects in the connection and is written when the event that caused it
// has been handled. The connection whose event it is is written at once; others
// are written after one more turn, since gnet's poller has no hook at the end of
// a batch: the loop rings its own bell, once per batch.
//
// Buffers of output come from a free list of the loop and are held only while
// there is output. Reading uses one buffer per loop.
package reactor
