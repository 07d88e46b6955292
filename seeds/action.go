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
	Ask       Kind = iota // ask Source for its seeds, then call Listed
	Resolve               // find the addresses of Seed, then call Resolved
	Dial                  // connect to Addr, then call Dialled
	Connect               // connect to Node, wherever it is
	SetTimer              // call Tick (of Node, if there is one) at At; replaces an earlier one
	StopTimer             // of Node: Tick isn't wanted any more
	Promote               // a seed is this node: become global
	SeedUp                // Node is a seed and connected
	SeedDown              // Node was that and is no more
	Log                   // one line for the operator
	Report                // what is wrong with Seed, or Source, or else with all of them: Line.Err
)

// An Action is something that a machine wants done. Which fields count is said
// at the Kinds.
type Action struct {
	Do     Kind
	Source string
	Seed   Seed
	Addr   netip.AddrPort
	Node   string
	At     time.Duration
	Line   Line
}

// A Line is a line of the log, about Source, Seed, Addr and Node, as far as they are set.
type Line struct {
	Level slog.Level
	Text  string
	Err   error
}

// String is how the scenarios in testdata show it.
func (a Action) String() string {
	switch a.Do {
	case Ask:
		return "ask " + a.Source
	case Resolve:
		return "resolve " + a.Seed.String()
	case Dial:
		return "dial " + a.Addr.String()
	case Connect:
		return "connect " + a.Node
	case SetTimer:
		return join("timer", a.Node, a.At.String())
	case StopTimer:
		return "stop-timer " + a.Node
	case Promote:
		return "promote"
	case SeedUp:
		return "seed-up " + a.Node
	case SeedDown:
		return "seed-down " + a.Node
	case Report:
		return join("report", a.about(), fmt.Sprintf("%v", a.Line.Err))
	}
	text := join("log", a.Line.Level.String(), a.Line.Text, a.about())
	if a.Line.Err != nil {
		text += fmt.Sprintf(" reason=%q", a.Line.Err)
	}
	return text
}

// about is what a line of the log is about.
func (a Action) about() string {
	text := ""
	for _, attr := range a.attrs() {
		text = join(text, attr.Key+"="+attr.Value.String())
	}
	return text
}

func (a Action) attrs() []slog.Attr {
	var all []slog.Attr
	if a.Source != "" {
		all = append(all, slog.String("source", a.Source))
	}
	if a.Seed != (Seed{}) {
		all = append(all, slog.String("seed", a.Seed.String()))
	}
	if a.Addr.IsValid() {
		all = append(all, slog.String("addr", a.Addr.String()))
	}
	if a.Node != "" {
		all = append(all, slog.String("peer", a.Node))
	}
	return all
}

// name is how Report calls what it is about; "": all seeds.
func (a Action) name() string {
	if a.Source != "" {
		return a.Source
	}
	if a.Seed != (Seed{}) {
		return a.Seed.String()
	}
	return ""
}

// join puts a space between what isn't empty.
func join(words ...string) string {
	text := ""
	for _, word := range words {
		if text != "" && word != "" {
			text += " "
		}
		text += word
	}
	return text
}
