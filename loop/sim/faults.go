package sim

import (
	"time"

	"github.com/aemp-go/aemp/loop"
)

// Faults are what happens by itself, as the seed wants it. Each time is the mean
// between two faults of a kind in the whole world; 0 means never.
type Faults struct {
	Reset     time.Duration // a connection is reset at both ends
	HalfDead  time.Duration // one end is reset; half of the other ends never hear of it
	Partition time.Duration // two hosts, or one direction, are cut for a while
	Stall     time.Duration // a loop stands still for a while

	PartitionFor time.Duration // the longest; default 5 s
	StallFor     time.Duration // the longest; default 50 ms

	// SlowReaders makes one in that many directions of connections slow to
	// be read.
	SlowReaders int
}

func (f Faults) withDefaults() Faults {
	if f.PartitionFor == 0 {
		f.PartitionFor = 5 * time.Second
	}
	if f.StallFor == 0 {
		f.StallFor = 50 * time.Millisecond
	}
	return f
}

// Rough are Faults for a bad network with overloaded machines.
func Rough() Faults {
	return Faults{
		Reset:       2 * time.Second,
		HalfDead:    5 * time.Second,
		Partition:   5 * time.Second,
		Stall:       time.Second,
		SlowReaders: 16,
	}
}

// chaos is one kind of fault.
type chaos struct {
	event
	w    *World
	mean time.Duration
	do   func()
}

func (w *World) startFaults() {
	f := w.opt.Faults
	w.addFault(f.Reset, func() { w.ResetAny(BothEnds) })
	w.addFault(f.HalfDead, func() {
		if w.oneIn(2) {
			w.ResetAny(OneEnd)
		} else {
			w.ResetAny(OneEndForEver)
		}
	})
	w.addFault(f.Partition, w.partitionAny)
	w.addFault(f.Stall, w.stallAny)
}

func (w *World) addFault(mean time.Duration, do func()) {
	if mean <= 0 {
		return
	}
	c := &chaos{w: w, mean: mean, do: do}
	c.to = c
	w.chaos = append(w.chaos, c)
	c.arm()
}

func (c *chaos) arm() {
	c.w.set(&c.event, c.w.after(time.Duration(c.w.rand.ExpFloat64()*float64(c.mean))))
}

func (c *chaos) fire() {
	c.w.note(didFault, nil, 0)
	c.do()
	c.arm()
}

// StopFaults ends what happens by itself and heals all partitions, so that the
// program can come to rest.
func (w *World) StopFaults() {
	for _, c := range w.chaos {
		w.queue.unset(&c.event)
	}
	w.HealAll()
}

// Harm is how a connection breaks.
type Harm uint8

const (
	BothEnds      Harm = iota // both ends are reset, each in its own time
	OneEnd                    // one end is reset; the other one is when it sends
	OneEndForEver             // one end is reset; what the other one sends vanishes
)

// ResetAny breaks a random open connection and reports whether there was one.
func (w *World) ResetAny(how Harm) bool {
	if len(w.conns) == 0 {
		return false
	}
	return w.conns[w.rand.IntN(len(w.conns))].harm(how)
}

// Reset breaks all connections between two hosts. Where one end is reset, it is the
// one at a.
func (w *World) Reset(a, b *Host, how Harm) {
	for _, c := range w.conns {
		if c.host == a && c.peer != nil && c.peer.host == b {
			c.harm(how)
		}
	}
}

// ResetConn breaks a connection of this world; c is the end that is reset in any
// case.
func (w *World) ResetConn(c loop.Conn, how Harm) { c.(*conn).harm(how) }

func (c *conn) harm(how Harm) bool {
	if c.state != open && c.state != draining && c.state != detached {
		return false
	}
	w := c.w
	w.Stats.Aborted++
	w.set(&c.reset, w.now+c.in.link.delay())
	switch how {
	case BothEnds:
		c.resetPeer()
	case OneEnd:
		w.Stats.HalfDead++
	case OneEndForEver:
		w.Stats.HalfDead++
		c.mute = true
	}
	return true
}

func (w *World) partitionAny() {
	if len(w.hosts) < 2 {
		return
	}
	a := w.rand.IntN(len(w.hosts))
	b := (a + 1 + w.rand.IntN(len(w.hosts)-1)) % len(w.hosts)
	there, back := w.Link(w.hosts[a], w.hosts[b]), w.Link(w.hosts[b], w.hosts[a])
	oneWay := w.oneIn(3)
	there.Cut()
	if !oneWay {
		back.Cut()
	}
	w.After(w.between(time.Millisecond, w.opt.Faults.PartitionFor), func() {
		there.Heal()
		if !oneWay {
			back.Heal()
		}
	})
}

func (w *World) stallAny() {
	if len(w.hosts) == 0 {
		return
	}
	h := w.hosts[w.rand.IntN(len(w.hosts))]
	if len(h.groups) == 0 {
		return
	}
	g := h.groups[w.rand.IntN(len(h.groups))]
	l := g.loops[w.rand.IntN(len(g.loops))]
	w.Stall(l, w.between(0, w.opt.Faults.StallFor))
}
