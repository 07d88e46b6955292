package kernel

import (
	"context"
	"errors"

	"github.com/tinylib/msgp/msgp"
	"github.com/valyala/bytebufferpool"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
)

var (
	errGone      = link.ErrGone
	errContended = link.ErrContended
	errEmpty     = errors.New("empty")
	errNodePort  = errors.New("the node's own port can't be killed")
)

// Send sends a message to a port ID, from a goroutine. It waits while the queue to
// the receiver is above its high-water mark. See Context.Send for the promises; on
// a loop it returns ErrWouldBlock where it would have to wait.
func (n *Node) Send(to string, args ...any) error {
	return n.SendContext(context.Background(), to, args...)
}

// TrySend is Send that returns ErrFull instead of waiting.
func (n *Node) TrySend(to string, args ...any) error {
	return n.sendArgs(context.Background(), false, to, args)
}

// SendContext is Send that waits no longer than ctx allows.
func (n *Node) SendContext(ctx context.Context, to string, args ...any) error {
	return n.sendArgs(ctx, true, to, args)
}

// sendArgs is SendContext or, if it mustn't wait, TrySend.
func (n *Node) sendArgs(ctx context.Context, wait bool, to string, args []any) error {
	from := link.Patient
	if !wait {
		from = link.Outside
	}
	for {
		if n.closing.Load() {
			return ErrClosed
		}
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return err
		case p == nil:
			err = n.putLocalArgs(local, port, args)
		default:
			a, refused := p.out.Args(from, port, n.marks.High, args)
			if refused != nil && n.retries(ctx, p, to, refused) {
				from = link.Outside
				continue
			}
			if err = refused; p.wants(a, err) {
				p.wake()
			}
		}
		if err != ErrFull || !wait {
			return err
		}
		if err := n.waitRoom(ctx, to); err != nil {
			return err
		}
	}
}

// SendMsg sends a message of a generated type (see Context.SendMsg) and waits like Send.
func (n *Node) SendMsg(to string, m msgp.Marshaler) error { return n.SendTagged(to, "", m) }

// SendTagged sends a message of a generated type with a tag in front (see
// Context.SendTagged) and waits like Send.
func (n *Node) SendTagged(to, tag string, m msgp.Marshaler) error {
	if p, lead := n.led(to, tag); p != nil && !n.closing.Load() {
		if a, done, err := p.out.Led(lead, n.marks.High, m); done {
			if a.Wake {
				p.wake()
			}
			return err
		}
	}
	from := link.Patient
	for {
		if n.closing.Load() {
			return ErrClosed
		}
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return err
		case p == nil:
			err = n.putLocalMsg(local, port, tag, m)
		default:
			a, refused := p.out.Msg(from, port, n.marks.High, tag, m)
			if refused != nil && n.retries(context.Background(), p, to, refused) {
				from = link.Outside
				continue
			}
			if err = refused; p.wants(a, err) {
				p.wake()
			}
		}
		if err != ErrFull {
			return err
		}
		if err := n.waitRoom(context.Background(), to); err != nil {
			return err
		}
	}
}

// Forward sends a message on as it is, and waits like Send.
func (n *Node) Forward(to string, m codec.Message) error {
	return n.forward(context.Background(), to, m)
}

// forward is Forward that waits no longer than ctx allows.
func (n *Node) forward(ctx context.Context, to string, m codec.Message) error {
	for {
		err := n.tryForward(to, m)
		if err != ErrFull {
			return err
		}
		if err := n.waitRoom(ctx, to); err != nil {
			return err
		}
	}
}

// retries says whether a message that a peer's outbox has refused is to be offered again, where
// the ID leads then.
func (n *Node) retries(ctx context.Context, p *peer, to string, refused error) bool {
	switch refused {
	case errGone:
		n.routes.forget(to)
		return true
	case errContended:
		n.standBack(ctx, p)
		return true
	}
	return false
}

func (n *Node) putLocalArgs(p *Port, port string, args []any) error {
	if p == nil {
		return n.answerArgs(nil, port, args)
	}
	if p.box != nil && p.box.full() {
		return ErrFull
	}
	wake, err := p.shard.inbox.putArgs(p, args, n.bounds.inbox.High)
	if wake {
		p.shard.inbox.wake()
	}
	return err
}

func (n *Node) putLocalMsg(p *Port, port, tag string, m msgp.Marshaler) error {
	args, err := encode(tag, m)
	if err != nil {
		return err
	}
	defer args.free()
	return n.putLocal(p, port, args.message())
}

func (n *Node) tryForward(to string, m codec.Message) error {
	_, _, err := n.offer(to, m)
	return err
}

