package kernel

import (
	"fmt"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop"
)

// The messages to a node's own port (protocol 4).

func nodeMessage(args ...any) codec.Message {
	m, err := codec.MessageOf(args...)
	if err != nil {
		panic(err) // plain strings
	}
	return m
}

func mon1(port string) codec.Message           { return nodeMessage("mon1", port) }
func mon0(port string) codec.Message           { return nodeMessage("mon0", port) }
func kil0(port string, r Reason) codec.Message { return join(nodeMessage("kil0", port), r.m) }
func kil1(port string, r Reason) codec.Message { return join(nodeMessage("kil1", port), r.m) }

const spawnRequest = "AnyEvent::MP::_spawn"

// request is a peer's message to our node port.
func (p *peer) request(m codec.Message, f *feed) {
	tag, ok := m.Tag()
	if !ok {
		return // keepalive, or nothing that could be a request
	}
	args := m.Args()
	args.Skip()
	switch string(tag) {
	case "mon1":
		if port := args.Text(); args.Err() == nil {
			p.monitored(port)
		}
	case "mon0":
		if port := args.Text(); args.Err() == nil { // nil for a node: nothing to undo
			p.unmonitored(port)
		}
	case "kil0":
		if port := args.Text(); args.Err() == nil {
			p.sawDeath(port, reasonOf(args.Rest()))
		}
	case dataconn.ExpectRequest:
		p.shard.data.expect(p, args)
	case dataconn.ConnectRequest:
		p.shard.data.dialBack(p, args)
	default:
		if isDatabase(tag) {
			p.forDatabase(m, f)
			return
		}
		p.node.request(p.shard, string(tag), args, p)
	}
}

// request is a message to the node port that anybody may send, also a local port.
func (n *Node) request(s *shard, tag string, args codec.Args, from *peer) {
	switch tag {
	case "kil1":
		port := args.Text()
		r := reasonOf(args.Rest())
		if args.Err() != nil || port == "" {
			n.drops.ignored.Add(1)
			return
		}
		switch p := n.port(port); {
		case p == nil:
		case p.shard == s:
			p.die(r) // the next message mustn't reach it any more
		default:
			s.to(p.shard, loop.Func(func() { p.die(r) }))
		}
	case "snd":
		to := args.Text()
		m := args.Rest()
		n.relay(s, from, args.Err(), to, m)
	case "can":
		what := args.Text()
		to := args.Text()
		m := args.Rest()
		n.relay(s, from, args.Err(), to, with(m, n.can(what)))
	case "time":
		to := args.Text()
		m := args.Rest()
		n.relay(s, from, args.Err(), to, with(m, float64(s.loop.Wall().UnixNano())/float64(time.Second)))
	case "eval":
		args.Skip()
		if args.More() {
			to := args.Text()
			m := args.Rest()
			n.relay(s, from, args.Err(), to, with(m, "eval: not supported by this node"))
		}
	case "devnull", "":
	case spawnRequest:
		n.spawnRequest(s, args, from)
	default:
		n.callFunction(s, tag, args.Rest())
	}
}

// isDatabase: requests of the distributed database. Only peers make them.
func isDatabase(tag []byte) bool { return len(tag) > 2 && tag[0] == 'g' && tag[1] == '_' }

// requests are the tags that request and peer.request know.
var requests = map[string]bool{
	"mon1": true, "mon0": true, "kil0": true, "kil1": true, "snd": true, "can": true, "time": true,
	"eval": true, "devnull": true, spawnRequest: true,
	dataconn.ExpectRequest: true, dataconn.ConnectRequest: true,
}

// can says whether a tag would be served now.
func (n *Node) can(tag string) bool {
	names := tag == spawnRequest || tag == dataconn.ExpectRequest // a function
	return requests[tag] && !(names && n.secure) || n.function(tag) != nil
}

// relay answers a request, or sends on what it asks for.
func (n *Node) relay(s *shard, from *peer, bad error, to string, m codec.Message) {
	if bad != nil || to == "" {
		n.drops.ignored.Add(1)
		return
	}
	if from != nil {
		// Like a message that comes straight from the peer, lest a later one overtakes it.
		// Not to the node's own port: requests in requests would nest.
		node, port := codec.SplitPortID(to)
		if p := n.ports.get(port); node == n.id && port != "" && p != nil && p.shard == s {
			p.deliver(m, nil)
			return
		}
	}
	n.ignore(s.send(to, m))
}

// ignore counts what goes wrong with a request: nobody waits for the error.
func (n *Node) ignore(err error) {
	if err != nil {
		n.drops.ignored.Add(1)
		n.log.Debug("request failed", "node", n.id, "reason", err.Error())
	}
}

// with is a message with a further argument.
func with(m codec.Message, arg any) codec.Message {
	raw := append(make([]byte, 0, len(m.Raw())+16), m.Raw()...)
	b, err := codec.AppendArgs(raw, []any{arg})
	if err != nil {
		panic(err) // a plain value
	}
	return codec.ArgsMessage(b, m.Len()+1)
}

// nodePort is the port with the empty name: it takes the messages that local ports
// and goroutines send to their own node.
func (n *Node) nodePort() error {
	_, err := n.newPort(n.shards[0], "", func(p *Port) {
		p.fallback = func(self *Context, m codec.Message) {
			if tag, ok := m.Tag(); ok {
				args := m.Args()
				args.Skip()
				n.request(self.shard, string(tag), args, nil)
			}
		}
	})
	return err
}

// callFunction runs a registered function as a request.
func (n *Node) callFunction(s *shard, name string, m codec.Message) {
	f := n.function(name)
	switch {
	case n.secure:
		n.log.Warn("request refused: secure", "node", n.id, "function", fmt.Sprintf("%.80q", name))
		n.drops.ignored.Add(1)
	case f == nil:
		n.log.Debug("no such function", "node", n.id, "function", fmt.Sprintf("%.80q", name))
		n.drops.ignored.Add(1)
	default:
		s.ctx.protect(func() { f(&s.ctx, m) })
	}
}
