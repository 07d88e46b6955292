package dataconn

import (
	"errors"
	"fmt"
	"time"
)

// Reasons for which a connection that was dialled or accepted is closed.
var (
	// ErrUnknown: nobody awaits the connection, or nobody does any more.
	ErrUnknown = errors.New("nobody awaits this connection")
	// ErrNotNeeded: another one was taken, or time is up.
	ErrNotNeeded = errors.New("no longer needed")
)

// ErrorKind says why there was no connection.
type ErrorKind uint8

const (
	TimedOut    ErrorKind = iota // nobody got through in time
	NoListeners                  // the node that should be dialled listens nowhere
	Unreachable                  // none of its addresses leads to it
	LinkLost                     // the link was lost while the two nodes were agreeing
	Refused                      // the other node doesn't want it, or has failed
	InUse                        // the same ID is awaited already
	TooMany                      // too many are awaited
)

// An Error is why a raw connection could not be made.
type Error struct {
	Kind  ErrorKind
	Node  string        // at the other end
	After time.Duration // if time was up
	Tried int           // addresses
	Err   error         // what is behind it, or nil
}

// Error is what goes with a reason to the port that asked for the connection.
func (e *Error) Error() string {
	s := e.Node + ": "
	switch e.Kind {
	case TimedOut:
		s += fmt.Sprintf("unable to establish connection within %v seconds", e.After.Seconds())
	case NoListeners:
		return s + "no listeners found"
	case Unreachable:
		s += fmt.Sprintf("unable to connect (%d addresses tried)", e.Tried)
	case LinkLost:
		s += "no link"
	case Refused:
		s += "refused"
	case InUse:
		return s + "this connection is awaited already"
	case TooMany:
		return s + "too many connections are awaited"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Is makes a TimedOut error the same as every other time-out's, such as
// context.DeadlineExceeded.
func (e *Error) Is(target error) bool {
	t, ok := target.(interface{ Timeout() bool })
	return ok && t.Timeout() && e.Kind == TimedOut
}
