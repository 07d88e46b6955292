package reactor

import (
	"bytes"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"
)

const (
	tooLong     = 100 * time.Millisecond // a callback must not take that long
	watchPeriod = tooLong / 2
	watchPause  = 10 * time.Second // between two complaints about one loop
)

// A pulse tells how late a loop is. It is written by the loop only, save that
// worst is taken by Stats.
type pulse struct {
	since  atomic.Int64 // when the running part of a turn began, in ns of the loop's clock; 0: none runs
	recent atomic.Int64 // the longest part of late
	worst  atomic.Int64
}

func (p *pulse) begin(now time.Duration) { p.since.Store(int64(now)) }

// lap ends one part of a turn and begins the next.
func (p *pulse) lap(now time.Duration) {
	p.note(now - time.Duration(p.since.Load()))
	p.begin(now)
}

func (p *pulse) end(now time.Duration) {
	p.lap(now)
	p.since.Store(0)
}

// note takes the length of a part of a turn, or how late a timer is.
func (p *pulse) note(late time.Duration) {
	d := int64(late)
	recent := p.recent.Load()
	p.recent.Store(max(d, recent-recent/64))
	if d > p.worst.Load() {
		p.worst.Store(d)
	}
}

func (p *pulse) lag() time.Duration { return time.Duration(p.recent.Load()) }

// watch looks for loops that are held up, and says by what.
func (g *Group) watch() {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	quietUntil := make([]time.Duration, len(g.loops))
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-tick.C:
		}
		for i, l := range g.loops {
			since, now := time.Duration(l.pulse.since.Load()), l.Now()
			if since == 0 || now-since < tooLong || now < quietUntil[i] {
				continue
			}
			quietUntil[i] = now + watchPause
			g.log.Warn("a callback blocks its event loop", "loop", i, "for", now-since, "stack", l.stack())
		}
	}
}

// stack is what the loop's goroutine is doing. It stops the world for a moment.
func (l *eventLoop) stack() string {
	buf := make([]byte, 1<<20)
	all := buf[:runtime.Stack(buf, true)]
	for own := range bytes.SplitSeq(all, []byte("\n\n")) {
		if l.runs(own) {
			return string(own)
		}
	}
	return ""
}

// runs says whether a goroutine runs the loop, by its stack trace.
func (l *eventLoop) runs(trace []byte) bool {
	if l.attended.Load() {
		return bytes.Contains(trace, []byte(attendFunc+"("))
	}
	return bytes.HasPrefix(trace, fmt.Appendf(nil, "goroutine %d [", l.id))
}
