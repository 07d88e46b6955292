package kernel

import (
	"errors"
	"fmt"
	"net"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
)

// DataHandler gets a raw connection that another node has opened, with the arguments that
// came with the function's name; both may be kept. It runs on a loop, in the context of no
// port, and must not block: it gives the connection, which is a *DataConn, to a goroutine.
type DataHandler func(self *Context, m codec.Message, c net.Conn)

// dataFunction is what a name means to others who open raw connections.
type dataFunction struct {
	f        DataHandler
	listener *dataListener // whose f that is, or nil
}

// RegisterData makes a function known by a name, such as "Pkg::func", that gets the raw connections
// which other nodes open with it. A nil function removes the name. Any goroutine.
func (n *Node) RegisterData(name string, f DataHandler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f == nil {
		delete(n.dataFuncs, name)
		return
	}
	n.dataFuncs[name] = dataFunction{f: f}
}

func (n *Node) dataFunction(name string) (DataHandler, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f, ok := n.dataFuncs[name]; ok {
		return f.f, nil
	}
	return nil, fmt.Errorf("no such function '%.80s'", name)
}

var (
	errSecure  = errors.New("node is secure")
	errForeign = errors.New("not the node that asks")
)

// awaited is a raw connection that another node has announced.
type awaited struct {
	port string // to be killed when it comes to nothing
	args codec.Message
	f    DataHandler
}

// expect is the request _expect.
func (d *dataConns) expect(from *peer, args codec.Args) {
	n := d.shard.node
	a, err := dataconn.ReadAnnouncement(args)
	if err != nil {
		n.ignore(err)
		return
	}
	name := dataconn.Name{Node: from.id, ID: a.ID}
	w := &awaited{port: a.Port}
	if w.f, err = n.wanted(a.Function); err != nil {
		w.refuse(d.shard, name, err.Error())
		return
	}
	actions, err := d.machine.Await(d.shard.loop.Now(), name, a.Timeout)
	if err != nil {
		w.refuse(d.shard, name, err.Error())
		return
	}
	w.args = a.Args.Clone()
	d.add(name, &dataEnd{awaited: w})
	d.apply(actions)
}

// wanted is the function of an announcement, if it may be called from outside.
func (n *Node) wanted(function string) (DataHandler, error) {
	if n.secure {
		n.log.Warn("request refused: secure", "node", n.id, "function", fmt.Sprintf("%.80q", function))
		n.drops.ignored.Add(1)
		return nil, errSecure
	}
	return n.dataFunction(function)
}

// dialBack is the request _connect. Only who has announced a connection can be dialled for it.
func (d *dataConns) dialBack(from *peer, args codec.Args) {
	id, node, err := dataconn.ReadDialBack(args)
	if err == nil && node != from.id {
		err = &IDError{"node to dial back", node, errForeign}
	}
	if err != nil {
		d.shard.node.ignore(err)
		return
	}
	d.apply(d.machine.DialBack(dataconn.Name{Node: from.id, ID: id}))
}

func (w *awaited) serve(s *shard, c *DataConn) {
	c.args = w.args
	s.ctx.give(c, func() { w.f(&s.ctx, w.args, c) })
}

// fail tells the port of the other node that asked. As in the original a time-out has no message.
func (w *awaited) fail(s *shard, name dataconn.Name, err error) {
	if e, ok := err.(*dataconn.Error); ok && e.Kind == dataconn.TimedOut {
		w.refuse(s, name)
		return
	}
	w.refuse(s, name, err.Error())
}

// refuse kills the port in whose name the connection was announced, if there is still a way to it.
func (w *awaited) refuse(s *shard, name dataconn.Name, message ...any) {
	node, port := codec.SplitPortID(w.port)
	if node != name.Node || port == "" || !s.node.NodeIsUp(node) {
		return
	}
	r := NewReason(append([]any{dataconn.Reason}, message...)...)
	s.node.ignore(s.send(node, kil1(port, r)))
}
