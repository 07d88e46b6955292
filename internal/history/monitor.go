package history

import (
	"fmt"
	"time"
)

// A Monitor is one that an actor has set.
type Monitor struct {
	p      *Process
	owner  string // local name
	target string
	node   string // of the target
	id     uint64
	at     int
	state  monitorState
	dead   *Process // whose port it has told to be dead

	// Of what the owner has sent to the target since the monitor was set:
	sent  bool
	epoch uint64        // of the first message
	owes  bool          // one of a later epoch was accepted: it has to fire at once
	since time.Duration // then
}

type monitorState uint8

const (
	isArmed monitorState = iota
	hasFired
	isCancelled
)

type watchKey struct{ owner, target string }

// Watch: an actor of the process sets a monitor on a port or a node.
func (p *Process) Watch(local, target string) *Monitor {
	p.count++
	m := &Monitor{p: p, owner: local, target: target, node: NodeOf(target), id: p.count}
	m.at = p.h.write(watched, p.Actor(local), target, m.id, 0, false)
	k := watchKey{local, target}
	p.watches[k] = append(p.watches[k], m)
	if m.node != p.node {
		x := p.peer(m.node)
		x.monitors = append(x.monitors, m)
	}
	return m
}

func (m *Monitor) String() string {
	return fmt.Sprintf("monitor %d of %s on %s", m.id, m.p.Actor(m.owner), m.target)
}

// isArmed: and its owner lives.
func (m *Monitor) isArmed() bool { return m.state == isArmed && !m.p.dies(m.owner) }

// Fired: its callback runs. transport: because of a link, not of a death.
func (m *Monitor) Fired(transport bool) {
	h := m.p.h
	h.write(fired, m.p.Actor(m.owner), m.target, m.id, 0, transport)
	switch m.state {
	case hasFired:
		h.wrong("%s fires again", m)
		return
	case isCancelled:
		h.wrong("%s fires although it was cancelled", m)
		return
	}
	if m.p.dies(m.owner) {
		h.wrong("%s fires although its owner is dead", m)
	}
	if m.owes && h.now() > m.since {
		h.wrong("%s fires only after a message of a later epoch was accepted", m)
	}
	m.checkCause(transport)
	m.state = hasFired
	if x := h.ports[m.target]; !transport && x != nil && x.isDead {
		m.dead = x.p
	}
	if m.node != m.p.node && transport {
		if x := m.p.peer(m.node); x.failing {
			x.told[m.owner] = struct{}{}
		}
	}
	m.unlist()
}

// checkCause: a monitor fires for a reason.
func (m *Monitor) checkCause(transport bool) {
	h := m.p.h
	if transport {
		if x := m.p.peer(m.node); m.node == m.p.node || x.failedAt < m.at && !x.failing {
			h.wrong("%s fires with transport_error, but no link was lost", m)
		}
		return
	}
	x := h.alive(m.target)
	if x == nil || x.made > m.at {
		return
	}
	// It may be an earlier life's port of that name, over a link that isn't lost yet or whose
	// loss isn't dealt with: the news of the death was on its way between two loops.
	if p := m.p.peer(m.node); !x.p.again || m.node == m.p.node || p.failedAt > x.p.began && !p.failing {
		h.wrong("%s fires, but its target lives", m)
	}
}

// Cancelled: Cancel returned true.
func (m *Monitor) Cancelled() {
	m.p.h.write(cancelled, m.p.Actor(m.owner), m.target, m.id, 0, false)
	if m.state != isArmed {
		m.p.h.wrong("%s is cancelled a second time, or after it has fired", m)
	}
	m.state = isCancelled
	m.unlist()
}

// unlist takes it out of the armed ones, unless it still says something.
func (m *Monitor) unlist() {
	if m.dead != nil {
		return
	}
	k := watchKey{m.owner, m.target}
	l := m.p.watches[k]
	for i := range l {
		if l[i] == m {
			m.p.watches[k] = append(l[:i:i], l[i+1:]...)
			return
		}
	}
}

// sending: the owner's message to the target was accepted.
func (m *Monitor) sending(epoch uint64, dropped bool) {
	switch {
	case !m.isArmed():
	case !m.sent:
		m.sent, m.epoch = true, epoch
	case epoch > m.epoch && !dropped && !m.owes:
		m.owes, m.since = true, m.p.h.now()
	}
}

// arrives: a message of the owner's has come to the target.
func (m *Monitor) arrives(epoch uint64) {
	if m.isArmed() && m.sent && epoch > m.epoch {
		m.p.h.wrong("silent hole: something of epoch %d arrives, %s is from epoch %d and hasn't fired", epoch, m, m.epoch)
	}
}

// finish checks what must have fired by the end.
func (m *Monitor) finish() {
	if !m.isArmed() {
		return
	}
	h := m.p.h
	switch {
	case m.owes:
		h.wrong("%s never fired, but a message of a later epoch was accepted", m)
	case m.node != m.p.node && m.p.peer(m.node).failedAt > m.at:
		h.wrong("%s never fired, but a link was lost", m)
	case m.target == m.node && m.node != m.p.node && !m.p.peer(m.node).up:
		h.wrong("%s never fired, and there is no link", m)
	case m.target != m.node && h.alive(m.target) == nil:
		h.wrong("%s never fired, but its target is dead", m)
	}
}
