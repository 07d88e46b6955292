package history

import "fmt"

// Once is something that begins and has to end exactly once: a call, a wait.
type Once struct {
	p     *Process
	owner string
	what  string
	id    uint64
	ended bool
}

// Begin writes down that an actor begins something.
func (p *Process) Begin(what, local string) *Once {
	p.count++
	o := &Once{p: p, owner: local, what: what, id: p.count}
	p.h.write(begun, p.Actor(local), what, o.id, 0, false)
	p.onces = append(p.onces, o)
	return o
}

func (o *Once) String() string { return fmt.Sprintf("%s %d of %s", o.what, o.id, o.p.Actor(o.owner)) }

// End: it has ended, well or not.
func (o *Once) End() {
	o.p.h.write(ended, o.p.Actor(o.owner), o.what, o.id, 0, false)
	switch {
	case o.ended:
		o.p.h.wrong("%s ends twice", o)
	case o.p.dies(o.owner):
		o.p.h.wrong("%s ends after its owner's death", o)
	}
	o.ended = true
}

// Open is how many of what has begun haven't ended, though their owners live.
func (p *Process) Open(what string) int {
	n := 0
	for _, o := range p.onces {
		if o.what == what && !o.ended && !p.dies(o.owner) {
			n++
		}
	}
	return n
}

func (o *Once) finish() {
	if !o.ended && !o.p.dies(o.owner) {
		o.p.h.wrong("%s never ended", o)
	}
}

// A request goes to a node about a port of its: a spawn, or a kill.
type request struct {
	p       *Process
	port    string
	at      int
	dropped bool
	kill    bool
}

// SpawnAsked: Spawn has returned the ID of a port. See Accepted for the epoch.
func (p *Process) SpawnAsked(local, port string, epoch uint64, dropped bool) {
	at := p.h.write(spawnAsked, p.Actor(local), port, 0, epoch, dropped)
	if _, there := p.h.spawns[port]; there {
		p.h.wrong("%s spawns %s, a name that was used before", p.Actor(local), port)
	}
	p.h.spawns[port] = false
	p.h.requests = append(p.h.requests, request{p, port, at, dropped, false})
}

// SpawnRan: the function of a spawned port runs in the process.
func (p *Process) SpawnRan(port string) {
	p.h.write(spawnRan, p.name, port, 0, 0, false)
	switch ran, asked := p.h.spawns[port]; {
	case !asked:
		p.h.wrong("%s runs the function of %s, which nobody has spawned, or whose spawner doesn't know it yet", p.name, port)
	case ran:
		p.h.wrong("%s runs the function of %s again", p.name, port)
	}
	p.h.spawns[port] = true
}

// KillAsked: Kill was called for a port.
func (p *Process) KillAsked(local, port string, epoch uint64, dropped bool) {
	at := p.h.write(killAsked, p.Actor(local), port, 0, epoch, dropped)
	p.h.requests = append(p.h.requests, request{p, port, at, dropped, true})
}

func (r *request) finish() {
	h := r.p.h
	if r.dropped || !r.p.due(NodeOf(r.port), r.at) {
		return
	}
	if !r.kill {
		if !h.spawns[r.port] {
			h.wrong("%s has spawned %s, whose function never ran", r.p.name, r.port)
		}
		return
	}
	if x := h.alive(r.port); x != nil && x.made < r.at {
		h.wrong("%s has killed %s, which lives", r.p.name, r.port)
	}
}
