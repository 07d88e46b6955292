package kernel

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/tinylib/msgp/msgp"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// calls are the calls of this node that wait for an answer. What a call gives away as its
// reply port is no more than a number in a name, since nearly all that ever happens to it is
// that one message comes. So whoever finds no port of that name asks here. Somebody
// who wants more of a reply port, to monitor or to kill it, makes it a real one: port.
//
// A call is over for whoever takes it out of the table first: the one that has the answer,
// a death, a time-out, the node's end. So it needs no lock of its own, and a late answer
// finds nothing.
type calls struct {
	node  *Node
	head  string    // of the names: no other port's begins like that
	spare [][]*call // for handlers, by shard; of its loop

	mu   sync.Mutex
	next uint64
	// open has each call at its number's last bits. A number whose place is taken is left out.
	open    []*call
	live    int
	callees callees
}

// call is one that somebody waits for. Who has it open owns what isn't said to belong to
// the table, and until then whoever makes calls with it, one after the other.
type call struct {
	node   *Node
	number uint64
	to     string
	id     []byte // of the reply port; then scratch space for the message
	callee *callee
	at     int   // among its calls; of the table, like callee
	port   *Port // if somebody wanted a real one; of the table

	// What it came to.
	answer []byte // from the second octet on
	args   int
	err    error

	// A goroutine waits for ready, and perhaps attends to a shard's loop.
	ready    chan struct{}
	attends  atomic.Pointer[shard]
	question codec.Message
	tried    bool // to send it, with that result
	refused  error

	// A handler gets it on its shard.
	shard *shard
	self  *Context
	then  func(self *Context, m codec.Message, err error)
	timer loop.Timer
	timed bool // the timer is set
}

func newCalls(n *Node) *calls {
	return &calls{
		node: n, head: n.prefix + "-", spare: make([][]*call, len(n.shards)),
		open: make([]*call, 16), callees: newCallees(),
	}
}

