package sim

import (
	"fmt"
	"time"
)

// fingerprint is a running hash (FNV-1a over words).
type fingerprint uint64

func newFingerprint() fingerprint { return 14695981039346656037 }

func (f *fingerprint) mix(x uint64) { *f = (*f ^ fingerprint(x)) * 1099511628211 }

// A happening is what the fingerprint and the trace know of an event.
type happening uint8

const (
	didTask happening = iota
	didTimer
	didOpen
	didData
	didDrained
	didEOF
	didClosed
	didTLS
	didMove
	didActor
	didFault
	didResolve
)

var happenings = [...]string{"task", "timer", "open", "data", "drained", "eof", "closed", "tls", "move", "actor", "fault", "resolve"}

// note writes down that something happened; n is a size or the like.
func (w *World) note(h happening, l *eventLoop, n int) {
	source := 0
	if l != nil {
		source = l.source
	}
	w.print.mix(uint64(w.now))
	w.print.mix(uint64(h) | uint64(source)<<8 | uint64(n)<<32)
	if w.opt.Trace != nil {
		w.trace(h, l, n)
	}
}

func (w *World) trace(h happening, l *eventLoop, n int) {
	where := "outside"
	if l != nil {
		where = l.String()
	}
	fmt.Fprintf(w.opt.Trace, "%12.6f %s %s %d\n", float64(w.now)/float64(time.Second), where, happenings[h], n)
}
