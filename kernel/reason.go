package kernel

import (
	"strings"

	"github.com/aemp-go/aemp/codec"
)

// Reason says why a port died: a list of values, of which the first is by
// convention a word for the kind (protocol 4). The empty reason is a normal death.
// It is owned: it may be kept.
type Reason struct{ m codec.Message }

// Kinds of reasons that the system itself gives.
const (
	ReasonDie       = "die"               // a handler failed: message
	ReasonTransport = "transport_error"   // a link was lost or can't be made: node, message
	ReasonNoPort    = "no_such_port"      // monitored or sent to a port that doesn't exist: message, port
	ReasonUnhandled = "unhandled_message" // message
)

// NewReason makes a reason of values. One that can't be sent becomes a "die" that says so.
func NewReason(args ...any) Reason {
	m, err := codec.MessageOf(args...)
	if err != nil {
		m, _ = codec.MessageOf(ReasonDie, "reason can't be encoded: "+err.Error())
	}
	if len(m.Raw()) > maxReason {
		m, _ = codec.MessageOf(ReasonDie, "reason too large")
	}
	return Reason{m}
}

// reasonOf takes the reason out of a borrowed message.
func reasonOf(m codec.Message) Reason {
	if len(m.Raw()) > maxReason {
		return NewReason(ReasonDie, "reason too large")
	}
	return Reason{m.Clone()}
}

// transportError is the reason for everything that goes with a link.
func transportError(node string, err error) Reason {
	return NewReason(ReasonTransport, node, err.Error())
}

func noSuchPort(id string) Reason {
	return NewReason(ReasonNoPort, "cannot monitor nonexistent port", id)
}

// die is the reason of a failed handler; the original removes the message's last newline.
func die(message string) Reason { return NewReason(ReasonDie, strings.TrimSuffix(message, "\n")) }

// Normal says that nothing went wrong.
func (r Reason) Normal() bool { return r.m.Len() == 0 }

// Kind is the first value as text; empty for a normal reason.
func (r Reason) Kind() string {
	if r.Normal() {
		return ""
	}
	s, err := r.m.At(0).Text()
	if err != nil {
		return ""
	}
	return s
}

// Args are the reason's values.
func (r Reason) Args() codec.Message { return r.m }

// Message is the text that explains the kind, where there is one.
func (r Reason) Message() string {
	at := 1
	if r.Kind() == ReasonTransport {
		at = 2
	}
	if r.m.Len() <= at {
		return ""
	}
	s, _ := r.m.At(at).Text()
	return s
}

func (r Reason) String() string {
	if r.Normal() {
		return "normal"
	}
	return r.m.String()
}

// ReasonError is a Reason as an error: the port that was called died.
type ReasonError struct {
	Port   string
	Reason Reason
}

func (e *ReasonError) Error() string {
	if e.Reason.Normal() {
		return "port " + e.Port + " ended without an answer"
	}
	s := "port " + e.Port + ": " + e.Reason.Kind()
	if m := e.Reason.Message(); m != "" {
		s += ": " + m
	}
	return s
}
