package sim

import (
	"fmt"
	"runtime/debug"
	"time"
)

// A Panic is one that a callback left to its loop.
type Panic struct {
	At    time.Duration // since the world began
	Loop  string        // empty: an actor
	Value any
	Stack []byte
}

func (p Panic) Error() string {
	return fmt.Sprintf("panic at %v on %s: %v\n%s", p.At, p.Loop, p.Value, p.Stack)
}

// errPanic ends the connection in whose handler it happened.
type errPanic struct{ value any }

func (e errPanic) Error() string { return fmt.Sprintf("sim: panic in the handler: %v", e.value) }

func (w *World) panicked(l *eventLoop, value any) {
	p := Panic{At: w.now, Value: value, Stack: debug.Stack()}
	if l != nil {
		p.Loop = l.String()
	}
	w.Panics = append(w.Panics, p)
	if w.opt.Fatal != nil {
		w.opt.Fatal(p)
	}
}
