package kernel

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/aemp-go/aemp/kernel/link"
)

var (
	// ErrOverload: a queue is at its hard limit; the message was not accepted.
	ErrOverload = link.ErrOverload
	// ErrWouldBlock: a call that may wait was made on a loop, where nothing may.
	// Handlers use their Context.
	ErrWouldBlock = errors.New("would block: called on a loop; use the handler's context")
	// ErrFull: the call would have to wait.
	ErrFull = link.ErrFull
	// ErrClosed: the node is closed or closing.
	ErrClosed = link.ErrClosed
	// ErrTooMany: a limit on how many there may be.
	ErrTooMany = errors.New("too many")
	// ErrNoAddress: nobody knows where the node is.
	ErrNoAddress = errors.New("no known address")
	// ErrNoAnswer: nobody could be asked in time where the node is.
	ErrNoAnswer error = unanswered{}
	// ErrSelf: the node that was dialled is this one.
	ErrSelf = errors.New("that is this node itself")
	// ErrTimeout: no answer in time. It is context.DeadlineExceeded, too.
	ErrTimeout error = timeoutError{}
)

type timeoutError struct{}

func (timeoutError) Error() string { return "timeout" }
func (timeoutError) Unwrap() error { return context.DeadlineExceeded }
func (timeoutError) Timeout() bool { return true }

type unanswered struct{ timeoutError }

func (unanswered) Error() string { return "no answer in time to where the node is" }

// IDError says what is wrong with a node or port ID.
type IDError struct {
	What string // "node ID", "port ID", …
	ID   string
	Err  error
}

func (e *IDError) Error() string { return fmt.Sprintf("invalid %s %.80q: %v", e.What, e.ID, e.Err) }
func (e *IDError) Unwrap() error { return e.Err }

// ConnectError says why an attempt to reach a node has failed.
type ConnectError struct {
	Node  string
	Tried int   // addresses
	Err   error // of the last address that failed, or ErrNoAddress
}

func (e *ConnectError) Error() string {
	if e.Tried == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("unable to connect (%d of its addresses tried): %v", e.Tried, e.Err)
}
func (e *ConnectError) Unwrap() error { return e.Err }

// WrongNodeError: another node answered at a node's address.
type WrongNodeError struct{ Want, Got string }

func (e *WrongNodeError) Error() string {
	return fmt.Sprintf("node %q answered instead of %q", e.Got, e.Want)
}

// UnflushedError says what a closing node could not send in time.
type UnflushedError struct {
	Octets map[string]int // by node
}

func (e *UnflushedError) Error() string {
	nodes := make([]string, 0, len(e.Octets))
	for n, o := range e.Octets {
		nodes = append(nodes, fmt.Sprintf("%s: %d octets", n, o))
	}
	sort.Strings(nodes)
	return "closed before everything was sent: " + strings.Join(nodes, ", ")
}
