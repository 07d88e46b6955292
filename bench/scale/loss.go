package main

import (
	"errors"
	"time"

	"github.com/aemp-go/aemp/loop/sim"
)

// loss is what follows when a global node is lost that a third of the slaves rely on.
type loss struct {
	Orphans int           // slaves that had it as their master
	Masters time.Duration // until all slaves have one again
	Whole   time.Duration // until all views are right again
	traffic               // until then
	Back    phase         // from its return until all is as it was
}

// endProcess: the process of the first global node ends, and its peers are told.
func (w *network) endProcess(r *result) error {
	return w.lose(&r.Ended, 2*time.Millisecond, (*sim.Group).Crash)
}

// loseMachine: its machine is gone, and nobody is told.
func (w *network) loseMachine(r *result) error {
	return w.lose(&r.Gone, time.Second, func(g *sim.Group) { g.Host().Down() })
}

// lose loses the first global node. In that moment and a little later, before all is
// repaired, slaves set keys, on which all views have to agree in the end.
func (w *network) lose(l *loss, later time.Duration, how func(*sim.Group)) error {
	if err := w.gather(); err != nil {
		return err
	}
	lost, rest := w.globals[0], w.globals[1:]
	for _, s := range w.slaves {
		if s.db.Master() == lost.ID() {
			l.Orphans++
		}
	}
	w.globals = rest
	before, start := w.read(), w.Now()
	err := w.publish(lost.ID() + " ends")
	how(lost.group)
	w.After(later, func() { err = errors.Join(err, w.publish(lost.ID()+" has ended")) })
	err = errors.Join(err, w.until("all slaves have a master again", each(w.slaves, func(n *node) bool {
		m := n.db.Master()
		return m != "" && m != lost.ID()
	})))
	if err != nil {
		return err
	}
	l.Masters = w.Now() - start
	w.Run(max(w.Now(), start+later+time.Millisecond))
	err = errors.Join(err, w.until("all views are right again", w.allRight()))
	if err != nil {
		return err
	}
	l.Whole, l.traffic = w.Now()-start, w.since(before)
	return w.bring(l, lost)
}

// allRight says whether all slaves have been shown all news, and all who watch the members
// know all of them.
func (w *network) allRight() func() bool {
	knowsAll := func(n *node) bool { return n.members == len(w.slaves) }
	return both(
		each(w.slaves, func(n *node) bool { return w.isRight(n) && (!w.crowded || knowsAll(n)) }),
		each(w.globals, knowsAll),
	)
}

// gather gives the first global node a third of the slaves: these lose their other seeds
// for a moment, the rest loses the first one.
func (w *network) gather() error {
	first := w.globals[0]
	for i, s := range w.slaves {
		hasIt, wanted := s.db.Master() == first.ID(), i%3 == 0
		if hasIt == wanted {
			continue
		}
		for _, g := range w.globals {
			if (g == first) == hasIt {
				w.Reset(s.group.Host(), g.group.Host(), sim.BothEnds)
			}
		}
	}
	w.Run(w.Now() + settling)
	return w.until("all are connected again", both(each(w.slaves, func(n *node) bool {
		return n.db.Master() != "" && n.links >= len(n.seeds)
	}), w.allRight()))
}

// bring starts a lost global node again, with the same ID at the same address.
func (w *network) bring(l *loss, lost *node) error {
	lost.group.Host().Up()
	n, err := w.start(lost.ID(), w.seeds)
	if err != nil {
		return err
	}
	w.globals = append([]*node{n}, w.globals...)
	if err := n.countMembers(); err != nil {
		return err
	}
	l.Back, err = w.phase("all is as it was", both(
		each(w.slaves, func(n *node) bool { return n.links >= len(n.seeds) }),
		w.allRight(),
	))
	return err
}

// publish has some slaves set a key each.
func (w *network) publish(what string) error {
	n := min(30, len(w.slaves))
	for i := range n {
		s := w.slaves[i*len(w.slaves)/n]
		if err := w.set(s, what+", says "+s.ID(), int64(i)); err != nil {
			return err
		}
	}
	return nil
}
