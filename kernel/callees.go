package kernel

import (
	"errors"

	"github.com/aemp-go/aemp/loop"
)

// callees are the ports that are called, each with one monitor for all calls of it. The
// monitor stays for a while after the last call, so that who calls again and again
// sends one message for each call and gets one. Under the lock of calls.
//
// A call that finds a monitor in place joins it before its message goes out. So if the
// port has died by then, the news is still on its way and the call ends with it. If the
// way there is lost, the monitor fires, too; but on the way between two links, where
// messages are dropped, it may be that of the next one: see calls.dropped.
type callees struct {
	byID map[string]*callee
	// Those without a call, the one that has been so for the longest first.
	oldest, newest *callee
	tick           uint64 // of the sweeper
	sweeps         bool
	sweeper        loop.Timer
}

// callee is a port that is called.
type callee struct {
	id         string
	monitor    *Monitor
	calls      []*call
	kept       bool // it is in byID
	since      uint64
	prev, next *callee // if it is kept and has no calls
	asked      bool    // it is asked for once more
}

func newCallees() callees { return callees{byID: map[string]*callee{}} }

// join has a call watched if there is a monitor of what it calls.
func (cs *callees) join(k *call) bool {
	c := cs.byID[k.to]
	if c == nil || c.ended() {
		return false
	}
	cs.add(c, k)
	return true
}

// ended says that the monitor is about to fire for a local port that has died: there may be
// another one with its name by now.
func (c *callee) ended() bool {
	p := c.monitor.local
	return p != nil && p.dead.Load()
}

func (cs *callees) add(c *callee, k *call) {
	if c.kept && len(c.calls) == 0 {
		cs.wake(c)
	}
	k.callee, k.at = c, len(c.calls)
	c.calls = append(c.calls, k)
}

// leave undoes join.
func (cs *callees) leave(k *call) {
	c := k.callee
	last := c.calls[len(c.calls)-1]
	c.calls[k.at], last.at = last, k.at
	c.calls[len(c.calls)-1] = nil
	c.calls = c.calls[:len(c.calls)-1]
	k.callee = nil
	switch {
	case len(c.calls) > 0:
	case c.kept:
		cs.rest(c)
	default:
		c.monitor.Cancel()
	}
}

// keep has further calls find the callee, if there is room.
func (cs *callees) keep(c *callee) {
	switch old := cs.byID[c.id]; {
	case old != nil && old.ended():
		cs.forget(old) // which will fire
	case old != nil:
		return // somebody else was quicker
	case len(cs.byID) < maxCallees:
	case cs.oldest == nil:
		return
	default:
		cs.drop(cs.oldest)
	}
	cs.byID[c.id] = c
	c.kept = true
}

// drop forgets a callee that has no calls.
func (cs *callees) drop(c *callee) {
	cs.forget(c)
	c.monitor.Cancel()
}

func (cs *callees) forget(c *callee) {
	if !c.kept {
		return
	}
	if len(c.calls) == 0 {
		cs.wake(c)
	}
	delete(cs.byID, c.id)
	c.kept = false
}

// rest puts a callee that has no calls at the end of the list of those.
func (cs *callees) rest(c *callee) {
	c.since = cs.tick
	c.prev, c.next = cs.newest, nil
	if c.prev == nil {
		cs.oldest = c
	} else {
		c.prev.next = c
	}
	cs.newest = c
}

// wake takes it off that list.
func (cs *callees) wake(c *callee) {
	if c.prev == nil {
		cs.oldest = c.next
	} else {
		c.prev.next = c.next
	}
	if c.next == nil {
		cs.newest = c.prev
	} else {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
}

// watch monitors what is called, for this call and others. The caller is on shard s, or on
// a goroutine if that is nil.
func (cs *calls) watch(k *call, s *shard) error {
	c := &callee{id: k.to}
	m, err := cs.node.newMonitor(k.to, nil, s, func(self *Context, r Reason) { cs.died(self.shard, c, r) })
	if err != nil {
		return err
	}
	c.monitor = m
	cs.mu.Lock()
	defer cs.mu.Unlock()
	wanted := cs.find(k.number) == k // or the node has ended meanwhile
	if wanted {
		cs.callees.add(c, k)
		cs.callees.keep(c)
	}
	if s == nil { // under the lock, lest another call's message overtakes the mon1
		cs.node.arm(m)
	} else {
		s.set(m)
	}
	if !wanted {
		m.Cancel()
		return nil
	}
	if !cs.callees.sweeps {
		cs.callees.sweeps = true
		cs.node.shards[0].enter(cs.sweepLater)
	}
	return nil
}

// died ends all calls of a port; on shard s.
func (cs *calls) died(s *shard, c *callee, r Reason) {
	cs.mu.Lock()
	cs.callees.forget(c)
	if r.Kind() == ReasonNoPort && !c.asked && cs.ask(s, c) {
		cs.mu.Unlock()
		return
	}
	over := c.calls
	c.calls = nil
	for _, k := range over {
		k.callee = nil
		cs.remove(k)
	}
	cs.mu.Unlock()
	for _, k := range over {
		k.err = cs.node.ended(k.to, r)
		k.finish(s)
	}
}

// ask monitors a port once more that is said not to exist. The answer may be that to an
// earlier monitor, which the port's death had crossed, and meanwhile there is a new port of
// that name. On shard s, under the lock.
func (cs *calls) ask(s *shard, c *callee) bool {
	if len(c.calls) == 0 {
		return false
	}
	again := &callee{id: c.id, calls: c.calls, asked: true}
	m, err := cs.node.newMonitor(c.id, nil, s, func(self *Context, r Reason) { cs.died(self.shard, again, r) })
	if err != nil {
		return false
	}
	again.monitor = m
	for _, k := range again.calls {
		k.callee = again
	}
	c.calls = nil
	cs.callees.keep(again)
	s.set(m)
	return true
}

// sweepTask is the task of the sweeper's timer.
type sweepTask calls

func (t *sweepTask) Run() { (*calls)(t).sweep() }

// sweepLater sets the timer; on the first shard.
func (cs *calls) sweepLater() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.callees.sweeper == nil {
		cs.callees.sweeper = cs.node.shards[0].loop.NewTimer((*sweepTask)(cs))
	}
	cs.callees.sweeper.Reset(keepCallee)
}

// sweep drops the callees that haven't been called for some time.
func (cs *calls) sweep() {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	l := &cs.callees
	l.tick++
	for l.oldest != nil && l.tick-l.oldest.since >= 2 {
		l.drop(l.oldest)
	}
	if l.sweeps = len(l.byID) > 0 && !cs.node.closing.Load(); l.sweeps {
		l.sweeper.Reset(keepCallee)
	}
}

// dropped: a goroutine's call has come between two links, when nobody gets it. Its monitor may
// be one that was set behind that, on a loop that has passed the barrier already.
func (cs *calls) dropped(k *call, p *peer) {
	number, to := k.number, k.to
	p.shard.enter(func() {
		r := transportError(p.id, errLostMeanwhile)
		if p.failing {
			r = p.reason
		}
		cs.fail(p.shard, number, p.node.ended(to, r))
	})
}

var errLostMeanwhile = errors.New("the link was lost")
