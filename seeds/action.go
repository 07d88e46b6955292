package seeds

import (
	"fmt"
	"log/slog"
	"net/netip"
	"time"
)

// A Kind is what an Action asks for.
type Kind uint8

const (
	Resolve  Kind = iota // find the addresses of Seed, then call Resolved
	Dial                 // connect to Addr, then call Dialled
	SetTimer             // call Tick at At; replaces an earlier one
	Promote              // a seed is this node: become global
	SeedUp               // Node is a seed and connected
	SeedDown             // Node was that and is no more
	Log                  // one line for the operator
)

// An Action is something that the Machine wants done. Which fields count is said
// at the Kinds.
type Action struct {
	Do   Kind
	Seed Seed
	Addr netip.AddrPort
	Node string
	At   time.Duration
	Line Line
}

// A Line is a line of the log, about Seed and, if valid, Addr and Node.
type Line struct {
	Level slog.Level
	Text  string
	Err   error
}

// String is how the scenarios in testdata show it.
func (a Action) String() string {
	switch a.Do {
	case Resolve:
		return "resolve " + a.Seed.String()
	case Dial:
		return "dial " + a.Addr.String()
	case SetTimer:
		return "timer " + a.At.String()
	case Promote:
		return "promote"
	case SeedUp:
		return "seed-up " + a.Node
	case SeedDown:
		return "seed-down " + a.Node
	}
	return fmt.Sprintf("log %s %s%s", a.Line.Level, a.Line.Text, a.about())
}

func (a Action) about() string {
	text := " seed=" + a.Seed.String()
	if a.Addr.IsValid() {
		text += " addr=" + a.Addr.String()
	}
	if a.Node != "" {
		text += " node=" + a.Node
	}
	if a.Line.Err != nil {
		text += fmt.Sprintf(" reason=%q", a.Line.Err)
	}
	return text
}
