package kernel

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop"
)

// opening is a raw connection that was asked for here. Its courier is a port on the
// other node's shard: it gets what comes back behind the announcement, and it is what the
// other node kills when it can't have the connection.
type opening struct {
	data    *dataConns
	name    dataconn.Name
	timeout time.Duration
	call    codec.Message // function and arguments
	courier *Port
	done    openingDone
	over    bool
}

// openingDone is called once on the courier's shard, perhaps before newOpening has returned:
// the node may be closing.
type openingDone func(*shard, *DataConn, error)

// newOpening prepares one; start is for the courier's shard.
func (n *Node) newOpening(to string, timeout time.Duration, function string, args []any, done openingDone) (*opening, error) {
	node, _, err := n.split(to)
	if err != nil {
		return nil, err
	}
	call, err := codec.MessageOf(args...)
	if err != nil {
		return nil, err
	}
	if len(call.Raw()) > dataconn.MaxAnnounced {
		return nil, &codec.LimitError{What: "octets of arguments", Limit: dataconn.MaxAnnounced}
	}
	call = join(nodeMessage(function), call)
	var random [12]byte
	s := n.near(node)
	s.loop.Random(random[:])
	o := &opening{
		data: &s.data, timeout: timeout, call: call, done: done,
		name: dataconn.Name{Node: node, ID: dataconn.NewID(n.names.Add(1), Unique(random[:]), n.id)},
	}
	_, err = n.newPort(s, n.portName(), func(p *Port) {
		o.courier = p
		p.fallback = func(*Context, codec.Message) { o.data.apply(o.data.machine.Arrived(o.name)) }
		p.onEnd(o.ended)
	})
	return o, err
}

// start is on the courier's shard.
func (o *opening) start() {
	d, s := o.data, o.data.shard
	switch {
	case o.over || o.courier.dead.Load(): // the courier's end is told by itself
	case o.name.Node == s.node.id:
		o.connectHere()
	default:
		d.add(o.name, &dataEnd{opening: o})
		d.apply(d.machine.Open(s.loop.Now(), o.name, o.timeout))
	}
}

// announce sends the announcement and what comes back behind it. The loss of the link loses them.
func (d *dataConns) announce(name dataconn.Name) {
	o, s := d.ends[name].opening, d.shard
	_, err := o.courier.ctx.Monitor(name.Node, func(_ *Context, r Reason) {
		d.apply(d.machine.LinkLost(name, errors.New(r.Message())))
	})
	if err == nil {
		head := nodeMessage(dataconn.ExpectRequest, name.ID, o.courier.ID(), o.timeout.Seconds())
		err = s.send(name.Node, join(head, o.call))
	}
	if err == nil {
		err = s.send(name.Node, nodeMessage("snd", o.courier.ID()))
	}
	if err != nil {
		d.giveUp(o, err)
	}
}

// askBack asks the other node to dial.
func (d *dataConns) askBack(name dataconn.Name) {
	if err := d.shard.send(name.Node, nodeMessage(dataconn.ConnectRequest, name.ID, d.shard.node.id)); err != nil {
		d.giveUp(d.ends[name].opening, err)
	}
}

// giveUp ends an opening that the machine would go on with.
func (d *dataConns) giveUp(o *opening, err error) {
	d.drop(o.name)
	d.apply(d.machine.Cancel(o.name))
	o.finish(nil, err)
}

// ended: the courier has died, of the other node's refusal, of cancel, or with the node.
func (o *opening) ended(r Reason) {
	if o.over {
		return
	}
	n := o.data.shard.node
	err := error(&dataconn.Error{Kind: dataconn.Refused, Node: o.name.Node, Err: errors.New(refusal(r))})
	switch {
	case n.closing.Load():
		err = ErrClosed
	case r.Normal():
		err = context.Canceled
	case r.Kind() == dataconn.Reason && r.Message() == "":
		err = &dataconn.Error{Kind: dataconn.TimedOut, Node: o.name.Node, After: o.timeout}
	}
	o.data.giveUp(o, err)
}

func refusal(r Reason) string {
	if r.Kind() == dataconn.Reason {
		return r.Message()
	}
	return r.String()
}

func (o *opening) finish(c *DataConn, err error) {
	if o.over {
		return
	}
	o.over = true
	o.courier.die(Reason{})
	o.done(o.data.shard, c, err)
}

