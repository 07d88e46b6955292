package sim

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// A Group is a process on a Host: a loop.Group that can crash.
type Group struct {
	w        *World
	host     *Host
	loops    []*eventLoop
	public   []loop.Loop
	start    time.Duration
	stopping bool // Close was called
}

// Host is where the group lives.
func (g *Group) Host() *Host { return g.host }

// Loops implements loop.Group.
func (g *Group) Loops() []loop.Loop { return g.public }

// Close implements loop.Group. It is called by the test or an actor.
func (g *Group) Close() error {
	if g.stopping {
		return nil
	}
	if l := g.w.running; l != nil && l.group == g {
		panic("sim: Close of a group called by its own callback waits for ever")
	}
	g.stopping = true
	g.closeListeners()
	// Once more for what a Closed has dialled, which ends at once.
	for range 2 {
		for _, c := range g.conns() {
			c.stop()
		}
	}
	g.remove()
	return nil
}

// Crash is the sudden death of the process: no callback runs any more. The system
// closes its connections, so the peers see an end or a reset.
func (g *Group) Crash() {
	for _, c := range g.conns() {
		if c.peer != nil && !c.gone() {
			c.shut(g.w.oneIn(2))
		}
	}
	g.Vanish()
}

// Vanish is a Crash of which no peer is told: their connections are half dead. They
// are reset when they send something.
func (g *Group) Vanish() {
	if g.gone() {
		return
	}
	g.w.Stats.Crashes++
	g.w.note(didFault, g.loops[0], len(g.loops))
	g.stopping = true
	g.closeListeners()
	for _, c := range g.conns() {
		c.remove()
		c.state = closed
		c.wake()
	}
	g.remove()
}

func (g *Group) gone() bool { return g.loops[0].dead }

// remove takes the group off its host.
func (g *Group) remove() {
	for _, l := range g.loops {
		l.dead = true
		l.lanes, l.later = nil, nil
	}
	for i, other := range g.host.groups {
		if other == g {
			g.host.groups = append(g.host.groups[:i], g.host.groups[i+1:]...)
			break
		}
	}
}

func (g *Group) closeListeners() {
	for _, l := range g.loops {
		for _, ln := range l.listeners {
			ln.close()
		}
		l.listeners = nil
	}
}

// conns are the group's own connections and attempts, in their order in the world.
func (g *Group) conns() []*conn {
	var own []*conn
	for _, c := range g.w.conns {
		if c.group == g {
			own = append(own, c)
		}
	}
	return own
}
