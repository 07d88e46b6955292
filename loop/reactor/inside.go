package reactor

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
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

// Inside says whether the caller runs on this loop. Any goroutine.
func (l *eventLoop) Inside() bool {
	<-l.started
	if l.pulse.since.Load() == 0 {
		return false // it runs nothing now
	}
	return l.id == currentGoroutine()
}
