package main

import (
	"time"

	"github.com/aemp-go/aemp/loop/sim"
)

// mostWatchingAll bounds the networks in which every slave watches all members: what it
// costs grows by the square.
const mostWatchingAll = 5000

// crowd: all slaves watch the family in which each of them holds a key.
func (w *network) crowd(r *result) (err error) {
	if r.Slaves > mostWatchingAll {
		return nil
	}
	for _, s := range w.slaves {
		if err := s.countMembers(); err != nil {
			return err
		}
	}
	w.crowded = true
	r.Crowd, err = w.phase("all slaves see all", w.allRight())
	return err
}

// blink: a third of all keys is gone for a moment, with a global node, and everybody
// watches.
func (w *network) blink(r *result) error {
	if !w.crowded {
		return nil
	}
	return w.lose(&r.Blink, 2*time.Millisecond, (*sim.Group).Crash)
}
