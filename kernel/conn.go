package kernel

import (
	"errors"
	"net/netip"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// conn is one connection in the kernel's eyes: it belongs to whoever accepted or
// dialled it until the greeting tells the peer, and to the peer from then on.
// It implements link.Owner.
type conn struct {
	node     *Node
	link     *link.Link
	peer     *peer
	id       int
	want     string                       // dialled to reach this node
	done     func(node string, err error) // dialled to find out who answers
	doneOn   *shard
	home     *shard // whose loop it belongs to, as the peer's, or is on its way to; for the loop that dialled
	born     uint64
	counted  bool // against maxHandshakes
	verified bool // the peer has proved itself
	reported bool
	feed     feed
	last     *Port // where the previous message went
	row      row
}

// accept makes the handler for an incoming connection, or refuses it.
func (n *Node) accept(remote netip.AddrPort) loop.Handler {
	if n.closing.Load() {
		return nil
	}
	if n.handshakes.Add(1) > maxHandshakes {
		n.handshakes.Add(-1)
		n.outcome("crowded", remote.String(), "", errors.New("too many handshakes at once"))
		return nil
	}
	c := &conn{node: n, counted: true, born: n.moments.Add(1)}
	c.link = link.New(n.links, &n.timing, c, netip.AddrPort{})
	return c.link
}

// dial connects from shard s to an address, to reach the node want or, if that is
// empty, whoever is there.
func (s *shard) dial(addr netip.AddrPort, want string) *conn {
	c := &conn{node: s.node, want: want, doneOn: s, born: s.node.moments.Add(1)}
	c.link = link.New(s.node.links, &s.node.timing, c, addr)
	c.link.Dial(s.loop)
	return c
}

func (c *conn) Place(l *link.Link) (loop.Loop, error) {
	k := l.Peer()
	switch {
	case c.node.closing.Load() && c.want == "":
		return nil, ErrClosed
	case l.Handshake().IsSelf():
		kind := "is this node"
		if l.Handshake().IsTwin() {
			kind = "another process claims this node's ID"
		}
		return nil, &link.HandshakeError{Kind: link.OwnID, Detail: kind, Peer: k.Node}
	case k.Purpose == dataconn.Purpose:
		return c.forData(l), nil
	case k.Purpose != "":
		// Authenticated first, so that a stranger learns nothing (protocol 2.1).
	case c.want != "" && c.want != k.Node:
		c.node.unlearn(c.want, l.Dialed)
		return nil, &WrongNodeError{c.want, k.Node}
	}
	p, err := c.node.peerFor(k.Node)
	if err != nil {
		return nil, err
	}
	c.home = p.shard
	return p.shard.loop, nil
}

func (c *conn) Greeted(l *link.Link) error {
	p, err := c.node.peerFor(l.Peer().Node)
	if err != nil {
		return err
	}
	if p.shard != c.home {
		return errGivenUp // the peer was forgotten meanwhile, and is now another, with another loop
	}
	return p.join(c)
}

func (c *conn) Ready(l *link.Link) {
	k := l.Peer()
	if c.born < c.peer.chosen && c.peer.survivor.Decides(k.Extended) {
		l.Close(link.ErrNotChosen) // or the peer couldn't tell which choice is the later one
		return
	}
	c.peer.apply(c.peer.survivor.Ready(c.id, k.Extended, k.Instance))
}

func (c *conn) Verified(l *link.Link) {
	c.settle()
	c.verified = true
	if p := l.Peer().Purpose; p != "" {
		l.Close(&link.HandshakeError{Kind: link.Purpose, Detail: p, Peer: l.Peer().Node})
		return
	}
	c.peer.apply(c.peer.survivor.Verified(c.id))
}

// settle: the connection no longer counts as a stranger's.
func (c *conn) settle() {
	if c.counted {
		c.counted = false
		c.node.handshakes.Add(-1)
	}
}

// A row is what was found out about messages that begin alike.
type row struct {
	port   *Port
	tag    *tagged // whose handler gets them; nil: it isn't decided by the tag
	octets int     // of the beginning: the list's head, the port's name, and the tag if it has one
	values int
}

// Arrived: what goroutines posted before they sent what this may be the answer to is still in
// the inbox, since they write to the link themselves. A handler or a monitor perhaps.
func (c *conn) Arrived(*link.Link) {
	if s := c.peer.shard; s.inbox.filled.Load() {
		s.drain()
	}
}

// Message routes what has arrived on the link. body is borrowed.
func (c *conn) Message(l *link.Link, body []byte, again bool) {
	if r := &c.row; again && r.port != nil && !r.port.dead.Load() { // a dead one's name may be in use again
		switch p, s := r.port, c.peer.shard; {
		case p.shard != s:
			c.peer.received++
			s.hand(p, &c.feed, codec.Behind(body, r.octets, r.values))
			return
		case r.tag != nil && r.tag == p.latest:
			c.peer.received++
			p.call(r.tag.handler, codec.Behind(body, r.octets, r.values))
			return
		}
	}
	c.first(l, body)
}

// first deals with a message of which nothing is known.
func (c *conn) first(l *link.Link, body []byte) {
	n := c.node
	name, m, err := codec.Split(body)
	if err != nil || name == nil {
		n.drops.ignored.Add(1)
		return
	}
	c.peer.received++
	if len(name) == 0 {
		c.peer.request(m, &c.feed)
		return
	}
	p := c.last
	repeats := p != nil && p.name == string(name) && !p.dead.Load() // a dead one's name may be in use again
	if !repeats {
		if p = n.ports.getBytes(name); p == nil {
			if !n.calls.arrived(c.peer.shard, name, m) {
				n.drops.unknown.Add(1)
			}
			return
		}
		c.last = p
	}
	if p.shard == c.peer.shard {
		p.deliver(m, &c.feed)
	} else {
		c.peer.shard.hand(p, &c.feed, m)
	}
	if repeats {
		c.remember(l, p, body, name)
	}
}

// remember begins a row with a message that has just been dealt with.
func (c *conn) remember(l *link.Link, p *Port, body, name []byte) {
	end := 2 + len(name)
	if body[0]&0xf0 != 0x90 || body[1] != 0xa0|byte(len(name)) || len(name) > 31 {
		return // not as short as most
	}
	r := row{port: p, octets: end, values: 1}
	if t := p.latest; p.shard == c.peer.shard {
		if t == nil || p.box != nil {
			return
		}
		if _, ok := codec.Behind(body, end, 1).CutIf(t.tag); !ok {
			return
		}
		r.tag = t
		r.octets += 1 + len(t.tag)
		r.values++
	}
	c.row = r
	l.Remember(body[:r.octets], r.values)
}

// Panicked kills the port whose handler it was.
func (c *conn) Panicked(_ *link.Link, r any) {
	if !c.peer.shard.panicked(r) {
		panic(r) // a defect of ours
	}
}

func (c *conn) ProbeAnswered(*link.Link) {
	c.peer.probe.Stop()
	c.peer.apply(c.peer.survivor.ProbeAnswered())
}

func (c *conn) Closed(l *link.Link, err error) {
	c.settle()
	c.last, c.row = nil, row{}
	n := c.node
	switch {
	case l.WasUp():
	case c.spare(err):
		n.count("spare")
	case !c.expected(err):
		n.refused(c, err)
	}
	if c.peer != nil {
		c.peer.closed(c, err)
		return
	}
	if c.want != "" {
		// Dialled by a peer and never got as far as a greeting.
		if p := n.peers.get(c.want); p != nil {
			c.here().to(p.shard, loop.Func(func() { p.dialFailed(c, err) }))
		}
	}
	c.report(err)
}

// spare says that the connection wasn't needed: another one with the same peer is the
// link, or may still become it, and one side had proved itself on this one (crossing
// connects), or the peer, which was dialled as a seed again, has hung up.
func (c *conn) spare(err error) bool {
	if c.peer == nil {
		return false
	}
	if c.verified || c.link.Proved() {
		return c.peer.live != nil || len(c.peer.conns) > 1
	}
	var hs *link.HandshakeError
	return c.peer.live != nil && c.link.Dialed.IsValid() && errors.As(err, &hs) && hs.Kind == link.CutShort
}

// expected says that the end of a connection is no failure to tell anybody about.
func (c *conn) expected(err error) bool {
	return errors.Is(err, link.ErrNotChosen) || errors.Is(err, link.ErrConnected) || errors.Is(err, ErrClosed) ||
		errors.Is(err, loop.ErrStopped) || errors.Is(err, errGivenUp)
}

var errGivenUp = errors.New("no longer needed")

// here is the shard on whose loop a dialled connection lives now.
func (c *conn) here() *shard { return c.node.shards[c.link.Loop().Index()] }

// report tells who dialled without knowing whom, once.
func (c *conn) report(err error) {
	if c.done == nil || c.reported {
		return
	}
	c.reported = true
	node := ""
	if c.link.Known() {
		node = c.link.Peer().Node
	}
	var hs *link.HandshakeError
	if errors.As(err, &hs) && hs.Kind == link.OwnID && !c.link.Handshake().IsTwin() {
		err = ErrSelf
	}
	if errors.Is(err, link.ErrNotChosen) || errors.Is(err, link.ErrConnected) {
		err = nil // there is a link, another one
	}
	done := c.done
	c.here().to(c.doneOn, loop.Func(func() { done(node, err) }))
}
