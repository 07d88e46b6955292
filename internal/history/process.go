package history

import "strconv"

// A Process is one life of a node.
type Process struct {
	h     *History
	node  string
	name  string
	gone  bool
	began int  // event
	again bool // the node has had an earlier life
	peers map[string]*peer

	watches map[watchKey][]*Monitor // armed ones
	onces   []*Once
	views   []*View
	count   uint64 // of monitors, calls and so on
}

// port is one that a process has made.
type port struct {
	p      *Process
	made   int
	isDead bool
}

// peer is another node as the process sees it.
type peer struct {
	up       bool
	failing  bool
	failedAt int                 // event of the last loss, -1: none
	told     map[string]struct{} // local names whose monitor has fired in this loss
	monitors []*Monitor          // armed ones of its ports and of itself
}

// Start begins a life of the node.
func (h *History) Start(node string) *Process {
	h.started[node]++
	p := &Process{
		h: h, node: node, name: node + "@" + strconv.Itoa(h.started[node]),
		again: h.started[node] > 1, peers: map[string]*peer{}, watches: map[watchKey][]*Monitor{},
	}
	h.processes = append(h.processes, p)
	p.began = h.write(started, p.name, "", 0, 0, false)
	return p
}

// Name tells this life from others of the node.
func (p *Process) Name() string { return p.name }

// Actor is the name, unique in the history, of what acts in the process: a port or
// a goroutine.
func (p *Process) Actor(local string) string { return p.name + "/" + local }

// ID is a port's ID.
func (p *Process) ID(local string) string { return p.node + "#" + local }

// Crashed ends the process: what belongs to it is owed nothing any more.
func (p *Process) Crashed() {
	p.gone = true
	p.h.write(crashed, p.name, "", 0, 0, false)
}

// PortMade and PortDied tell of a port, by its name without the node.
func (p *Process) PortMade(name string) {
	p.h.ports[p.ID(name)] = &port{p: p, made: p.h.write(portMade, p.name, name, 0, 0, false)}
}

// PortDied: its monitors are cancelled, and its calls don't end any more.
func (p *Process) PortDied(name string) {
	p.h.write(portDied, p.name, name, 0, 0, false)
	if x := p.h.ports[p.ID(name)]; x != nil && x.p == p {
		x.isDead = true
	}
}

// dies says whether an actor of the process is dead.
func (p *Process) dies(local string) bool {
	x := p.h.ports[p.ID(local)]
	return p.gone || x != nil && x.p == p && x.isDead
}

// alive is the port of that ID if it lives.
func (h *History) alive(id string) *port {
	if x := h.ports[id]; x != nil && !x.isDead && !x.p.gone {
		return x
	}
	return nil
}

func (p *Process) peer(node string) *peer {
	x := p.peers[node]
	if x == nil {
		x = &peer{failedAt: -1}
		p.peers[node] = x
	}
	return x
}

// NodeEvent is a node-up or node-down that the process was told.
func (p *Process) NodeEvent(node string, up bool) {
	k := nodeDown
	if up {
		k = nodeUp
	}
	p.h.write(k, p.name, node, 0, 0, false)
	x := p.peer(node)
	if x.up == up {
		p.h.wrong("%s is told that %s is %s, which it was already", p.name, node, map[bool]string{true: "up", false: "down"}[up])
	}
	x.up = up
}

// Failing: a link with a node was lost, or an attempt at one failed.
func (p *Process) Failing(node string) {
	x := p.peer(node)
	if x.failing {
		p.h.wrong("%s loses %s again before the last loss was dealt with", p.name, node)
	}
	if p.h.calm && !p.gone {
		p.h.wrong("%s loses %s although all is calm", p.name, node)
	}
	x.failing = true
	x.failedAt = p.h.write(linkFailing, p.name, node, 0, 0, false)
	x.told = map[string]struct{}{}
}

// Idle: the loss has been dealt with; the next link may come up.
func (p *Process) Idle(node string) {
	p.h.write(linkIdle, p.name, node, 0, 0, false)
	x := p.peer(node)
	x.failing = false
	kept := x.monitors[:0]
	for _, m := range x.monitors {
		if !m.isArmed() {
			continue
		}
		if m.at < x.failedAt {
			p.h.wrong("%s is over a loss of %s, but %s hasn't fired", p.name, node, m)
		}
		kept = append(kept, m)
	}
	clear(x.monitors[len(kept):])
	x.monitors = kept
}

// due says whether what was sent to a node at an event must have arrived by the end.
func (p *Process) due(node string, at int) bool {
	if p.gone {
		return false
	}
	return node == p.node || p.peer(node).failedAt < at
}
