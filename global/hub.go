package global

import (
	"maps"
	"slices"
	"time"

	"github.com/aemp-go/aemp/global/merge"
)

// hub is the part of a global node: it is master to its slaves, and tells the other
// globals what they and it publish (protocol 6).
type hub struct {
	globals  []*peer            // by node
	watching map[string][]*peer // by family, then by node
	kept     map[string]*kept
	lost     int           // of the kept
	lostDue  time.Duration // when one of them may have to be released; 0: never
	names    map[string]string
}

func (h *hub) init() {
	h.watching = make(map[string][]*peer)
	h.kept = make(map[string]*kept)
	h.names = make(map[string]string)
}

var nilValue = []byte{0xc0}

// publishHere puts what this node itself has changed into the store, a bounded part of
// it.
func (m *Machine) publishHere(batches int) {
	b := &m.slave.batch
	for range batches {
		if m.slave.unpublished = m.config.Local.Take(b); !m.slave.unpublished {
			return
		}
		family := []byte(b.Family)
		for _, e := range b.Set {
			m.store.Set(m.config.Node, family, []byte(e.Key), e.Value, e.Stamp, "")
		}
		for _, key := range b.Deleted {
			m.store.Delete(m.config.Node, family, []byte(key))
		}
	}
}

// setHere publishes an entry of an internal family in this node's name.
func (m *Machine) setHere(family, node string, value []byte, stamp merge.Stamp) {
	m.store.Set(m.config.Node, []byte(family), []byte(node), value, stamp, "")
}

func (m *Machine) deleteHere(family, node string) {
	m.store.Delete(m.config.Node, []byte(family), []byte(node))
}

// sorted is all peers, in order.
func (m *Machine) sorted() []*peer {
	return slices.SortedFunc(maps.Values(m.peers), byNode)
}

// name is a node's ID as a string that is shared.
func (h *hub) name(b []byte) string {
	if s, ok := h.names[string(b)]; ok {
		return s
	}
	if len(h.names) >= maxNames {
		clear(h.names)
	}
	s := string(b)
	h.names[s] = s
	return s
}