// StartDialData is DialData without waiting: done is called once, on some loop and not in this
// call, with the connection or the error. cancel makes the error context.Canceled, unless done
// is under way.
func (n *Node) StartDialData(to string, timeout time.Duration, function string, args []any, done func(*DataConn, error)) (cancel func(), err error) {
	o, err := n.newOpening(to, timeout, function, args, func(s *shard, c *DataConn, err error) {
		s.ctx.protect(func() { done(c, err) })
	})
	if err != nil {
		return nil, err
	}
	o.data.shard.enter(o.start)
	return func() { o.courier.Kill() }, nil
}

// DialData makes a raw connection with a node, on which octets go both ways without framing, past
// the queues of the link. There the registered function gets args and the other end
// (RegisterData, ListenData; in Perl the connection is the last argument). Of a port ID only the
// node counts. It fails at ctx's deadline, or after the monitor timeout if there is none. The
// error is a *dataconn.Error, of a cancelled ctx its own, an *IDError, what
// is wrong with an argument, or ErrClosed. On a goroutine only.
func (n *Node) DialData(ctx context.Context, to, function string, args ...any) (net.Conn, error) {
	if n.Inside() {
		return nil, ErrWouldBlock
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	timeout := n.monitorTimeout
	if at, ok := ctx.Deadline(); ok {
		timeout = max(at.Sub(n.shards[0].loop.Wall()), 0)
	}
	a := &dialAnswer{ready: make(chan struct{})}
	cancel, err := n.StartDialData(to, timeout, function, args, a.give)
	if err != nil {
		return nil, err
	}
	select {
	case <-a.ready:
	case <-ctx.Done():
		cancel()
		err := ctx.Err()
		if errors.Is(err, context.DeadlineExceeded) {
			node, _ := codec.SplitPortID(to)
			err = &dataconn.Error{Kind: dataconn.TimedOut, Node: node, After: timeout}
		}
		a.give(nil, err)
	}
	return a.get()
}

// dialAnswer is what becomes of a DialData: the first that is given counts.
type dialAnswer struct {
	given atomic.Bool
	ready chan struct{}
	c     *DataConn
	err   error
}

func (a *dialAnswer) give(c *DataConn, err error) {
	switch {
	case a.given.CompareAndSwap(false, true):
		a.c, a.err = c, err
		close(a.ready)
	case err == nil:
		_ = c.Close() // nobody waits for it any more
	}
}

func (a *dialAnswer) get() (net.Conn, error) {
	<-a.ready
	if a.err != nil {
		return nil, a.err
	}
	return a.c, nil
}

// OpenData is Node.DialData for handlers: f is called in the current port's context with
// the connection, which it has to give to a goroutine, since reading and writing wait.
// If there is no connection by then the current port is killed, with the reason
// AnyEvent::MP::DataConn and a message. If the current port dies first f isn't called.
func (c *Context) OpenData(to string, timeout time.Duration, function string, args []any, f func(self *Context, conn net.Conn)) error {
	s, port := c.shard, c.own()
	var watch *Monitor
	o, err := s.node.newOpening(to, timeout, function, args, func(from *shard, conn *DataConn, err error) {
		from.to(s, loop.Func(func() { // after OpenData has returned
			if watch == nil {
				return
			}
			watch.Cancel()
			switch {
			case err != nil:
				port.die(NewReason(dataconn.Reason, err.Error()))
			case port.dead.Load():
				_ = conn.Close()
			default:
				c.give(conn, func() { f(c, conn) })
			}
		}))
	})
	if err != nil {
		return err
	}
	watch, err = s.ctx.Monitor(port.ID(), func(*Context, Reason) { o.courier.Kill() })
	if err != nil {
		o.courier.Kill()
		return err
	}
	s.to(o.data.shard, loop.Func(o.start))
	return nil
}

// give runs a callback of the program's that gets a connection; if it fails nobody has it.
func (c *Context) give(conn net.Conn, f func()) {
	given := false
	c.protect(func() { f(); given = true })
	if !given {
		_ = conn.Close()
	}
}

// near is the shard on which a port that talks with another has no hop to make.
func (n *Node) near(id string) *shard {
	node, port := codec.SplitPortID(id)
	if node != n.id {
		if p := n.peers.get(node); p != nil {
			return p.shard
		}
		return n.shards[0]
	}
	if p := n.ports.get(port); p != nil {
		return p.shard
	}
	return n.shards[0]
}
