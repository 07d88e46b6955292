package seeds

import "time"

// keepMachine decides when to connect to the nodes that are to be kept, like Machine
// without I/O or clock. Nodes have nothing to do with each other.
type keepMachine struct {
	most   time.Duration // monitor timeout
	random func() float64
	wanted map[string]*wanted
	up     map[string]bool // all nodes with a link
}

// wanted is a node that is to be kept connected.
type wanted struct {
	holders  int // how many want it
	schedule schedule
}

func newKeepMachine(monitorTimeout time.Duration, random func() float64) *keepMachine {
	if monitorTimeout <= 0 {
		panic("seeds: a monitor timeout of nothing")
	}
	return &keepMachine{
		most:   monitorTimeout,
		random: random,
		wanted: make(map[string]*wanted),
		up:     make(map[string]bool),
	}
}

func (m *keepMachine) keep(now time.Duration, node string) []Action {
	w := m.wanted[node]
	if w == nil {
		w = &wanted{schedule: schedule{least: leastKeep, most: m.most}}
		m.wanted[node] = w
	}
	if w.holders++; w.holders > 1 {
		return nil
	}
	return m.tick(now, node)
}

// release ends one keep. The link stays.
func (m *keepMachine) release(node string) []Action {
	w := m.wanted[node]
	if w == nil {
		return nil
	}
	if w.holders--; w.holders > 0 {
		return nil
	}
	delete(m.wanted, node)
	return []Action{{Do: StopTimer, Node: node}}
}

// tick answers SetTimer.
func (m *keepMachine) tick(now time.Duration, node string) []Action {
	w := m.wanted[node]
	switch {
	case w == nil:
		return nil
	case m.up[node]:
		w.schedule.rest()
		return nil
	case !w.schedule.due(now): // the timer was early
		return []Action{{Do: SetTimer, Node: node, At: w.schedule.next}}
	}
	w.schedule.advance(now, m.random())
	return []Action{{Do: Connect, Node: node}, {Do: SetTimer, Node: node, At: w.schedule.next}}
}

func (m *keepMachine) nodeUp(node string) []Action {
	m.up[node] = true
	w := m.wanted[node]
	if w == nil {
		return nil
	}
	w.schedule.rest()
	return []Action{{Do: StopTimer, Node: node}}
}

func (m *keepMachine) nodeDown(now time.Duration, node string) []Action {
	delete(m.up, node)
	w := m.wanted[node]
	if w == nil {
		return nil
	}
	w.schedule.hurry(now, m.random())
	return []Action{{Do: SetTimer, Node: node, At: w.schedule.next}}
}
