package link

import (
	"fmt"
	"time"
)

// LostKind says why a link that was up has ended.
type LostKind uint8

const (
	LostClosed       LostKind = iota // the peer closed it
	LostReset                        // the network or the peer's system broke it
	LostSilent                       // no sign of life
	LostMalformed                    // the peer sent something that isn't a message
	LostUnnegotiated                 // the peer sent a frame kind that wasn't agreed on
	LostReplaced                     // a new connection of the same peer took over
	LostOverload                     // the outgoing queue stayed at its hard limit
	LostShutdown                     // this node is closing
)

var lostNames = [...]string{"closed", "reset", "silent", "malformed", "unnegotiated", "replaced", "overload", "shutdown"}

func (k LostKind) String() string { return lostNames[k] }

// Lost is the error with which a link that was up ends.
type Lost struct {
	Kind   LostKind
	Detail string
	After  time.Duration // of silence
	Err    error
}

func (e *Lost) Error() string {
	s := ""
	switch e.Kind {
	case LostClosed:
		s = "connection closed by peer"
	case LostReset:
		s = "connection broken"
	case LostSilent:
		s = fmt.Sprintf("no sign of life for %v", e.After)
	case LostMalformed:
		s = "malformed data"
	case LostUnnegotiated:
		s = "frame kind not negotiated"
	case LostReplaced:
		s = "replaced by a new connection"
	case LostOverload:
		s = "overload"
	case LostShutdown:
		s = "node closed"
	}
	if e.Detail != "" {
		s += ": " + e.Detail
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Lost) Unwrap() error { return e.Err }
