package kernel

import "sync"

// obituaries remember why spawned ports died, so that who monitors one of them a
// moment later is told the real reason (protocol 9). A port may have died on another
// loop than the one where it is asked for; both are rare, so a lock will do.
type obituaries struct {
	mu      sync.Mutex
	reasons map[string]Reason
	names   []string // a ring of those remembered
	next    int
}

func (o *obituaries) bury(port string, r Reason) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.reasons == nil {
		o.reasons = map[string]Reason{}
	}
	if _, again := o.reasons[port]; again {
		return
	}
	if len(o.names) < maxObituaries {
		o.names = append(o.names, port)
	} else {
		delete(o.reasons, o.names[o.next])
		o.names[o.next] = port
		o.next = (o.next + 1) % maxObituaries
	}
	o.reasons[port] = r
}

// fate is why there is no such port.
func (n *Node) fate(port string) Reason {
	n.obituaries.mu.Lock()
	defer n.obituaries.mu.Unlock()
	if r, ok := n.obituaries.reasons[port]; ok {
		return r
	}
	return noSuchPort(n.id + "#" + port)
}