// begin gives a call its number. If it is to be watched, unwatched says that what it calls
// has no monitor yet.
func (cs *calls) begin(k *call, to string, watched bool) (unwatched bool, err error) {
	n := cs.node
	if cap(k.answer) > maxKeptMessage {
		k.answer = nil
	}
	if cap(k.id) > maxKeptMessage {
		k.id = nil
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	switch {
	case n.closing.Load():
		return false, ErrClosed
	case cs.live >= n.maxPorts:
		return false, fmt.Errorf("%w: %d calls", ErrTooMany, n.maxPorts)
	case 2*(cs.live+1) > len(cs.open):
		cs.grow()
	}
	for *cs.place(cs.next) != nil {
		cs.next++
	}
	k.to, k.number = to, cs.next
	k.callee, k.port, k.err = nil, nil, nil
	*cs.place(k.number) = k
	cs.next++
	cs.live++
	return watched && !cs.callees.join(k), nil
}

func (cs *calls) place(number uint64) **call { return &cs.open[number&uint64(len(cs.open)-1)] }

// grow: numbers that differ in their last bits differ in one bit more.
func (cs *calls) grow() {
	old := cs.open
	cs.open = make([]*call, 2*len(old))
	for _, k := range old {
		if k != nil {
			*cs.place(k.number) = k
		}
	}
}

// find is the call with a number, if it is still open. Under the lock.
func (cs *calls) find(number uint64) *call {
	if k := *cs.place(number); k != nil && k.number == number {
		return k
	}
	return nil
}

// remove takes a call out of the table. Under the lock.
func (cs *calls) remove(k *call) {
	*cs.place(k.number) = nil
	cs.live--
}

// take ends the call with a number, which is the caller's to finish from now on; nil if it
// is over. Any goroutine.
func (cs *calls) take(number uint64) *call {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	k := cs.find(number)
	if k == nil {
		return nil
	}
	cs.remove(k)
	if k.callee != nil {
		cs.callees.leave(k)
	}
	return k
}

// numberIn reads what appendCounter has written behind head. Each number has one name.
func numberIn[T string | []byte](head string, name T) (number uint64, ok bool) {
	digits := len(name) - len(head)
	if digits < 1 || digits > 13 || string(name[:len(head)]) != head {
		return 0, false
	}
	if digits > 1 && name[len(head)] == 'a' { // a leading zero
		return 0, false
	}
	for i := len(head); i < len(name); i++ {
		c := name[i]
		if c < 'a' || c > 'z' {
			return 0, false
		}
		number = number*26 + uint64(c-'a')
	}
	return number, true
}

// arrived gives the message that has come over a link to whoever waits for it. It
// reports false if nobody does. On shard s.
func (cs *calls) arrived(s *shard, name []byte, m codec.Message) bool {
	number, ok := numberIn(cs.head, name)
	if !ok {
		return false
	}
	k := cs.take(number)
	if k == nil {
		return false
	}
	k.keep(m)
	k.finish(s)
	return true
}

// answer is a message of this node's own to a port that isn't there: it may be an open
// call's. From shard s, or from a goroutine if that is nil.
func (n *Node) answer(s *shard, name string, m codec.Message) {
	if number, ok := numberIn(n.calls.head, name); ok {
		if k := n.calls.take(number); k != nil {
			k.keep(m)
			k.handOver(s)
			return
		}
	}
	n.drops.unknown.Add(1)
}

// answerArgs is answer for arguments that are still to be encoded.
func (n *Node) answerArgs(s *shard, name string, args []any) error {
	if _, ok := numberIn(n.calls.head, name); !ok {
		n.drops.unknown.Add(1)
		return nil
	}
	e, err := encodeArgs(args)
	if err != nil {
		return err
	}
	defer e.free()
	n.answer(s, name, e.message())
	return nil
}

// port is the local port with a name, or nil. Of an open call it makes a real one. It
// isn't for sending: see calls.
func (n *Node) port(name string) *Port {
	if p := n.ports.get(name); p != nil {
		return p
	}
	if number, ok := numberIn(n.calls.head, name); ok {
		return n.calls.port(number)
	}
	return nil
}

func (cs *calls) port(number uint64) *Port {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	k := cs.find(number)
	switch {
	case k == nil:
		return nil
	case k.port != nil:
		return k.port
	}
	s := k.shard
	if s == nil {
		s = cs.node.shards[0]
	}
	p, err := cs.node.newPort(s, cs.head+counter(number), func(p *Port) {
		p.fallback = func(_ *Context, m codec.Message) {
			if k := cs.take(number); k != nil {
				k.keep(m)
				k.finish(s)
			}
			p.die(Reason{})
		}
		p.onEnd(func(r Reason) { cs.fail(s, number, cs.node.ended(p.ID(), r)) })
	})
	if err != nil {
		return nil // the node has too many, or ends
	}
	k.port = p
	return p
}

// onEnd has f called on the port's loop when the port has died. Only while it is made.
func (p *Port) onEnd(f func(Reason)) {
	p.watchers.add(&Monitor{home: p.shard, local: p, act: func(_ *Context, r Reason) { f(r) }})
}

// ended is the error of a call whose port, this side or the other, has died without an answer.
func (n *Node) ended(port string, r Reason) error {
	if n.closing.Load() {
		return ErrClosed
	}
	return &ReasonError{port, r}
}

// fail ends a call without an answer, if it isn't over. On shard s.
func (cs *calls) fail(s *shard, number uint64, err error) {
	if k := cs.take(number); k != nil {
		k.err = err
		k.finish(s)
	}
}

// close ends the calls of a shard's handlers, those of goroutines along with the first one's.
// The node is closing, so there will be no others.
func (cs *calls) close(s *shard) {
	var over []*call
	cs.mu.Lock()
	for _, k := range cs.open {
		if k != nil && (k.shard == s || k.shard == nil && s.index == 0) {
			cs.remove(k)
			if k.callee != nil {
				cs.callees.leave(k)
			}
			over = append(over, k)
		}
	}
	cs.mu.Unlock()
	for _, k := range over {
		k.err = ErrClosed
		k.handOver(s)
	}
}

// message is the arguments with the reply port's ID behind them, borrowed from the call.
func (k *call) message(args []any) (codec.Message, error) {
	n := k.node
	id := append(append(append(k.id[:0], n.id...), '#'), n.calls.head...)
	id = appendCounter(id, k.number)
	b, err := codec.AppendArgs(id, args)
	if err != nil {
		return codec.Message{}, err
	}
	k.id = msgp.AppendStringFromBytes(b, b[:len(id)])
	return codec.ArgsMessage(k.id[len(id):], len(args)+1), nil
}

// keep copies the answer.
func (k *call) keep(m codec.Message) {
	k.answer = append(append(k.answer[:0], 0), m.Raw()...)
	k.args = m.Len()
}

// result is what the call came to, valid until the next one.
func (k *call) result() (codec.Message, error) {
	if k.err != nil {
		return codec.Message{}, k.err
	}
	return codec.ArgsMessageIn(k.answer, 1, len(k.answer), k.args), nil
}

// nothing is posted to a loop to have it look up.
var nothing = loop.Func(func() {})

// finish tells who waits: on shard s, at once if that is where he is.
func (k *call) finish(s *shard) {
	if k.shard == s {
		k.Run()
		return
	}
	k.handOver(s)
}

// handOver is finish that comes later, as it must in the middle of a handler. s is nil on a goroutine.
func (k *call) handOver(s *shard) {
	switch {
	case k.shard == nil:
		k.ready <- struct{}{} // there is room for one
		// Whoever attends looks at ready after he has said so. It may be another call by now.
		if at := k.attends.Load(); at != nil && at != s {
			at.loop.Post(nothing)
		}
	case s != nil:
		s.to(k.shard, k)
	case k.shard.inbox.run(k):
		k.shard.inbox.wake()
	}
}
