// Package reactor implements package loop on the machine's network: one event
// loop per core, each with a poller of gnet's. It knows nothing of AEMP.
//
// A [Group] is started with [Start] and is a loop.Group. Each of its loops is one
// goroutine that takes turns:
//
//	wait      for events, unless there are tasks       (wait_linux.go, gate_linux.go, wait.go)
//	events    ─┬─ the alarm: timers that are due       (timer.go)
//	           ├─ a listener: accept                   (listener.go)
//	           └─ a connection: connect, write, read   (conn.go …)
//	tasks     one batch of those that were posted      (inbox.go)
//	after each event, and at the end of the turn:
//	          tasks given to Later, output, Closed     (loop.go)
//
// Files, in reading order: group.go, loop.go, wait_linux.go and wait.go, gate_linux.go,
// attend_linux.go, inbox.go, timer.go, bell.go and bell_linux.go (how a loop is woken), poller.go (what to wait
// for), listener.go, dial.go and socket.go, conn.go, read.go, write.go, offer.go,
// close.go, move.go, detach.go; tls.go and tlspipe.go; resolve.go; panic.go,
// watchdog.go, stats.go, inside.go.
//
// # Waiting
//
// gnet's poller keeps the interest in descriptors. Waiting is our own on Linux, in
// gnet's epoll instance, and gnet's elsewhere: gnet's polls a second time after each
// batch of events and yields, which wakes another thread for nothing, and it has no
// hook at the end of a batch.
//
// A loop to which something comes again and again, a brisk one, is blocked in the kernel, with
// nothing to poll for and no time-out: timers are a timerfd's, which costs nothing in a turn
// that changes none. It isn't spun: where two processes share a core, as the kernel likes
// to have it, each would spin in the other's way.
//
// A goroutine that is blocked in the kernel holds its processor, for up to ten milliseconds
// if nobody else runs that would take it away. So a loop to which little comes waits at
// its gate: as a goroutine of the Go runtime's poller, at the price of a slower start. And a brisk
// loop looks up when nothing has come for a millisecond (the tick), and goes to the gate.
//
// A goroutine that waits for an answer may run the loop while that is at its gate (Attend): it
// shuts the gate, sends its question, waits for events in place of the loop's own goroutine, and opens the
// gate again when it has its answer. The mutex turns says who runs the loop.
//
// The bell is rung only for a loop that waits; one that is awake looks into its inbox
// before it waits. A loop yields to other goroutines at the end of a turn in three cases:
//
//   - Every few milliseconds, since Go's scheduler takes the processor away, at each
//     system call, from a goroutine that never does.
//   - After events, if goroutines have posted lately: one may have waited for just what
//     was handled, will run here and now rather than on another thread, and has its next
//     task in the inbox before the loop waits. A flood of posts isn't answered by
//     yielding: without it batches are larger.
//   - Always, if the loops hold all processors that Go may use: it would leave them with
//     goroutines that wait in the kernel, and others would wait for milliseconds.
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
// Output collects in the connection. The connection whose event it is is written when
// that event has been handled, so that the peer can go on; others are written once, at
// the end of the turn. (While gnet waits, the loop rings its own bell for that.)
//
// Buffers of output come from a free list of the loop and are held only while
// there is output. Reading uses one buffer per loop.
package reactor
