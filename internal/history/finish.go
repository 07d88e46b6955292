package history

import "slices"

// Left: in the end n of something are left in a living process, where none may be.
func (p *Process) Left(what string, n int) {
	if n != 0 {
		p.h.write(leftOver, p.name, what, uint64(n), 0, false)
		p.h.wrong("%s: in the end there are %d of %s", p.name, n, what)
	}
}

// Arrived says whether every message that must have arrived by the end has.
func (h *History) Arrived() bool {
	return !slices.ContainsFunc(h.order, func(s *stream) bool { return s.missing() >= 0 })
}

// Finish checks what must hold when all faults are over and all is quiet.
func (h *History) Finish() {
	for _, s := range h.order {
		s.finish()
	}
	for i := range h.requests {
		h.requests[i].finish()
	}
	for _, p := range h.processes {
		for _, m := range p.armed() {
			m.finish()
		}
		for _, o := range p.onces {
			o.finish()
		}
	}
}

// armed lists the monitors in the order in which they were set.
func (p *Process) armed() []*Monitor {
	var all []*Monitor
	for _, l := range p.watches {
		all = append(all, l...)
	}
	slices.SortFunc(all, func(a, b *Monitor) int { return a.at - b.at })
	return all
}

// Calm: from now on no link is lost, and no attempt fails.
func (h *History) Calm() { h.calm = true }
