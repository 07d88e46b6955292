package kernel

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/history"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// network is one run: a plan's nodes in a world of their own, with a history.
type network struct {
	plan
	w     *sim.World
	r     *rand.Rand
	h     *history.History
	nodes []*simNode
	ports []string // IDs that actors aim at
	over  bool     // no more actions
	met   tally
	fault planted
	log   *slog.Logger

	opened  uint64 // raw connections
	streams map[[2]any]*rawStream
	served  map[uint64]bool

	// What the outbox has told of the message that is being sent.
	traced  bool
	epoch   uint64
	dropped bool
}

// simNode is a node with its lives.
type simNode struct {
	nodePlan
	net  *network
	host *sim.Host
	addr []netip.AddrPort
	proc *process // nil: it is down
}

// process is one life of a node.
type process struct {
	*simNode
	group    *sim.Group
	n        *Node
	p        *history.Process
	gone     bool
	named    map[string]*actor // its ports
	outboxes map[string]*outboxLife
	planned  uint64 // panics of handlers
	using    int    // raw connections
}

// outboxLife tells an outbox from an earlier one for the same node, whose epochs
// began from 0, too.
type outboxLife struct {
	peer *peer
	base uint64
}

const epochsPerOutbox = 1 << 32

func newNetwork(p plan, f planted, log *slog.Logger) *network {
	net := &network{plan: p, fault: f, log: log, w: sim.New(p.world), served: map[uint64]bool{}}
	net.r = net.w.Rand()
	net.h = history.New(net.w.Now)
	for _, np := range p.nodes {
		x := &simNode{nodePlan: np, net: net, host: net.w.Host(np.id)}
		for a := range np.addresses {
			x.addr = append(x.addr, netip.AddrPortFrom(x.host.Addrs()[a], 4040))
		}
		net.nodes = append(net.nodes, x)
	}
	for _, x := range net.nodes {
		x.start()
	}
	if p.crash > 0 {
		net.w.After(net.exp(p.crash), net.crashAny)
	}
	return net
}

// exp draws a time with that mean.
func (net *network) exp(mean time.Duration) time.Duration {
	return time.Duration(net.r.ExpFloat64() * float64(mean))
}

func (net *network) oneIn(n int) bool { return net.r.IntN(n) == 0 }

// start begins a life of the node.
func (x *simNode) start() {
	net := x.net
	p := &process{
		simNode: x, group: x.host.Group(x.loops), p: net.h.Start(x.id),
		named: map[string]*actor{}, outboxes: map[string]*outboxLife{},
	}
	o := Options{
		Links:           link.Config{Node: x.id, Secret: []byte("geheim"), Extensions: !x.perl},
		Timing:          net.timing,
		Marks:           net.marks,
		MonitorTimeout:  net.attempts,
		ConnectInterval: 500 * time.Millisecond,
		Logger:          net.log,
		bounds:          net.bounds,
		trace:           p.trace(),
	}
	if x.perl {
		o.Links.Framings = []codec.Framing{codec.CBOR, codec.JSON}
	}
	if net.tls {
		o.Links.Identity = &loop.Identity{Model: "net"}
	}
	if net.fault.kind != 0 {
		o.faults = faults{planted: net.fault.kind, strike: net.strike}
	}
	n, err := New(p.group, o)
	if err != nil {
		panic(err)
	}
	p.n = n
	x.proc = p
	n.Register("sim::worker", p.worker)
	n.RegisterData("sim::data", p.serveData)
	for i := range x.nodePlan.ports {
		p.makePort(fmt.Sprintf("p%d", i))
	}
	for _, other := range net.nodes {
		if other != x && !net.oneIn(4) {
			n.SetAddresses(other.id, net.rumours(other)...)
		}
	}
	n.WatchNodes(func(node string, up bool) {
		p.p.NodeEvent(node, up)
		if up {
			net.met.Ups++
		} else {
			net.met.Downs++
		}
	})
	n.Listen(x.addr, func(_ []netip.AddrPort, err error) {
		if err != nil {
			panic(err)
		}
	})
	for i := range x.goroutines {
		g := &goroutine{actor: actor{proc: p, name: fmt.Sprintf("g%d", i)}}
		net.w.Go(g.run)
	}
	if x.mailbox {
		p.makeMailbox()
	}
}

