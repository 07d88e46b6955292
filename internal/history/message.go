package history

import "strings"

// A Message is what the checker has to know of one.
type Message struct {
	From string // Process.Actor of the sender
	To   string // the port's ID
	Seq  uint64 // counts this sender's accepted messages to this port, from 1
	Sum  uint64 // of the content
}

type way struct{ from, to string }

// stream is all messages of one sender to one port.
type stream struct {
	way
	p     *Process
	local string // the sender's name in its process
	node  string // where the port is
	sent  []sent
	// last is the index after the last message that was delivered.
	last int
}

type sent struct {
	sum       uint64
	epoch     uint64
	at        int
	dropped   bool
	delivered bool
}

// NodeOf is the node ID in a port ID.
func NodeOf(id string) string {
	node, _, _ := strings.Cut(id, "#")
	return node
}

// NextSeq is the Seq of the sender's next message to a port.
func (p *Process) NextSeq(local, to string) uint64 {
	if s := p.h.streams[way{p.Actor(local), to}]; s != nil {
		return uint64(len(s.sent) + 1)
	}
	return 1
}

// Accepted: a send returned without an error, in an epoch of the peer's outbox, or
// Local. dropped: the peer was failing, so nobody gets the message.
func (p *Process) Accepted(local string, m Message, epoch uint64, dropped bool) {
	h := p.h
	at := h.write(accepted, m.From, m.To, m.Seq, epoch, dropped)
	w := way{m.From, m.To}
	s := h.streams[w]
	if s == nil {
		s = &stream{way: w, p: p, local: local, node: NodeOf(m.To)}
		h.streams[w] = s
		h.order = append(h.order, s)
	}
	if m.Seq != uint64(len(s.sent)+1) {
		h.wrong("%s → %s #%d accepted after #%d", m.From, m.To, m.Seq, len(s.sent))
		return
	}
	if n := len(s.sent); n > 0 && s.sent[n-1].epoch > epoch {
		h.wrong("%s → %s #%d accepted in epoch %d after epoch %d", m.From, m.To, m.Seq, epoch, s.sent[n-1].epoch)
	}
	s.sent = append(s.sent, sent{sum: m.Sum, epoch: epoch, at: at, dropped: dropped})
	for _, w := range p.watches[watchKey{local, m.To}] {
		w.sending(epoch, dropped)
	}
}

// Delivered: a port of the process got a message.
func (p *Process) Delivered(m Message) {
	h := p.h
	h.write(delivered, m.From, m.To, m.Seq, 0, false)
	s := h.streams[way{m.From, m.To}]
	if NodeOf(m.To) != p.node {
		h.wrong("%s → %s #%d comes to %s", m.From, m.To, m.Seq, p.name)
		return
	}
	if s == nil || m.Seq == 0 || m.Seq > uint64(len(s.sent)) {
		h.wrong("%s → %s #%d was never sent", m.From, m.To, m.Seq)
		return
	}
	i := int(m.Seq - 1)
	x := &s.sent[i]
	switch {
	case x.delivered:
		h.wrong("%s → %s #%d comes twice", m.From, m.To, m.Seq)
		return
	case x.sum != m.Sum:
		h.wrong("%s → %s #%d has changed on its way", m.From, m.To, m.Seq)
	case x.dropped:
		h.wrong("%s → %s #%d was dropped, and comes", m.From, m.To, m.Seq)
	case i < s.last:
		h.wrong("%s → %s #%d comes after #%d", m.From, m.To, m.Seq, s.last)
	case i > 0 && !s.sent[i-1].delivered && s.sent[i-1].epoch == x.epoch:
		h.wrong("%s → %s #%d comes without #%d of the same epoch %d", m.From, m.To, m.Seq, m.Seq-1, x.epoch)
	}
	x.delivered = true
	s.last = max(s.last, i+1)
	for _, w := range s.p.watches[watchKey{s.local, m.To}] {
		w.arrives(x.epoch)
	}
	p.notAfterTheEnd(s, m)
}

// notAfterTheEnd: who was told that the sender is dead, or that its link is lost,
// gets nothing more from there.
func (p *Process) notAfterTheEnd(s *stream, m Message) {
	if p.gone {
		p.h.wrong("%s → %s #%d comes to the crashed %s", m.From, m.To, m.Seq, p.name)
	}
	receiver := m.To[len(p.node)+1:]
	if s.p.node != p.node {
		x := p.peer(s.p.node)
		if _, told := x.told[receiver]; told && x.failing {
			p.h.wrong("%s → %s #%d comes after the receiver was told that the link is lost", m.From, m.To, m.Seq)
		}
	}
	for _, w := range p.watches[watchKey{receiver, s.p.ID(s.local)}] {
		if w.dead == s.p {
			p.h.wrong("%s → %s #%d comes after %s has told of the sender's death", m.From, m.To, m.Seq, w)
		}
	}
}

// missing is the first message that must have arrived by the end and hasn't; -1: none.
func (s *stream) missing() int {
	x := s.p.h.alive(s.to)
	if x == nil {
		return -1
	}
	for i := s.last; i < len(s.sent); i++ {
		if m := &s.sent[i]; !m.dropped && !m.delivered && x.made < m.at && s.p.due(s.node, m.at) {
			return i
		}
	}
	return -1
}

func (s *stream) finish() {
	if i := s.missing(); i >= 0 {
		s.p.h.wrong("%s → %s #%d (%s) never came; %d of %d did", s.from, s.to, i+1, inEpoch(s.sent[i].epoch), s.last, len(s.sent))
	}
}