// offer is tryForward that says, of a message to another node, what became of it.
func (n *Node) offer(to string, m codec.Message) (*peer, link.Accepted, error) {
	if n.closing.Load() {
		return nil, link.Accepted{}, ErrClosed
	}
	for {
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return nil, link.Accepted{}, err
		case p == nil:
			return nil, link.Accepted{}, n.putLocal(local, port, m)
		}
		a, err := p.out.Message(link.Outside, port, n.marks.High, m)
		if err == errGone {
			n.routes.forget(to)
			continue
		}
		if p.wants(a, err) {
			p.wake()
		}
		return p, a, err
	}
}

func (n *Node) putLocal(p *Port, port string, m codec.Message) error {
	if p == nil {
		n.answer(nil, port, m)
		return nil
	}
	if p.box != nil && p.box.full() {
		return ErrFull
	}
	wake, err := p.shard.inbox.put(p, m, n.bounds.inbox.High)
	if wake {
		p.shard.inbox.wake()
	}
	return err
}

// remote is the peer that a message goes to.
func (n *Node) remote(node string) (*peer, error) {
	if p := n.peers.get(node); p != nil {
		return p, nil
	}
	if err := codec.ValidPeerID(node); err != nil {
		return nil, &IDError{"node ID", node, err}
	}
	return n.peerFor(node)
}

// wake has the peer's output flushed; from a goroutine.
func (p *peer) wake() {
	if p.given() {
		return
	}
	if p.shard.inbox.run((*flushTask)(p)) {
		p.shard.inbox.wake()
	}
}

// given writes the peer's output if that can be done without its loop.
func (p *peer) given() bool { return p.up.Load() && p.out.Give() }

// send is for messages that exist already, from a shard.
func (s *shard) send(to string, m codec.Message) error {
	_, err := s.offer(to, m)
	return err
}

// offer is send that says, of a message to another node, what became of it.
func (s *shard) offer(to string, m codec.Message) (link.Accepted, error) {
	n := s.node
	for {
		local, p, port, err := n.destination(to)
		switch {
		case err != nil:
			return link.Accepted{}, err
		case p == nil:
			return link.Accepted{}, s.sendLocal(local, port, m)
		}
		a, err := p.out.Message(s.index, port, n.marks.Hard, m)
		if err == errGone {
			n.routes.forget(to)
			continue
		}
		if p.wants(a, err) {
			s.flushLater(p)
		}
		return a, err
	}
}

func (s *shard) sendLocal(p *Port, port string, m codec.Message) error {
	if p == nil {
		s.node.answer(s, port, m)
		return nil
	}
	return s.deliver(p, m)
}

// tell sends a message of the kernel's own to the peer's node port for shard s; from
// the peer's shard. Nobody would learn of its refusal, so it may go beyond the hard
// limit; a queue twice as long is given up, and so monitors fire.
func (p *peer) tell(s *shard, m codec.Message) {
	a, err := p.out.Message(s.index, "", 2*p.node.marks.Hard, m)
	if a.Wake {
		p.shard.flushLater(p)
	}
	p.untold(err)
}

// untold deals with a message of the kernel's own that the queue has refused.
func (p *peer) untold(err error) {
	p.note(err)
	switch {
	case err != ErrOverload:
	case p.live != nil:
		p.live.link.Close(&link.Lost{Kind: link.LostOverload})
	case !p.failing:
		p.giveUp(&ConnectError{Node: p.id, Err: err})
	}
}

// split takes a node or port ID apart and checks it.
func (n *Node) split(id string) (node, port string, err error) {
	node, port = codec.SplitPortID(id)
	if node == "" {
		return "", "", &IDError{"node or port ID", id, errEmpty}
	}
	if err := codec.ValidPeerID(node); err != nil {
		return "", "", &IDError{"node or port ID", id, err}
	}
	return node, port, nil
}

// encoded is a message in a pooled buffer.
type encoded struct {
	b *bytebufferpool.ByteBuffer
	n int
}

func encode(tag string, m msgp.Marshaler) (e encoded, err error) {
	e.b = bytebufferpool.Get()
	e.b.B, e.n, err = codec.AppendMsg(e.b.B, tag, m)
	if err != nil {
		e.free()
	}
	return e, err
}

func encodeArgs(args []any) (e encoded, err error) {
	e.b = bytebufferpool.Get()
	e.n = len(args)
	if e.b.B, err = codec.AppendArgs(e.b.B, args); err != nil {
		e.free()
	}
	return e, err
}

func (e *encoded) message() codec.Message { return codec.ArgsMessage(e.b.B, e.n) }

func (e *encoded) free() { bytebufferpool.Put(e.b) }
