package sim

import (
	"fmt"
	"iter"
	"slices"
	"time"
)

// After runs f in d, outside of any loop, as another goroutine would. It must not
// wait for anything.
func (w *World) After(d time.Duration, f func()) {
	c := &call{w: w, f: f}
	c.to = c
	w.set(&c.event, w.after(d))
}

type call struct {
	event
	w *World
	f func()
}

func (c *call) fire() {
	c.w.note(didActor, nil, 0)
	c.w.outside(c.f)
}

// outside runs f on no loop. Its panic is recorded like one on a loop.
func (w *World) outside(f func()) {
	running := w.running
	w.running = nil
	defer func() {
		w.running = running
		if r := recover(); r != nil {
			w.panicked(nil, r)
		}
	}()
	f()
}

// An actor stands for a goroutine that may wait: in Sleep, or in reading and
// writing a detached connection. It is a coroutine of the world, so only one thing
// ever runs and the order is that of the events.
type actor struct {
	event
	w      *World
	source int
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
}

// Go runs f soon, outside of any loop, as a goroutine that may wait in Sleep and in
// detached connections. Tasks that it posts keep their order.
func (w *World) Go(f func()) {
	a := &actor{w: w, source: w.newSource()}
	a.to = a
	a.next, a.stop = iter.Pull(func(yield func(struct{}) bool) {
		a.yield = yield
		defer a.ended()
		f()
	})
	w.actors = append(w.actors, a)
	w.soon(&a.event)
}

// abandoned unwinds an actor that the world lets go.
type abandoned struct{}

func (a *actor) ended() {
	i := slices.Index(a.w.actors, a)
	a.w.actors = slices.Delete(a.w.actors, i, i+1)
	a.w.freed = append(a.w.freed, a.source)
	if r := recover(); r != nil && r != any(abandoned{}) {
		a.w.panicked(nil, r)
	}
}

// fire lets the actor go on until it waits or ends.
func (a *actor) fire() {
	a.w.note(didActor, nil, a.source)
	outer, running := a.w.actor, a.w.running
	a.w.actor, a.w.running = a, nil
	defer func() { a.w.actor, a.w.running = outer, running }()
	a.next()
}

// wait stops the actor until its event is set by somebody and fires.
func (a *actor) wait() {
	if !a.yield(struct{}{}) {
		panic(abandoned{})
	}
}

// Sleep waits for d: an actor in virtual time, the test itself by letting the world
// go on. Nobody else can wait.
func (w *World) Sleep(d time.Duration) {
	if a := w.waiter("Sleep"); a != nil {
		w.set(&a.event, w.after(d))
		a.wait()
		return
	}
	w.Run(w.after(d))
}

// waiter is the actor that runs; nil if it is the test itself, between events.
func (w *World) waiter(what string) *actor {
	if w.running != nil || w.actor == nil && w.busy {
		panic(fmt.Sprintf("sim: %s called where nothing may wait", what))
	}
	return w.actor
}
