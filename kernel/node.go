package kernel

import (
	"cmp"
	"encoding/binary"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sort"
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
	fit             []codec.Framing
	timing          link.Timing
	marks           link.Marks
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
	names           atomic.Uint64
	moments         atomic.Uint64 // counts: what has the lower number came first
	next            atomic.Uint64
	handshakes      atomic.Int64
	closing         atomic.Bool
	ending          atomic.Pointer[closing] // once it is closing
	panics          atomic.Uint64
	drops           drops
	obituaries      obituaries
	blocks          blocks
	faults          faults
	trace           *trace
	told            map[string]struct{} // nodes of which watchers know that they are up; the first shard's

	mu        sync.Mutex
	functions map[string]Handler
	known     map[string][]netip.AddrPort
	watchers  map[int]func(node string, up bool)
	watcherID int
	listeners []listener
	outcomes  map[string]uint64
	limiter   limiter
}

type listener struct {
	shard *shard
	l     loop.Listener
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
		known:           map[string][]netip.AddrPort{},
		watchers:        map[int]func(string, bool){},
		told:            map[string]struct{}{},
		outcomes:        map[string]uint64{},
	}
	// What a peer might choose to read: the original knows no msgpack.
	n.fit = []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}
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
	for i, l := range loops {
		n.shards = append(n.shards, newShard(n, i, l))
	}
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
	return n.newPort(n.place(), n.portName(), nil)
}

// NewMailbox makes a port whose messages wait for Receive.
func (n *Node) NewMailbox() (*Port, error) {
	return n.newPort(n.place(), n.portName(), func(p *Port) { p.box = newMailbox(p) })
}

// NewNamedPort makes a port with a name that the program chooses, so that others can know
// its ID without being told. A name that is in use is refused with an *IDError.
func (n *Node) NewNamedPort(name string) (*Port, error) {
	if name == "" || strings.ContainsAny(name, "#\x00\r\n") || len(name) > maxPortName {
		return nil, &IDError{"port name", name, errors.New("empty, too long, or with #, NUL, CR or LF")}
	}
	return n.newPort(n.place(), name, nil)
}

// place spreads ports over the loops.
func (n *Node) place() *shard { return n.shards[n.next.Add(1)%uint64(len(n.shards))] }

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

// Listen binds to addresses, each on one of the loops, and gives the real ones. If
// one fails those before it are closed again.
func (n *Node) Listen(addrs []netip.AddrPort, done func([]netip.AddrPort, error)) {
	got := make([]netip.AddrPort, len(addrs))
	errs := make([]error, len(addrs))
	left := len(addrs)
	if left == 0 {
		n.shards[0].enter(func() { done(nil, nil) })
		return
	}
	for i, addr := range addrs {
		s := n.shards[i%len(n.shards)]
		s.enter(func() {
			l, err := s.loop.Listen(addr, n.accept)
			if err != nil {
				errs[i] = &BindError{Bind: addr.String(), Err: err}
			} else {
				got[i] = l.Addr()
			}
			n.mu.Lock()
			switch {
			case err != nil:
			case n.closing.Load(): // Unlisten has been here already
				errs[i] = ErrClosed
				l.Close()
			default:
				n.listeners = append(n.listeners, listener{s, l})
			}
			left--
			last := left == 0
			n.mu.Unlock()
			if !last {
				return
			}
			if err := errors.Join(errs...); err != nil {
				n.unlisten(func(l listener) bool { return slices.Contains(got, l.l.Addr()) })
				done(nil, err)
				return
			}
			done(got, nil)
		})
	}
}

// enter runs f on the shard's loop; from any goroutine.
func (s *shard) enter(f func()) {
	if s.inbox.run(loop.Func(f)) {
		s.inbox.wake()
	}
}

// Unlisten closes all listeners; connections stay.
func (n *Node) Unlisten() { n.unlisten(func(listener) bool { return true }) }

func (n *Node) unlisten(which func(listener) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.listeners = slices.DeleteFunc(n.listeners, func(l listener) bool {
		if !which(l) {
			return false
		}
		l.shard.enter(l.l.Close)
		return true
	})
}

// SetAddresses says where a node can be reached. With none, it is forgotten.
func (n *Node) SetAddresses(node string, addrs ...netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(addrs) == 0 {
		delete(n.known, node)
		return
	}
	n.known[node] = slices.Clone(addrs)
}

func (n *Node) addresses(node string) []netip.AddrPort {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.known[node]
}

func (n *Node) knows(node string) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	_, ok := n.known[node]
	return ok
}

// DialSeed connects to whoever is at an address. done is called once on Loop: with
// the node's ID and no error when there is a link to it; with ErrSelf when it is this node;
// else with the reason, and the ID if it got that far. The address is remembered
// as that node's. Call it on Loop; cancel there, too.
func (n *Node) DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func()) {
	s := n.shards[0]
	canceled := false
	c := s.dial(addr, "")
	c.done = func(node string, err error) {
		if canceled {
			return
		}
		if err == nil {
			n.learn(node, addr)
		}
		done(node, err)
	}
	return func() {
		canceled = true
		if !c.placed {
			c.link.Close(errGivenUp)
		}
	}
}

// learn adds an address at which a node answered.
func (n *Node) learn(node string, addr netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	known := n.known[node]
	if slices.Contains(known, addr) {
		return
	}
	if len(known) >= maxLearned {
		known = known[1:]
	}
	n.known[node] = append(slices.Clone(known), addr)
}

// unlearn removes an address at which another node answered.
func (n *Node) unlearn(node string, addr netip.AddrPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[node] = slices.DeleteFunc(slices.Clone(n.known[node]), func(a netip.AddrPort) bool { return a == addr })
	if len(n.known[node]) == 0 {
		delete(n.known, node)
	}
}

// WatchNodes calls f on Loop for each link that comes up or is lost, a node-down after
// all monitors have fired. First come those that are up.
func (n *Node) WatchNodes(f func(node string, up bool)) (cancel func()) {
	n.mu.Lock()
	n.watcherID++
	id := n.watcherID
	n.watchers[id] = nil // until those that are up have been told
	n.mu.Unlock()
	s := n.shards[0]
	s.enter(func() {
		n.mu.Lock()
		_, wanted := n.watchers[id]
		if wanted {
			n.watchers[id] = f
		}
		n.mu.Unlock()
		if !wanted {
			return
		}
		for _, node := range sortedKeys(n.told) {
			s.ctx.protect(func() { f(node, true) })
		}
	})
	return func() {
		n.mu.Lock()
		delete(n.watchers, id)
		n.mu.Unlock()
	}
}

// event tells of a node; on the first shard.
func (n *Node) event(node string, up bool) {
	if up {
		n.told[node] = struct{}{}
	} else {
		delete(n.told, node)
	}
	n.mu.Lock()
	fs := make([]func(string, bool), 0, len(n.watchers))
	for _, id := range sortedKeys(n.watchers) {
		if f := n.watchers[id]; f != nil {
			fs = append(fs, f)
		}
	}
	n.mu.Unlock()
	for _, f := range fs {
		n.shards[0].ctx.protect(func() { f(node, up) })
	}
}

// UpNodes lists the nodes with which there is a link, sorted.
func (n *Node) UpNodes() []string {
	var up []string
	for _, p := range n.peers.all() {
		if p.up.Load() {
			up = append(up, p.id)
		}
	}
	sort.Strings(up)
	return up
}

// NodeIsUp says whether there is a link with the node; a node is always up for itself.
func (n *Node) NodeIsUp(node string) bool {
	if node == n.id {
		return true
	}
	p := n.peers.get(node)
	return p != nil && p.up.Load()
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
