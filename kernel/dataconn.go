package kernel

import (
	"cmp"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop"
)

// A DataConn is a raw connection with another node (protocol 7). Once it is there it belongs
// to the program alone: it has no heartbeat, and it stays when the link between the nodes
// is lost or the node is closed.
type DataConn struct {
	net.Conn
	node string
	args codec.Message
}

// Node is the node at the other end.
func (c *DataConn) Node() string { return c.node }

// Args are what the initiator gave with the function's name; empty at the initiator. They may be kept.
func (c *DataConn) Args() codec.Message { return c.args }

// CloseWrite ends our direction: the other side reads EOF, and may go on writing.
func (c *DataConn) CloseWrite() error {
	return c.Conn.(interface{ CloseWrite() error }).CloseWrite() // every loop's has it
}

// dataConns are a shard's raw connections until the program gets them. They are with
// nodes whose peers live here, and all of it belongs to the shard's loop.
type dataConns struct {
	shard   *shard
	machine *dataconn.Machine
	ends    map[dataconn.Name]*dataEnd
	links   map[int]*dataLink // by the machine's numbers
}

// dataEnd is one of our ends.
type dataEnd struct {
	timer   loop.Timer
	opening *opening // opened here, or
	awaited *awaited // announced to us
}

func newDataConns(s *shard) dataConns {
	d := dataConns{shard: s, machine: dataconn.NewMachine(), ends: map[dataconn.Name]*dataEnd{}, links: map[int]*dataLink{}}
	d.machine.Yield = !s.node.links.Extensions
	return d
}

// add prepares an end that the machine knows, or is about to know.
func (d *dataConns) add(name dataconn.Name, e *dataEnd) {
	l := d.shard.loop
	e.timer = l.NewTimer(loop.Func(func() { d.apply(d.machine.Tick(l.Now(), name)) }))
	d.ends[name] = e
}

// drop forgets an end.
func (d *dataConns) drop(name dataconn.Name) *dataEnd {
	e := d.ends[name]
	if e != nil {
		e.timer.Stop()
		delete(d.ends, name)
	}
	return e
}

// apply does what the machine wants.
func (d *dataConns) apply(actions []dataconn.Action) {
	for _, a := range actions {
		switch a.Do {
		case dataconn.Announce:
			d.announce(a.Name)
		case dataconn.Find:
			d.find(a.Name)
		case dataconn.AskBack:
			d.askBack(a.Name)
		case dataconn.Dial:
			d.dial(a)
		case dataconn.Prove:
			d.prove(a.Conn)
		case dataconn.Take:
			d.take(a)
		case dataconn.Close:
			d.links[a.Conn].end(a.Err)
		case dataconn.Fail:
			d.fail(a.Name, a.Err)
		case dataconn.SetTimer:
			if e := d.ends[a.Name]; e != nil {
				e.timer.Reset(a.At - d.shard.loop.Now())
			}
		}
	}
}

// find looks up where a node listens: where it has been met, or else in the database.
func (d *dataConns) find(name dataconn.Name) {
	n, s := d.shard.node, d.shard
	found := func(addrs []netip.AddrPort) {
		d.apply(d.machine.Found(s.loop.Now(), name, addrs))
	}
	if addrs := n.addresses(name.Node); len(addrs) > 0 || n.database == nil {
		found(addrs)
		return
	}
	s.lookUp(name.Node, found)
}

func (d *dataConns) prove(number int) {
	l := d.links[number].link
	if err := l.SendProof(); err != nil {
		l.Close(err)
	}
}

// take gives the connection to whoever waits for it.
func (d *dataConns) take(a dataconn.Action) {
	l := d.links[a.Conn]
	delete(d.links, a.Conn)
	e := d.drop(a.Name)
	c, err := l.link.Detach()
	if err != nil { // it has just broken
		e.fail(d, a.Name, &dataconn.Error{Kind: dataconn.Refused, Node: a.Name.Node, Err: err})
		return
	}
	d.shard.node.count("ok")
	e.succeed(d, &DataConn{Conn: c, node: a.Name.Node})
}

func (d *dataConns) fail(name dataconn.Name, err error) {
	if e := d.drop(name); e != nil {
		e.fail(d, name, err)
	}
}

func (e *dataEnd) succeed(d *dataConns, c *DataConn) {
	if e.opening != nil {
		e.opening.finish(c, nil)
		return
	}
	e.awaited.serve(d.shard, c)
}

func (e *dataEnd) fail(d *dataConns, name dataconn.Name, err error) {
	if e.opening != nil {
		e.opening.finish(nil, err)
		return
	}
	e.awaited.fail(d.shard, name, err)
}

// names are the ends' names, in a fixed order.
func (d *dataConns) names() []dataconn.Name {
	return slices.SortedFunc(maps.Keys(d.ends), func(a, b dataconn.Name) int {
		return cmp.Or(cmp.Compare(a.Node, b.Node), cmp.Compare(a.ID, b.ID))
	})
}

// close ends everything: the node is closing. Ends that were opened here end with their ports.
func (d *dataConns) close() {
	for _, name := range d.names() {
		if d.ends[name].awaited != nil {
			d.drop(name)
			d.apply(d.machine.Cancel(name))
		}
	}
	for _, number := range sortedKeys(d.links) {
		d.links[number].end(ErrClosed)
	}
}
