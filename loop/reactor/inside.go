package reactor

import (
	"bytes"
	"reflect"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
)

type goroutineID uint64

// traces are where currentGoroutine reads.
var traces = sync.Pool{New: func() any { return new([64]byte) }}

// currentGoroutine reads the number of the calling goroutine off its stack trace,
// the only place where Go shows it. It takes about a microsecond.
func currentGoroutine() goroutineID {
	buf := traces.Get().(*[64]byte)
	defer traces.Put(buf)
	text := buf[:runtime.Stack(buf[:], false)]
	text = bytes.TrimPrefix(text, []byte("goroutine "))
	number, _, _ := bytes.Cut(text, []byte(" "))
	id, _ := strconv.ParseUint(string(number), 10, 64)
	return goroutineID(id)
}

// attending says that a goroutine attends to a loop (attend_linux.go), of all the process's. It is
// one at a time, so that its stack tells which one: that which is attended.
var attending atomic.Bool

// attendFunc is how stacks show Attend.
var attendFunc = runtime.FuncForPC(reflect.ValueOf((*eventLoop).Attend).Pointer()).Name()

// isAttending says whether the calling goroutine is the one.
func isAttending() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		frames := runtime.CallersFrames(pcs[:n])
		for more := n > 0; more; {
			var f runtime.Frame
			if f, more = frames.Next(); f.Function == attendFunc {
				return true
			}
		}
		if n < len(pcs) {
			return false
		}
	}
}

// Inside says whether the caller runs on this loop. Any goroutine.
func (l *eventLoop) Inside() bool {
	<-l.started
	switch {
	case l.pulse.since.Load() == 0:
		return false // it runs nothing now
	case l.attended.Load():
		return isAttending()
	}
	return l.id == currentGoroutine()
}
