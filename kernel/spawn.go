package kernel

import (
	"fmt"
	"strings"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// Register makes a function known by name, such as "Pkg::func": other nodes can
// spawn ports that it initialises, and call it as a node request (with a Context
// that has no port). A nil function removes the name. Any goroutine.
func (n *Node) Register(name string, f Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if f == nil {
		delete(n.functions, name)
		return
	}
	n.functions[name] = f
}

func (n *Node) function(name string) Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.functions[name]
}

// Spawn makes a port on a node, here or elsewhere, and calls there the registered
// function with args in the new port's context. It returns the port's ID at once;
// monitor it to learn of a failure. The function runs after Spawn has returned.
func (n *Node) Spawn(node, function string, args ...any) (port string, err error) {
	if node == n.id {
		p, init, err := n.spawnHere(function, args)
		if err != nil {
			return "", err
		}
		p.shard.enter(init)
		return p.ID(), nil
	}
	m, err := spawnMessage(n, node, function, args)
	if err != nil {
		return "", err
	}
	return m.id, n.Forward(node, m.message)
}

// Spawn is Node.Spawn for handlers.
func (c *Context) Spawn(node, function string, args ...any) (port string, err error) {
	n := c.shard.node
	if node == n.id {
		p, init, err := n.spawnHere(function, args)
		if err != nil {
			return "", err
		}
		c.shard.to(p.shard, loop.Func(init))
		return p.ID(), nil
	}
	m, err := spawnMessage(n, node, function, args)
	if err != nil {
		return "", err
	}
	return m.id, c.shard.send(node, m.message)
}

// spawnHere makes the port at once, since the caller may send to it or monitor it
// next. init, to be run on the port's shard, calls the function.
func (n *Node) spawnHere(function string, args []any) (p *Port, init func(), err error) {
	m, err := codec.MessageOf(args...)
	if err != nil {
		return nil, nil, err
	}
	p, err = n.newPort(n.place(&n.nextPort), n.portName(), func(p *Port) { p.spawned = true })
	return p, func() { p.start(function, m) }, err
}

type spawning struct {
	id      string
	message codec.Message
}

func spawnMessage(n *Node, node, function string, args []any) (spawning, error) {
	if err := codec.ValidPeerID(node); err != nil {
		return spawning{}, &IDError{"node ID", node, err}
	}
	m, err := codec.MessageOf(args...)
	if err != nil {
		return spawning{}, err
	}
	name := n.portName()
	return spawning{node + "#" + name, join(nodeMessage(spawnRequest, name, function), m)}, nil
}

// spawnRequest makes the port that a node asks for. It exists from now on, so that a
// failure has somebody to die of it.
func (n *Node) spawnRequest(s *shard, args codec.Args, from *peer) {
	name := args.Text()
	function := args.Text()
	m := args.Rest()
	if args.Err() != nil || name == "" || strings.ContainsAny(name, "#\x00\r\n") || len(name) > maxPortName {
		n.drops.ignored.Add(1)
		return
	}
	p, err := n.newPort(s, name, func(p *Port) { p.spawned = true })
	if err != nil {
		n.log.Warn("spawn refused", "node", n.id, "port", fmt.Sprintf("%.80q", name), "reason", err.Error())
		n.obituaries.bury(name, NewReason("overload", err.Error()))
		return
	}
	p.start(function, m)
}

// start calls the function that initialises a spawned port; on its shard.
func (p *Port) start(function string, m codec.Message) {
	n := p.node
	switch f := n.function(function); {
	case p.dead.Load():
	case n.secure:
		p.die(die("spawn refused: node is secure"))
	case f == nil:
		p.die(die(fmt.Sprintf("no such function '%.80s'", function)))
	default:
		p.call(f, m)
	}
}

// maxPortName bounds the name that a spawner chooses.
const maxPortName = 255

// portName is a new name: a random prefix of this node's and a counter, so that no
// name is ever used twice.
func (n *Node) portName() string {
	return n.prefix + counter(n.names.Add(1))
}

// counter writes a number in letters, as the original does.
func counter(i uint64) string {
	var b [16]byte
	return string(appendCounter(b[:0], i))
}

func appendCounter(to []byte, i uint64) []byte {
	var b [16]byte
	at := len(b)
	for {
		at--
		b[at] = byte('a' + i%26)
		if i /= 26; i == 0 {
			return append(to, b[at:]...)
		}
	}
}
