package kernel

import (
	"container/list"

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

	runq  queue // deliveries and tasks from this loop's own callbacks
	spare queue
	dirty []*peer  // have output to be flushed
	wakes []*shard // have got something from here
	later bool     // turn's end is scheduled
	again bool     // a continuation is posted

	ctx     Context // of what runs for the node, not for a port
	obits   map[string]*list.Element
	obitLRU *list.List
	faults  *faults
}

func newShard(n *Node, i int, l loop.Loop) *shard {
	s := &shard{node: n, index: i, loop: l, bounds: n.bounds, faults: &n.faults, obits: map[string]*list.Element{}, obitLRU: list.New()}
	s.inbox.shard = s
	s.inbox.q, s.runq, s.spare = s.newQueue(), s.newQueue(), s.newQueue()
	s.ctx = Context{shard: s}
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
func (t *turnTask) Run()  { (*shard)(t).endTurn() }
func (t *againTask) Run() { s := (*shard)(t); s.again = false; s.schedule() }

// drain works off one batch of the inbox.
func (s *shard) drain() {
	q := s.inbox.take(s.spare)
	s.spare = s.newQueue()
	s.faults.shuffle(&q)
	for i := range q.items {
		s.do(&q, &q.items[i])
	}
	s.recycle(&q)
	for _, l := range s.inbox.done() {
		l.resume(s)
	}
	s.schedule()
}

func (s *shard) newQueue() queue { return queue{pool: &s.node.buffers} }

func (s *shard) recycle(q *queue) {
	if s.faults.has(leakedBuffer) && q.data != nil {
		q.data = nil
	}
	q.reset()
	if cap(q.items) <= maxKeptItems {
		s.spare = *q
	}
}

// maxKeptItems: larger batches go back to the collector.
const maxKeptItems = 1 << 16

func (s *shard) do(q *queue, it *item) {
	if it.task != nil {
		s.guard(it.task)
		return
	}
	it.port.deliver(q.message(it), it.feed)
}

// guard runs a task of the system's; a panic in it is a defect, and mustn't stop the loop.
func (s *shard) guard(t loop.Task) {
	defer func() {
		if r := recover(); r != nil {
			s.node.logPanic("task", r)
		}
	}()
	t.Run()
}

// schedule sees to it that the turn's end is run.
func (s *shard) schedule() {
	if !s.later {
		s.later = true
		s.loop.Later((*turnTask)(s))
	}
}

// endTurn works off the run queue, then gives the connections their output
// and wakes the other loops: once per turn, however many messages there were.
func (s *shard) endTurn() {
	s.later = false
	for left := s.bounds.runTurn; len(s.runq.items) > 0; {
		if left <= 0 {
			if !s.again {
				s.again = true
				s.loop.Post((*againTask)(s))
			}
			break
		}
		q := s.runq
		s.runq, s.spare = s.spare, s.newQueue()
		for i := range q.items {
			s.do(&q, &q.items[i])
		}
		left -= len(q.items)
		s.recycle(&q)
	}
	for i, p := range s.dirty {
		s.dirty[i] = nil
		p.flush()
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
		if s.runq.size >= s.bounds.inbox.Hard {
			return ErrOverload
		}
		err := s.runq.putArgs(p, args)
		s.schedule()
		return err
	}
	wake, err := p.shard.inbox.putArgs(p, args, s.bounds.inbox.Hard)
	s.wakeLater(p.shard, wake)
	return err
}

// flushLater has a peer's output flushed at the end of the turn.
func (s *shard) flushLater(p *peer) {
	if p.shard == s {
		s.dirty = append(s.dirty, p)
		s.schedule()
		return
	}
	s.to(p.shard, (*flushTask)(p))
}

// obituary remembers why a spawned port died young (protocol 9: the real reason).
type obituary struct {
	port   string
	reason Reason
}

func (s *shard) bury(port string, r Reason) {
	s.obits[port] = s.obitLRU.PushBack(&obituary{port, r})
	if s.obitLRU.Len() > maxObituaries {
		delete(s.obits, s.obitLRU.Remove(s.obitLRU.Front()).(*obituary).port)
	}
}

// fate is why there is no such port.
func (s *shard) fate(port string) Reason {
	if e := s.obits[port]; e != nil {
		return e.Value.(*obituary).reason
	}
	return noSuchPort(s.node.id + "#" + port)
}
