package kernel

import (
	"io"
	"sync/atomic"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// A Monitor tells once when a port has died, or when the way to it is lost. It is
// armed until it fires or is cancelled.
type Monitor struct {
	state atomic.Uint32
	home  *shard // where it acts
	act   func(*Context, Reason)
	owner *Port // in whose context; nil: the node's

	// What it watches: a local port, or port name of a peer ("" for the node itself).
	local   *Port
	peer    *peer
	name    string
	early   bool // its mon1 is sent already
	outside bool // set by a goroutine
	at      int  // in the list of watchers
	listed  bool
	held    int // in the owner's list, plus one
}

const (
	armed uint32 = iota
	fired
	cancelled
)

// Cancel disarms the monitor. It reports false if it has fired or was cancelled
// already; after true it won't fire. Any goroutine.
func (m *Monitor) Cancel() bool {
	if !m.state.CompareAndSwap(armed, cancelled) {
		return false
	}
	m.watched().enter(m.leave)
	if m.owner != nil {
		m.home.enter(func() { m.owner.watching.remove(m) })
	}
	return true
}

// cancel is Cancel from shard s, where the owner lives.
func (m *Monitor) cancel(s *shard) {
	if m.state.CompareAndSwap(armed, cancelled) {
		s.to(m.watched(), loop.Func(m.leave))
	}
}

// watched is the shard of what it watches.
func (m *Monitor) watched() *shard {
	if m.local != nil {
		return m.local.shard
	}
	return m.peer.shard
}

// enter puts the monitor into its target's list, or fires it if it is too late. On the
// target's shard.
func (m *Monitor) enter() {
	if m.local == nil {
		m.peer.watch(m)
		return
	}
	p := m.local
	if p.dead.Load() {
		m.fire(p.shard, p.cause)
		return
	}
	p.watchers.add(m)
}

// leave takes it out again.
func (m *Monitor) leave() {
	if m.local == nil {
		m.peer.unwatch(m)
		return
	}
	m.local.watchers.remove(m)
}

// fire has the monitor act on its home shard. From the target's shard s.
func (m *Monitor) fire(s *shard, r Reason) {
	act := loop.Func(func() { m.run(r) })
	if m.home != s && s.faults.has(downBeforeLast) {
		s.wakeLater(m.home, m.home.inbox.overtake(act))
		return
	}
	s.to(m.home, act)
	if s.faults.has(secondFiring) {
		s.to(m.home, loop.Func(func() { m.state.Store(armed); m.run(r) }))
	}
}

func (m *Monitor) run(r Reason) {
	if !m.state.CompareAndSwap(armed, fired) {
		return
	}
	ctx := &m.home.ctx
	if m.owner != nil {
		if m.owner.dead.Load() {
			return
		}
		m.owner.watching.remove(m)
		ctx = &m.owner.ctx
	}
	ctx.protect(func() { m.act(ctx, r) })
}

// watchers is a list of monitors from which one is removed quickly.
type watchers []*Monitor

func (w *watchers) add(m *Monitor) {
	m.at, m.listed = len(*w), true
	*w = append(*w, m)
}

func (w *watchers) remove(m *Monitor) {
	if !m.listed {
		return
	}
	l := *w
	last := l[len(l)-1]
	l[m.at], last.at = last, m.at
	l[len(l)-1] = nil
	*w = l[:len(l)-1]
	m.listed = false
}

func (w *watchers) fire(s *shard, r Reason) {
	for _, m := range *w {
		m.listed = false
		m.fire(s, r)
	}
	*w = nil
}

// watching is the list of monitors that a port holds.
type watching []*Monitor

func (w *watching) add(m *Monitor) {
	*w = append(*w, m)
	m.held = len(*w)
}

func (w *watching) remove(m *Monitor) {
	if m.held == 0 {
		return
	}
	l := *w
	last := l[len(l)-1]
	l[m.held-1], last.held = last, m.held
	l[len(l)-1] = nil
	*w = l[:len(l)-1]
	m.held = 0
}

// cancelAll empties the list; on the owner's shard.
func (w *watching) cancelAll(s *shard) {
	for _, m := range *w {
		m.held = 0
		m.cancel(s)
	}
	*w = nil
}

// newMonitor aims a monitor at a port or node ID.
func (n *Node) newMonitor(target string, owner *Port, home *shard, act func(*Context, Reason)) (*Monitor, error) {
	if n.closing.Load() {
		return nil, ErrClosed
	}
	node, port, err := n.split(target)
	if err != nil {
		return nil, err
	}
	m := &Monitor{owner: owner, home: home, act: act, name: port}
	if node == n.id {
		if m.local = n.port(port); m.local == nil {
			m.local = n.ghost(port, home)
		}
		return m, nil
	}
	if m.peer, err = n.peerFor(node); err != nil {
		return nil, err
	}
	m.peer.arriving.Add(1)
	if home == nil {
		m.outside = true
		m.peer.outside.Add(1)
	}
	return m, nil
}

// ghost stands for a port that doesn't exist: what monitors it fires. It is a neighbour of whoever
// asks, for nobody knows where it has lived.
func (n *Node) ghost(name string, home *shard) *Port {
	if home == nil {
		home = n.shards[0]
	}
	g := &Port{node: n, shard: home, name: name, cause: n.fate(name)}
	g.dead.Store(true)
	return g
}

// set puts a monitor that a handler has made in its place, or keeps it back while a barrier
// is to be passed.
func (s *shard) set(m *Monitor) {
	if f := s.failures[m.peer]; f != nil {
		f.late = append(f.late, m)
		m.peer.arriving.Add(-1)
		return
	}
	m.set(s)
}

// set puts a monitor that a handler on shard s has made in its place. Its mon1 goes out
// before whatever the handler sends next, which may kill the port.
func (m *Monitor) set(s *shard) {
	p := m.peer
	if p != nil && p.shard == s && !p.failing {
		m.enter()
		return
	}
	if p == nil && m.local.shard == s && m.local.dead.Load() {
		m.setLate(s)
		return
	}
	m.early = p != nil && m.name != ""
	s.to(m.watched(), loop.Func(m.enter))
	if m.early {
		if a, err := m.announce(s.index); a.Wake && err == nil {
			s.flushLater(p)
		}
	}
}

// setLate is set for a port of this node that is dead already. What it has sent is on its way: from
// another loop it is in the inbox, and from this one in the run queue, so the monitor fires behind both.
func (m *Monitor) setLate(s *shard) {
	s.wakeLater(s, s.inbox.run(loop.Func(func() { s.to(s, loop.Func(m.enter)) })))
}

// announce sends a mon1 of the monitor's own, where it has a way to go to the peer's
// loop. That way is entered first: an answer must find the monitor there.
func (m *Monitor) announce(from int) (link.Accepted, error) {
	p := m.peer
	a, err := p.out.Message(from, "", 2*p.node.marks.Hard, mon1(m.name))
	if err != nil {
		p.shard.enter(func() { p.untold(err) })
	}
	return a, err
}

// monitor arms from a goroutine, or from a callback that uses the node instead of its
// Context: then as a handler's, since a callback that sets its monitor again whenever it
// fires would hold up the barrier for ever.
func (n *Node) monitor(target string, act func(*Context, Reason)) (*Monitor, error) {
	if s := n.here(); s != nil {
		return s.ctx.Monitor(target, act)
	}
	m, err := n.newMonitor(target, nil, nil, act)
	if err != nil {
		return nil, err
	}
	n.arm(m)
	return m, nil
}

// arm puts a monitor that a goroutine has made in its place; it acts on its target's
// shard. As with handlers, its mon1 goes out before what the goroutine sends next.
func (n *Node) arm(m *Monitor) {
	m.home = m.watched()
	m.early = m.peer != nil && m.name != ""
	m.home.enter(m.enter)
	if m.early {
		if a, err := m.announce(link.Outside); a.Wake && err == nil {
			m.peer.wake()
		}
	}
}

// Monitor calls f, on a loop, when the port dies or the way to it is lost; with a
// node ID, when the link to the node is lost or can't be made. f must not block.
// Any goroutine; handlers use their Context's.
func (n *Node) Monitor(target string, f func(self *Context, r Reason)) (*Monitor, error) {
	return n.monitor(target, f)
}

// MonitorKill kills the local port p with the same reason when the target dies
// abnormally.
func (n *Node) MonitorKill(target string, p *Port) (*Monitor, error) {
	return n.monitor(target, killer(p))
}

// MonitorSend sends args, followed by the reason's values, to the port ID to when the
// target dies.
func (n *Node) MonitorSend(target, to string, args ...any) (*Monitor, error) {
	act, err := n.sender(to, args)
	if err != nil {
		return nil, err
	}
	return n.monitor(target, act)
}

// Guard closes c once when the target dies.
func (n *Node) Guard(target string, c io.Closer) (*Monitor, error) {
	return n.monitor(target, closer(n, target, c))
}

func killer(p *Port) func(*Context, Reason) {
	return func(self *Context, r Reason) {
		if !r.Normal() {
			self.shard.to(p.shard, loop.Func(func() { p.die(r) }))
		}
	}
}

func (n *Node) sender(to string, args []any) (func(*Context, Reason), error) {
	if _, _, err := n.split(to); err != nil {
		return nil, err
	}
	head, err := codec.MessageOf(args...)
	if err != nil {
		return nil, err
	}
	return func(self *Context, r Reason) {
		if err := self.shard.send(to, join(head, r.m)); err != nil {
			n.note(to, err)
		}
	}, nil
}

func closer(n *Node, target string, c io.Closer) func(*Context, Reason) {
	return func(self *Context, r Reason) {
		if err := c.Close(); err != nil {
			n.log.Warn("guarded resource", "node", n.id, "port", target, "reason", err.Error())
		}
	}
}

// join is a message of the arguments of both.
func join(a, b codec.Message) codec.Message {
	raw := make([]byte, 0, len(a.Raw())+len(b.Raw()))
	raw = append(append(raw, a.Raw()...), b.Raw()...)
	return codec.ArgsMessage(raw, a.Len()+b.Len())
}
