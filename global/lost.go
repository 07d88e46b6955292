package global

import (
	"maps"
	"slices"
	"time"
)

// kept is another global node, with which this one wants to be connected: all of
// them that are known, and those that were lost not long ago. Two halves of a network that was cut
// find each other again by the latter.
type kept struct {
	where  []byte // what it announced last, encoded
	lost   bool
	lostAt time.Duration
}

func (h *hub) due() time.Duration { return h.lostDue }

// keepOrLose: a node came into the list of globals, or went.
func (m *Machine) keepOrLose(node string) {
	if node == m.config.Node {
		return
	}
	h, k := &m.hub, m.hub.kept[node]
	_, known := m.store.Get(familyGlobals, node)
	switch {
	case known && k == nil:
		k = new(kept)
		h.kept[node] = k
		m.do(Action{Do: Keep, Node: node})
		m.located(node, true)
	case known && k.lost:
		k.lost = false
		h.lost--
	case !known && k != nil && !k.lost:
		k.lost, k.lostAt = true, m.now
		h.lost++
		if h.lostDue == 0 {
			h.lostDue = m.now + lostTime
		}
		if h.lost > maxLost {
			m.release(h.oldest())
		}
	}
}

// oldest is the global that was lost first.
func (h *hub) oldest() (oldest string) {
	for _, node := range slices.Sorted(maps.Keys(h.kept)) {
		if k := h.kept[node]; k.lost && (oldest == "" || k.lostAt < h.kept[oldest].lostAt) {
			oldest = node
		}
	}
	return oldest
}

func (m *Machine) release(node string) {
	m.hub.lost--
	delete(m.hub.kept, node)
	m.do(Action{Do: Release, Node: node})
}

// releaseLost gives up the globals that were lost long ago.
func (m *Machine) releaseLost() {
	h := &m.hub
	if h.lostDue == 0 || m.now < h.lostDue {
		return
	}
	h.lostDue = 0
	for _, node := range slices.Sorted(maps.Keys(h.kept)) {
		k := h.kept[node]
		switch {
		case !k.lost:
		case m.now >= k.lostAt+lostTime:
			m.release(node)
		case h.lostDue == 0 || k.lostAt+lostTime < h.lostDue:
			h.lostDue = k.lostAt + lostTime
		}
	}
}
