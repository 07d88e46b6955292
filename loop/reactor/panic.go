package reactor

import (
	"fmt"
	"runtime/debug"
)

// A PanicError is the reason that a connection's Closed gets when a callback of
// the connection has panicked.
type PanicError struct {
	Value any // what was given to panic
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("panic in a connection's handler: %v", e.Value)
}

// rescue is deferred around every callback. c is the connection whose callback it
// is, or nil.
func (l *eventLoop) rescue(c *conn) {
	r := recover()
	if r == nil {
		return
	}
	l.counts.panics.Add(1)
	l.group.log.Error("panic in a callback", "loop", l.index, "panic", r, "stack", string(debug.Stack()))
	if c != nil {
		c.fail(&PanicError{r})
	}
}

// call runs a callback of c.
func (c *conn) call(f func()) {
	defer c.loop.rescue(c)
	f()
}
