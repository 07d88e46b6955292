package global

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// A Kind is what an Action asks for.
type Kind uint8

const (
	Send      Kind = iota // Tell To Message; if that fails, call Failed with the action's index
	AwaitRoom             // call Room as soon as the queue to Node has room, perhaps at once, but not within this input
	SetTimer              // call Tick at At; replaces an earlier one
	Found                 // answers Find: Node is at Addrs; none: it is unknown
	Answer                // answers Query number Query with Result
	Changed               // answers Watch: Family has changed, by Changes
	Keep                  // keep connected to Node, a global one: find it and connect whenever it is down
	Release               // no longer
	Promoted              // this node is global from now on
	MasterIs              // this node's master is Node; "": it has none
	Log                   // one line for the operator
)

// An Action is something that the Machine wants done. Which fields count is said
// at the Kinds. Message, Result and Changes are borrowed: valid until the next input.
type Action struct {
	Do      Kind
	Node    string // whom to send to, or whom it is about
	Message codec.Message
	At      time.Duration
	Addrs   []netip.AddrPort
	Query   uint64
	Result  codec.Value
	Family  string
	First   bool // Changed: the contents weren't known before. They are to be read; there are no Changes
	Changes []Difference
	Line    Line
}

// A Difference is one key of a family and its encoded value before and after; nil where
// there is none. At least one of the two isn't, and they aren't equal. Borrowed.
type Difference struct {
	Key, Before, After []byte
}

// A Line is a line of the log, about the action's Node if that isn't empty.
type Line struct {
	Level slog.Level
	Text  string
	Err   error
}

// value is the Value whose encoding b is; nil stands for none.
func value(b []byte) codec.Value {
	if b == nil {
		return codec.Value{}
	}
	return codec.ArgsMessage(b, 1).At(0)
}

// String is how the scenarios in testdata show it.
func (a Action) String() string {
	switch a.Do {
	case Send:
		return fmt.Sprintf("send %s %s", a.Node, a.Message)
	case AwaitRoom:
		return "await " + a.Node
	case SetTimer:
		return "timer " + a.At.String()
	case Found:
		return fmt.Sprintf("found %s %v", a.Node, a.Addrs)
	case Answer:
		return fmt.Sprintf("answer %d %s", a.Query, a.Result)
	case Changed:
		return "changed " + a.difference()
	case Keep:
		return "keep " + a.Node
	case Release:
		return "release " + a.Node
	case Promoted:
		return "promoted"
	case MasterIs:
		return "master " + a.Node
	}
	text := fmt.Sprintf("log %s %s", a.Line.Level, a.Line.Text)
	if a.Node != "" {
		text += " node=" + a.Node
	}
	if a.Line.Err != nil {
		text += fmt.Sprintf(" reason=%q", a.Line.Err)
	}
	return text
}

func (a Action) difference() string {
	text := []byte(a.Family)
	if a.First {
		text = append(text, " first"...)
	}
	for _, d := range a.Changes {
		switch {
		case d.After == nil:
			text = fmt.Appendf(text, " -%s", d.Key)
		case d.Before == nil:
			text = fmt.Appendf(text, " +%s=%s", d.Key, value(d.After))
		default:
			text = fmt.Appendf(text, " %s=%s", d.Key, value(d.After))
		}
	}
	return string(text)
}
