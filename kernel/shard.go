package kernel

import (
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// shard is the part of a node that lives on one loop: its ports, its peers, and
// the run queue of what is to be done for them. Everything in it belongs to the loop,
// except the inbox.
type shard struct {
	node  *Node
	index int
	loop  loop.Loop
	inbox inbox
	*bounds

	runq  queue    // deliveries and tasks from this loop's own callbacks
	other queue    // takes turns with runq
	spare queue    // and this one with the inbox's
	dirty []*peer  // have output to be flushed
	wakes []*shard // have got something from here
	later bool     // turn's end is scheduled
	again bool     // a continuation is posted

	data     dataConns
	calling  *Port // whose handler runs
	near     near
	failures map[*peer]*failure // barriers seen and not passed
	ctx      Context            // of what runs for the node, not for a port
	hold     holder
	faults   *faults
}

func newShard(n *Node, i int, l loop.Loop) *shard {
	s := &shard{node: n, index: i, loop: l, bounds: n.bounds, faults: &n.faults}
	s.inbox.shard = s
	for _, q := range []*queue{&s.inbox.q, &s.runq, &s.other, &s.spare} {
		q.pool = &n.blocks
	}
	s.ctx = Context{shard: s}
	s.data = newDataConns(s)
	return s
}

// The same shard as the different tasks that are posted for it, so that posting
// needs no closure.
type (
	drainTask shard
	turnTask  shard
	againTask shard
)

func (t *drainTask) Run() { (*shard)(t).drain() }
func (t *turnTask) Run()  { s := (*shard)(t); defer s.turnEnded(); s.endTurn() }
func (t *againTask) Run() { s := (*shard)(t); s.again = false; s.schedule() }

// drain works off one batch of the inbox.
func (s *shard) drain() {
	q, outside := s.inbox.take(s.spare)
	for _, b := range q.blocks {
		s.faults.shuffle(b)
		s.work(b)
	}
	s.spare = q.emptied()
	hold := s.mayHold(q.size) && outside
	links, held, wake := s.inbox.done(hold)
	s.setHold(held)
	if wake {
		s.inbox.wake()
	}
	for _, l := range links {
		l.resume(s)
	}
	s.schedule()
}

// work works off a block and gives it back.
func (s *shard) work(b *block) {
	for !s.workOn(b) {
	}
	if s.faults.has(leakedBuffer) {
		return
	}
	s.node.blocks.put(b)
}

// workOn works a block off to its end or to a task or message that panics, and says
// whether it has got to the end. A panic is a defect, since handlers and callbacks are
// guarded by themselves, and it mustn't cost the others.
func (s *shard) workOn(b *block) (done bool) {
	defer func() {
		if r := recover(); r != nil {
			if !s.panicked(r) {
				s.node.logPanic("task", r)
			}
		}
	}()
	for b.next < len(b.runs) {
		r := &b.runs[b.next]
		if r.port == nil {
			task := b.tasks[b.task]
			b.task++
			b.next++
			task.Run()
			continue
		}
		s.calling = r.port
		b.deliver(r, b.end(b.next))
		s.calling = nil
		b.next++
	}
	return true
}

// schedule sees to it that the turn's end is run.
func (s *shard) schedule() {
	if !s.later {
		s.later = true
		s.loop.Later((*turnTask)(s))
	}
}

// endTurn works off the run queue, and gives the connections their output and wakes
// the other loops: once per block, however many messages there were.
func (s *shard) endTurn() {
	s.push()
	if s.runq.empty() {
		return
	}
	start := s.loop.Now()
	left := s.bounds.runTurn
	for !s.runq.empty() && left > 0 && s.loop.Now()-start <= s.bounds.runTime {
		q := s.runq
		s.runq = s.other
		for _, b := range q.blocks {
			left -= b.n
			s.work(b)
			s.push()
		}
		s.other = q.emptied()
	}
}

// turnEnded comes only now, lest what the turn itself queues be done in another turn's end
// before the loop looks at its connections.
func (s *shard) turnEnded() {
	s.later = false
	if !s.runq.empty() && !s.again {
		s.again = true
		s.loop.Post((*againTask)(s))
	}
}

// push passes on what this shard has for others.
func (s *shard) push() {
	for i := 0; i < len(s.dirty); i++ { // may grow
		p := s.dirty[i]
		s.dirty[i] = nil
		switch {
		case p.shard == s:
			p.flush(true)
		case !p.given():
			s.to(p.shard, (*flushTask)(p))
		}
	}
	s.dirty = s.dirty[:0]
	for i, o := range s.wakes {
		s.wakes[i] = nil
		o.inbox.wake()
	}
	s.wakes = s.wakes[:0]
}

// to runs a task on shard o after everything that this shard has sent there.
func (s *shard) to(o *shard, t loop.Task) {
	if o == s {
		s.runq.run(t)
		s.schedule()
		return
	}
	s.wakeLater(o, o.inbox.run(t))
}

// deliver sends a message to a port of this node, from a handler: it never waits.
func (s *shard) deliver(p *Port, m codec.Message) error {
	if p.shard == s {
		if s.runq.size >= s.bounds.inbox.Hard {
			return ErrOverload
		}
		s.runq.put(p, nil, m)
		s.schedule()
		return nil
	}
	wake, err := p.shard.inbox.put(p, m, s.bounds.inbox.Hard)
	s.wakeLater(p.shard, wake)
	return err
}

// hand gives a message that came over a link to a port on another loop.
func (s *shard) hand(p *Port, f *feed, m codec.Message) {
	s.wakeLater(p.shard, p.shard.inbox.hand(p, f, m))
}

func (s *shard) wakeLater(o *shard, wake bool) {
	if wake {
		s.wakes = append(s.wakes, o)
		s.schedule()
	}
}

// deliverArgs is deliver for arguments that are still to be encoded.
func (s *shard) deliverArgs(p *Port, args []any) error {
	if p.shard == s {
		return s.queueArgs(p, args)
	}
	wake, err := p.shard.inbox.putArgs(p, args, s.bounds.inbox.Hard)
	s.wakeLater(p.shard, wake)
	return err
}

// queueArgs is deliverArgs to a port of this shard.
func (s *shard) queueArgs(p *Port, args []any) error {
	if s.runq.size >= s.bounds.inbox.Hard {
		return ErrOverload
	}
	err := s.runq.putArgs(p, args)
	s.schedule()
	return err
}

// flushLater has a peer's output flushed at the end of the turn.
func (s *shard) flushLater(p *peer) {
	s.dirty = append(s.dirty, p)
	s.schedule()
}
