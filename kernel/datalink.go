package kernel

import (
	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// dataLink is a connection that is to become a raw one, until it is taken: it implements
// link.Owner in the place of its conn.
type dataLink struct {
	*conn
	data   *dataConns
	name   dataconn.Name
	number int // the machine's; 0: not yet
}

// dial connects to one of a node's addresses.
func (d *dataConns) dial(a dataconn.Action) {
	n := d.shard.node
	l := &dataLink{conn: &conn{node: n, want: a.Name.Node}, data: d, name: a.Name, number: a.Conn}
	l.link = link.New(n.links, &n.timing, l, a.Addr)
	l.link.For(dataconn.Purpose, codec.Key{Name: dataconn.Key, Value: a.Name.ID, HasValue: true})
	d.links[a.Conn] = l
	l.link.Dial(d.shard.loop)
}

// forData makes an accepted connection a dataLink, where its greeting says so.
func (c *conn) forData(l *link.Link) loop.Loop {
	k := l.Peer()
	id, _ := l.Handshake().Key(dataconn.Key)
	s := c.node.near(k.Node)
	l.SetOwner(&dataLink{conn: c, data: &s.data, name: dataconn.Name{Node: k.Node, ID: id}})
	return s.loop
}

// Place: of a connection that was dialled.
func (c *dataLink) Place(l *link.Link) (loop.Loop, error) {
	if got := l.Peer().Node; got != c.want {
		c.node.unlearn(c.want, l.Dialed)
		return nil, &WrongNodeError{c.want, got}
	}
	return c.data.shard.loop, nil
}

func (c *dataLink) Greeted(*link.Link) error {
	if c.node.closing.Load() {
		return ErrClosed
	}
	if c.number == 0 {
		c.number = c.data.machine.Accepted(c.name)
		c.data.links[c.number] = c
	}
	return nil
}

func (c *dataLink) Ready(l *link.Link) {
	c.data.apply(c.data.machine.Ready(c.number, l.Peer().Extended))
}

func (c *dataLink) Verified(*link.Link) {
	c.settle()
	c.data.apply(c.data.machine.Verified(c.number))
}

// end closes it as the machine wants it.
func (c *dataLink) end(err error) {
	if err == dataconn.ErrUnknown {
		err = &link.HandshakeError{Kind: link.Purpose, Detail: err.Error(), Peer: c.name.Node}
	}
	c.link.Close(err)
}

// surplus: another connection was taken, or nobody wants one any more.
func (c *dataLink) surplus(err error) bool {
	return err == dataconn.ErrNotNeeded || c.want != "" && c.data.ends[c.name] == nil
}

func (c *dataLink) Closed(_ *link.Link, err error) {
	c.settle()
	if !c.surplus(err) && !c.expected(err) {
		c.node.refused(c.conn, err)
	}
	if c.number == 0 {
		return
	}
	delete(c.data.links, c.number)
	c.data.apply(c.data.machine.Ended(c.data.shard.loop.Now(), c.number, err))
}
