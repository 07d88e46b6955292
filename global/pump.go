package global

import (
	"slices"

	"github.com/aemp-go/aemp/codec"
)

// A job is an answer of some size that waits until a peer has read what came before.
// It is made when its turn has come, so it costs nothing while it waits.
type job struct {
	kind   jobKind
	family string    // jobWhole, jobReply
	query  QueryKind // jobReply
	id     []byte    // jobReply: as the asker wrote it
}

type jobKind uint8

const (
	jobWhole jobKind = iota // a g_chg1 of a family
	jobReply                // a g_reply
	jobSet                  // a g_set
)

// send says m to a peer. What is small or has its place among other messages is sent
// like this, whatever waits: the queue's hard limit ends the link of a peer that never reads.
func (m *Machine) send(p *peer, msg codec.Message) {
	if p.input != m.input {
		p.input, p.spent = m.input, 0
	}
	p.spent += len(msg.Raw())
	m.do(Action{Do: Send, Node: p.node, Message: msg})
}

// room says that a peer can take more now. If not, Room will be called.
func (m *Machine) room(p *peer) bool {
	if p.awaits {
		return false
	}
	if (p.input != m.input || p.spent < turnOctets) && !m.config.Crowded(p.node) {
		return true
	}
	p.awaits = true
	m.do(Action{Do: AwaitRoom, Node: p.node})
	return false
}

// behind says that something waits for p, or it for room: what changes is then noted
// as a debt.
func (m *Machine) behind(p *peer) bool { return p.busy() || !m.room(p) }

// busy says that something waits for p.
func (p *peer) busy() bool {
	return len(p.pieces) > 0 || len(p.jobs) > 0 || len(p.asks) > 0 || len(p.debts) > 0
}

// pump tells p what waits for it, as long as there is room. All that was changed must
// have been flushed.
func (m *Machine) pump(p *peer) {
	for {
		publishes := p == m.slave.master && m.slave.unpublished
		if !p.busy() && !publishes || !m.room(p) {
			return
		}
		switch {
		case len(p.pieces) > 0:
			m.send(p, p.pieces[0])
			p.pieces = slices.Delete(p.pieces, 0, 1)
		case len(p.jobs) > 0:
			j := p.jobs[0]
			p.jobs = slices.Delete(p.jobs, 0, 1)
			m.begun(p, j)
		case publishes:
			m.publishPiece(p)
		case len(p.asks) > 0:
			m.send(p, p.asks[0])
			p.asks = slices.Delete(p.asks, 0, 1)
		default:
			m.pay(p)
		}
	}
}

// begun does a job: from now on p is told of changes.
func (m *Machine) begun(p *peer, j job) {
	switch j.kind {
	case jobWhole:
		if s := p.watches[j.family]; s != nil && s.waits {
			s.waits = false
			m.tellFamily(p, j.family)
		}
	case jobReply:
		m.tellReply(p, j)
	case jobSet:
		p.setWaits = false
		m.tellOwn(p)
	}
}

// piece sends a part of a job's message, or keeps it until there is room.
func (m *Machine) piece(p *peer, msg codec.Message) {
	if len(p.pieces) == 0 && m.room(p) {
		m.send(p, msg)
		return
	}
	p.pieces = append(p.pieces, msg.Clone())
}
