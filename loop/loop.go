// Package loop says what an event loop is to everything above it: a clock,
// timers, posted tasks, listeners and connections, all driven by one thread of
// control, and nothing about AEMP.
//
// There are two implementations. Package reactor runs on the machine's network,
// one loop per core. Package sim runs a whole simulated network in virtual time,
// where one seed decides everything. What is written against these interfaces
// runs on both unchanged, so it starts no goroutine, reads no clock and draws no
// random number on its own.
//
// # Rules
//
// Everything of a Loop and of its timers, listeners and connections belongs to
// that loop: it may be called only from its callbacks. The exceptions say "any
// goroutine". Callbacks of a loop never run at the same time and never inside
// each other: what a call causes is delivered after the running callback has
// returned. A panic in a callback is recovered, logged and, if it happened in a
// connection's handler, ends that connection.
package loop

import (
	"errors"
	"net"
	"net/netip"
	"time"
)

// Reasons with which Closed is called, perhaps wrapped, beside those of the network.
var (
	// ErrStopped: the Group was closed.
	ErrStopped = errors.New("loop: stopped")
	// ErrDialTimeout: nobody answered within the time given to Dial.
	ErrDialTimeout = errors.New("loop: connect timed out")
	// ErrOverflow: the peer doesn't read, and too much was written nevertheless.
	ErrOverflow = errors.New("loop: output buffer above its hard limit")
	// ErrSelf: the system has connected a dialled socket to itself.
	ErrSelf = errors.New("loop: connected to itself")
)

// A Task is something to run on a loop. Kept objects that implement Task are
// posted without an allocation.
type Task interface{ Run() }

// Func makes a function a Task. The conversion doesn't allocate.
type Func func()

func (f Func) Run() { f() }

// A Loop is one event loop of a Group.
type Loop interface {
	// Index is the loop's position in its Group's Loops.
	Index() int

	// Now is the monotonic time since the group started. It is taken once
	// per turn or more often; it never goes back. Any goroutine.
	Now() time.Duration

	// Wall is the time of day. Any goroutine.
	Wall() time.Time

	// Random fills p with random octets of cryptographic quality (in the
	// simulator: from its seed). Any goroutine.
	Random(p []byte)

	// NewTimer makes a stopped timer that runs t on this loop.
	NewTimer(t Task) Timer

	// Post runs t on the loop: in order for each posting goroutine and each
	// posting loop. It reports false, and t won't run, once the loop is
	// stopped. Any goroutine; no allocation.
	Post(t Task) bool

	// Later runs t after the running callback, before the loop handles
	// another event and before the turn's output is written. In order.
	Later(t Task)

	// Attend lets a goroutine begin something whose end is likely to happen on this loop, and run
	// the loop meanwhile, so that nobody has to be woken for it: callbacks run on the calling
	// goroutine then. It returns when that is over, or when the goroutine had better wait by
	// itself, which is after some milliseconds; or at once and without having begun, as if
	// somebody else runs the loop. No allocation. Any goroutine, but not in a callback.
	Attend(w Waiter)

	// Inside says whether the caller runs on this loop. It is slow (it has to
	// find out which goroutine it is on): for error paths only. Any goroutine.
	Inside() bool

	// Listen binds to a literal address (port 0: any free one) and calls
	// accept for each connection; a nil Handler refuses it. The error is that
	// of the bind. Running out of descriptors makes it pause and go on.
	Listen(addr netip.AddrPort, accept func(remote netip.AddrPort) Handler) (Listener, error)

	// Dial starts to connect. Within timeout h gets Open, or else Closed with
	// the reason; neither before Dial has returned. Closing the Conn before
	// that cancels the attempt: Closed follows with the given error.
	Dial(addr netip.AddrPort, timeout time.Duration, h Handler) Conn

	// Offload runs work on a goroutine of its own, for files and the like,
	// and then done on this loop. (The simulator runs both in virtual time.)
	Offload(work, done func())

	// Resolve looks up a host name's addresses, IPv4 first, and calls done on
	// this loop. A literal address is its own answer.
	Resolve(host string, done func(addrs []netip.Addr, err error))

	// Addresses lists the host's own unicast addresses that other hosts can
	// use: no loopback, IPv4 before IPv6, of IPv6 only 2000::/3 and fc00::/7.
	Addresses() ([]netip.Addr, error)
}

// A Waiter is a goroutine's, see Attend. Both methods are called on that goroutine.
type Waiter interface {
	Begin()     // in no callback, but none runs meanwhile
	Over() bool // there is nothing more to wait for
}