// rumours are a node's addresses as others know them, with false ones among them.
func (net *network) rumours(x *simNode) []netip.AddrPort {
	var all []netip.AddrPort
	if net.oneIn(6) {
		all = append(all, netip.MustParseAddrPort("192.0.2.1:4040")) // a black hole
	}
	if net.oneIn(6) {
		all = append(all, netip.AddrPortFrom(x.host.Addr(), 9)) // refused
	}
	if net.oneIn(6) {
		all = append(all, net.nodes[net.r.IntN(len(net.nodes))].addr[0]) // perhaps another node
	}
	return append(all, x.addr...)
}

// trace writes the kernel's own doings into the history.
func (p *process) trace() *trace {
	net := p.net
	return &trace{
		onAccepted: func(to *peer, epoch uint64, dropped bool, _ []byte) {
			net.traced, net.epoch, net.dropped = true, p.base(to)+epoch, dropped
		},
		onFailing: func(to *peer) {
			p.p.Failing(to.id)
			net.met.Failures++
		},
		onIdle:   func(to *peer) { p.p.Idle(to.id) },
		onProved: p.onProved,
		onDied: func(port *Port) {
			if a := p.named[port.name]; a != nil {
				delete(p.named, port.name)
				p.p.PortDied(port.name)
			}
		},
	}
}

func (p *process) base(to *peer) uint64 {
	o := p.outboxes[to.id]
	switch {
	case o == nil:
		o = &outboxLife{peer: to}
		p.outboxes[to.id] = o
	case o.peer != to:
		o.peer = to
		o.base += epochsPerOutbox
	}
	return o.base
}

// onProved counts the times that one side has proved itself on two connections with
// the same node.
func (p *process) onProved(c *conn) {
	for _, other := range c.peer.conns {
		if other != c && other.link.Proved() {
			p.net.met.Crossings++
			return
		}
	}
}

// crashAny ends a process, which comes back after a while.
func (net *network) crashAny() {
	if net.over {
		return
	}
	net.w.After(net.exp(net.crash), net.crashAny)
	x := net.nodes[net.r.IntN(len(net.nodes))]
	if x.proc == nil || x.proc.n.closing.Load() {
		return
	}
	p := x.proc
	away := net.exp(time.Second)
	switch net.r.IntN(5) {
	case 0:
		net.met.Vanished++
		p.end()
		p.group.Vanish()
	case 1:
		net.met.PowerFailures++
		p.end()
		x.host.Down()
	case 2:
		net.met.Closed++
		p.n.StartClose(func(map[string]int) {
			net.w.After(0, func() {
				p.p.Left("senders waiting for a closed node", p.p.Open("wait"))
				p.end()
				if err := p.group.Close(); err != nil {
					panic(err)
				}
				net.w.After(away, x.restart)
			})
		})
		return
	default:
		net.met.Crashed++
		p.end()
		p.group.Crash()
	}
	net.w.After(away, x.restart)
}

func (p *process) end() {
	p.p.Crashed()
	p.gone = true
	p.simNode.proc = nil
}

func (x *simNode) restart() {
	if x.proc != nil {
		return
	}
	x.host.Up()
	x.net.met.Restarts++
	x.start()
}

// heal ends all faults.
func (net *network) heal() {
	net.over = true
	net.h.Note("faults end")
	net.w.StopFaults()
}

// introduce tells everybody where everybody is.
func (net *network) introduce() {
	for _, x := range net.nodes {
		for _, other := range net.nodes {
			if other != x {
				x.proc.n.SetAddresses(other.id, other.addr...)
			}
		}
	}
}
