package sim

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// eventLoop is one loop of a Group. A turn of it is one event (or several tasks
// that were handed over together), the Later tasks, and then the output.
type eventLoop struct {
	w      *World
	group  *Group
	index  int
	source int // see World.newSource

	listeners []*listener
	lanes     map[int]*lane // tasks posted to this loop, by source: few of the world's
	later     []loop.Task
	dirty     []*conn // with output to be written at the end of the turn
	resume    time.Duration
	dead      bool // stopped or crashed: no callback any more
}

func (l *eventLoop) String() string {
	return fmt.Sprintf("%s/%d", l.group.host.name, l.source)
}

func (l *eventLoop) Index() int         { return l.index }
func (l *eventLoop) Now() time.Duration { return l.w.now - l.group.start }
func (l *eventLoop) Inside() bool       { return l.w.running == l }
func (l *eventLoop) Attend(loop.Waiter) {} // goroutines are actors here, which don't wait

func (l *eventLoop) Wall() time.Time {
	return l.w.opt.Start.Add(l.w.now + l.group.host.skew)
}

func (l *eventLoop) Random(p []byte) {
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, l.w.rand.Uint64())
		p = p[8:]
	}
	for i := range p {
		p[i] = byte(l.w.rand.Uint64())
	}
}

// mine panics if the caller isn't a callback of this loop.
func (l *eventLoop) mine(what string) {
	if l.w.running != l {
		panic("sim: " + what + " called outside of the callbacks of its loop")
	}
}

// ready says whether the loop can take the event e, whose time has come. If it
// stands still, e comes again later; if it is dead, never.
func (l *eventLoop) ready(e *event) bool {
	if l.dead {
		return false
	}
	if l.w.now < l.resume {
		l.w.Stats.Delayed++
		l.w.set(e, l.resume)
		return false
	}
	return true
}

// Stall makes loop l stand still for d, as under load: what comes waits.
func (w *World) Stall(l loop.Loop, d time.Duration) {
	w.Stats.Stalls++
	x := l.(*eventLoop)
	x.resume = max(x.resume, w.now+d)
}

// enter begins a turn and returns what leave needs to end it.
func (l *eventLoop) enter() (outer *eventLoop) {
	outer = l.w.running
	l.w.running = l
	l.w.Stats.Turns++
	return outer
}

// leave writes the turn's output.
func (l *eventLoop) leave(outer *eventLoop) {
	for i := 0; i < len(l.dirty); i++ {
		l.dirty[i].flush()
	}
	clear(l.dirty)
	l.dirty = l.dirty[:0]
	l.w.running = outer
}

// turn is a turn with one callback.
func (l *eventLoop) turn(f func()) {
	outer := l.enter()
	defer l.leave(outer)
	l.protect(f)
	l.runLater()
}

// protect runs f and keeps its panic.
func (l *eventLoop) protect(f func()) {
	defer l.recovered(nil)
	f()
}

func (l *eventLoop) run(t loop.Task) {
	defer l.recovered(nil)
	t.Run()
}

// recovered is deferred around every callback; c is the connection that it
// belongs to, if any.
func (l *eventLoop) recovered(c *conn) {
	if r := recover(); r != nil {
		if c != nil {
			c.fail(errPanic{r})
		}
		l.w.panicked(l, r)
	}
}

func (l *eventLoop) Later(t loop.Task) {
	l.mine("Later")
	l.later = append(l.later, t)
}

// runLater comes after every callback.
func (l *eventLoop) runLater() {
	for i := 0; i < len(l.later); i++ {
		t := l.later[i]
		l.later[i] = nil
		l.run(t) // which may add to later, or end it in a crash
	}
	l.later = l.later[:0]
}

// Do runs f on l as a callback of it, at once. It is for the test itself, between
// events, and for actors.
func (w *World) Do(l loop.Loop, f func()) {
	x := l.(*eventLoop)
	if w.running != nil {
		panic("sim: Do called by a callback")
	}
	if !x.dead {
		x.turn(f)
	}
}

// offload is work that was taken off a loop.
type offload struct {
	event
	l    *eventLoop
	work func()
	done loop.Func
}

func (l *eventLoop) Offload(work, done func()) {
	l.mine("Offload")
	o := &offload{l: l, work: work, done: done}
	o.to = o
	l.w.Stats.Offloads++
	l.w.set(&o.event, l.w.now+l.w.between(0, 5*time.Millisecond))
}

func (o *offload) fire() {
	if o.l.dead {
		return
	}
	w := o.l.w
	w.outside(o.work)
	// Done takes its own way back, so that Offloads overtake each other.
	back := &handback{l: o.l, done: o.done}
	back.to = back
	w.soon(&back.event)
}

type handback struct {
	event
	l    *eventLoop
	done loop.Func
}

func (b *handback) fire() {
	if b.l.ready(&b.event) {
		b.l.w.note(didTask, b.l, 0)
		b.l.turn(b.done)
	}
}