// A Group is the set of loops that a program's nodes run on.
type Group interface {
	Loops() []Loop

	// Close stops all loops: connections end with ErrStopped, further posts
	// are refused. It returns when no callback runs any more.
	Close() error
}

// A Timer runs its task once each time it is set and not stopped before.
type Timer interface {
	// Reset sets the timer to d from now, whether it was set or not. No allocation.
	Reset(d time.Duration)
	// Stop unsets it and says whether it was set. After Stop the task does
	// not run, even if it was already due.
	Stop() bool
}

// After is a new timer set to d.
func After(l Loop, d time.Duration, f func()) Timer {
	t := l.NewTimer(Func(f))
	t.Reset(d)
	return t
}

// A Listener accepts connections until it is closed.
type Listener interface {
	Addr() netip.AddrPort // with the real port
	Close()
}

// A Handler gets what happens on a connection, on the connection's loop.
type Handler interface {
	// Open: the connection is established.
	Open(c Conn)
	// Data: p arrived. It is borrowed for the duration of the call.
	Data(c Conn, p []byte)
	// Drained: output that the network didn't take at once is all written now.
	Drained(c Conn)
	// EOF: the peer won't send any more. The connection stays half open until
	// it is closed.
	EOF(c Conn)
	// Closed: the last call, exactly once, never while another call of the
	// same connection runs. Not called after a Detach.
	Closed(c Conn, err error)
}

// A Conn is a stream connection, or an attempt at one.
type Conn interface {
	Loop() Loop
	Local() netip.AddrPort
	Remote() netip.AddrPort

	// SetHandler replaces the handler for all that follows.
	SetHandler(h Handler)

	// Write appends a copy of p to the output, which is written when the turn
	// ends or when there is a lot of it. On a connection that isn't open or
	// was told to close it does nothing.
	Write(p []byte)

	// Swap appends p to the output like Write but takes the buffer over and
	// returns another, empty one for the caller to fill; nothing is copied
	// when no output is pending, unless p is small: then it comes back itself.
	Swap(p []byte) []byte

	// Offer writes as much of p as the network takes at once, before it returns, and says
	// how much that was: nothing if the loop has output of its own to write, if the
	// connection isn't open or is encrypted, or, since it is a hint and no promise, for
	// no reason. What is left is for the loop to Write. Any goroutine.
	Offer(p []byte) int

	// Buffered is the number of octets that were given to Write or Swap and not
	// yet taken by the network.
	Buffered() int

	// Blocked says that the network took less than it was given, so that Drained
	// will follow once it has taken the rest.
	Blocked() bool

	// Pause stops reading; Resume continues. What has arrived meanwhile comes
	// then; nothing is lost. An EOF or a reset may go unnoticed while paused.
	// Output goes on.
	Pause()
	Resume()

	// StartTLS makes the connection a TLS one from the next octet on, in both
	// directions. ahead is what was read beyond the last plain octet, that
	// is, the start of the peer's TLS. done is called once, with the session
	// or with the reason (then the caller closes). Until done, Data isn't
	// called, and Write keeps its data for afterwards. The caller bounds the
	// time by closing the connection.
	StartTLS(id *Identity, client bool, ahead []byte, done func(Session, error))

	// CloseWrite ends our direction after what is buffered.
	CloseWrite()

	// Close writes what can be written at once and closes; Closed(err) follows.
	Close(err error)

	// CloseAfterDrain writes everything, half-closes, waits for the peer's EOF,
	// throwing away what comes until then, and closes; after linger at the
	// latest. Closed(err) follows.
	CloseAfterDrain(err error, linger time.Duration)

	// Move hands the connection to another loop of the group; then runs there.
	// Between the two no handler runs for it; nothing is lost.
	// The caller doesn't touch the connection until then.
	Move(to Loop, then func())

	// Detach takes the connection off the loop and returns it as a blocking
	// net.Conn: ahead is what was read too far and is to be read first, unsent
	// output is written before anything else. A TLS session goes on.
	Detach(ahead []byte) (net.Conn, error)
}

// NopHandler is a Handler to embed: it closes at EOF and ignores the rest.
type NopHandler struct{}

func (NopHandler) Open(Conn)          {}
func (NopHandler) Data(Conn, []byte)  {}
func (NopHandler) Drained(Conn)       {}
func (NopHandler) EOF(c Conn)         { c.CloseAfterDrain(net.ErrClosed, time.Second) }
func (NopHandler) Closed(Conn, error) {}
