package kernel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
)

// Options are what a node is made of.
type Options struct {
	// Links is what the node says of itself and accepts; New validates it. An empty
	// Instance is filled in.
	Links link.Config
	// Timing and Marks of the links; zero: the defaults.
	Timing link.Timing
	Marks  link.Marks
	// MonitorTimeout bounds an attempt to reach a node, and a handshake (0: 30 s).
	MonitorTimeout time.Duration
	// ConnectInterval is the pause between attempts at a node's addresses (0: 2 s).
	ConnectInterval time.Duration
	// Secure refuses every request that names a function, remote spawns too.
	Secure bool
	// MaxPorts bounds the ports that live at once (0: a default of millions).
	MaxPorts int
	Logger   *slog.Logger

	bounds *bounds // nil: the defaults
	trace  *trace
	faults faults
}

// A Node is a process's place in the network. Its ports and peers live on the loops of one
// group, which may be shared with other nodes. Methods may be called from any
// goroutine unless they say otherwise.
type Node struct {
	id              string
	links           *link.Config
	timing          link.Timing
	marks           link.Marks
	rules           link.Rules // of all outboxes
	monitorTimeout  time.Duration
	connectInterval time.Duration
	secure          bool
	maxPorts        int
	bounds          *bounds
	log             *slog.Logger
	prefix          string
	shards          []*shard
	ports           *table[Port]
	peers           *table[peer]
	routes          routes
	calls           *calls
	callers         sync.Pool // of *Caller
	names           atomic.Uint64
	moments         atomic.Uint64 // counts: what has the lower number came first
	nextPort        atomic.Uint64
	nextPeer        atomic.Uint64
	handshakes      atomic.Int64
	closing         atomic.Bool
	ending          atomic.Pointer[closing] // once it is closing
	panics          atomic.Uint64
	drops           drops
	obituaries      obituaries
	blocks          blocks
	faults          faults
	trace           *trace
	database        Database // nil: none
	databasePort    *Port

	// The first shard's.
	linked  map[string]*linked  // nodes of which watchers know that they are up
	lookups map[string][]lookup // unanswered, by node

	mu        sync.Mutex
	functions map[string]Handler
	dataFuncs map[string]dataFunction
	known     map[string][]netip.AddrPort
	watchers  map[int]func(node string, up bool)
	watcherID int
	listeners []listener
	outcomes  map[string]uint64
	limiter   limiter
}

// New makes a node on a group's loops. It has no listeners yet and knows nobody.
func New(g loop.Group, o Options) (*Node, error) {
	loops := g.Loops()
	cfg := o.Links
	random := func(n int) []byte {
		b := make([]byte, n)
		loops[0].Random(b)
		return b
	}
	if cfg.Extensions && cfg.Instance == "" {
		cfg.Instance = Unique(random(12))
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	n := &Node{
		id:              cfg.Node,
		links:           &cfg,
		timing:          o.Timing,
		marks:           o.Marks,
		monitorTimeout:  cmp.Or(o.MonitorTimeout, DefaultMonitorTimeout),
		connectInterval: cmp.Or(o.ConnectInterval, DefaultConnectInterval),
		secure:          o.Secure,
		maxPorts:        cmp.Or(o.MaxPorts, maxPorts),
		bounds:          cmp.Or(o.bounds, &defaultBounds),
		trace:           o.trace,
		faults:          o.faults,
		log:             o.Logger,
		prefix:          Unique(random(12)),
		ports:           newTable[Port](),
		peers:           newTable[peer](),
		functions:       map[string]Handler{},
		dataFuncs:       map[string]dataFunction{},
		known:           map[string][]netip.AddrPort{},
		watchers:        map[int]func(string, bool){},
		linked:          map[string]*linked{},
		lookups:         map[string][]lookup{},
		outcomes:        map[string]uint64{},
	}
	if n.log == nil {
		n.log = slog.New(slog.DiscardHandler)
	}
	if n.marks == (link.Marks{}) {
		n.marks = link.DefaultMarks
	}
	if n.timing == (link.Timing{}) {
		n.timing = link.DefaultTiming
	}
	n.timing.Handshake = n.monitorTimeout
	n.rules = link.Rules{
		Limits: n.links.Limits,
		Marks:  n.marks,
		Fit:    []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}, // the original knows no msgpack
		Loops:  len(loops),
	}
	for i, l := range loops {
		n.shards = append(n.shards, newShard(n, i, l))
	}
	n.calls = newCalls(n)
	if err := n.nodePort(); err != nil {
		return nil, err
	}
	return n, nil
}

// ID is the node's ID, which is also the ID of its own port.
func (n *Node) ID() string { return n.id }

// Loop is the loop on which node events and the callbacks of DialSeed come.
func (n *Node) Loop() loop.Loop { return n.shards[0].loop }

// Logger is where the node logs.
func (n *Node) Logger() *slog.Logger { return n.log }

// MonitorTimeout bounds waiting for a node.
func (n *Node) MonitorTimeout() time.Duration { return n.monitorTimeout }

// NewPort makes a port with no handlers: set them before you give its ID away. A
// message that it has no handler for kills it (unhandled_message).
func (n *Node) NewPort() (*Port, error) {
	return n.newPort(n.place(&n.nextPort), n.portName(), nil)
}

// NewMailbox makes a port whose messages wait for Receive.
func (n *Node) NewMailbox() (*Port, error) {
	return n.newPort(n.place(&n.nextPort), n.portName(), func(p *Port) { p.box = newMailbox(p) })
}

// NewNamedPort makes a port with a name that the program chooses, so that others can know
// its ID without being told. A name that is in use is refused with an *IDError.
func (n *Node) NewNamedPort(name string) (*Port, error) {
	if name == "" || strings.ContainsAny(name, "#\x00\r\n") || len(name) > maxPortName {
		return nil, &IDError{"port name", name, errors.New("empty, too long, or with #, NUL, CR or LF")}
	}
	return n.newPort(n.place(&n.nextPort), name, nil)
}

// place spreads ports, or peers, over the loops by turns. Both begin with the same one, so that a
// program with one port and one peer has no hop between them; nodes that share loops don't.
func (n *Node) place(next *atomic.Uint64) *shard {
	return n.shards[(hash(n.id)+next.Add(1))%uint64(len(n.shards))]
}

// Do runs f on a loop, in the context of no port: a way from a goroutine to a handler's means.
func (n *Node) Do(f func(self *Context)) error {
	s := n.shards[0]
	if n.closing.Load() {
		return ErrClosed
	}
	if s.inbox.run(loop.Func(func() { s.ctx.protect(func() { f(&s.ctx) }) })) {
		s.inbox.wake()
	}
	return nil
}

// enter runs f on the shard's loop; from any goroutine.
func (s *shard) enter(f func()) {
	if s.inbox.run(loop.Func(f)) {
		s.inbox.wake()
	}
}

// sortedKeys: iterating in a fixed order keeps a simulation repeatable.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// randomFloat is uniform in [0, 1).
func randomFloat(l loop.Loop) float64 {
	var b [8]byte
	l.Random(b[:])
	return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
}
