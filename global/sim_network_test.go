package global

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/history"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// simNet is one run: a plan's nodes in a world of their own, with a history.
type simNet struct {
	simPlan
	w     *sim.World
	r     *rand.Rand
	h     *history.History
	nodes []*simNode
	over  bool // no more actions and faults
	met   simTally
	fault planted
	log   *slog.Logger
	looks int
}

// simNode is a node with its lives.
type simNode struct {
	simNodePlan
	net  *simNet
	host *sim.Host
	addr netip.AddrPort
	life *simLife // nil: it is down
	dead bool     // for good
}

// simBase is a node's part in the database, ours or the original's, as programs and
// checks see it. All but set and remove is called on the node's loop.
type simBase interface {
	set(family, key, value string) error
	remove(family string, keys ...string) error
	watch(l *simLife, family string) *simWatch
	query(family string, kind QueryKind, patience time.Duration, done func(map[string]string, error))
	promote()
	master() string // "": none, or global
	global() bool
	ready() bool // it is global, or known to its master
	held() []simHolding
	behind() bool // something waits until another node has read more
	close()
}

// simLife is one life of a node.
type simLife struct {
	*simNode
	group    *sim.Group
	n        *kernel.Node
	p        *history.Process
	base     simBase
	gone     bool
	closing  bool
	held     map[string]map[string]string // what its programs have set: family → key → value
	ports    []*simPort
	watches  []*simWatch
	count    int    // of values, of actors, of watches
	lead     string // the master that look has seen
	promoted bool
}

func newSimNet(p simPlan, f planted, log *slog.Logger) *simNet {
	net := &simNet{simPlan: p, fault: f, log: log, w: sim.New(p.world)}
	net.r = net.w.Rand()
	net.h = history.New(net.w.Now)
	for _, np := range p.nodes {
		x := &simNode{simNodePlan: np, net: net, host: net.w.Host(np.id)}
		x.addr = netip.AddrPortFrom(x.host.Addr(), 4040)
		x.host.Skew(np.skew)
		net.nodes = append(net.nodes, x)
	}
	for _, x := range net.nodes {
		x.start()
	}
	net.plague(p.crash, net.crashAny)
	net.plague(p.swap, net.loseMaster)
	net.plague(p.split, net.splitGlobals)
	if p.dark > 0 {
		net.w.After(p.dark, net.blackout)
	}
	net.look()
	return net
}

// exp draws a time with that mean.
func (net *simNet) exp(mean time.Duration) time.Duration {
	return time.Duration(net.r.ExpFloat64() * float64(mean))
}

func (net *simNet) oneIn(n int) bool { return net.r.IntN(n) == 0 }

// start begins a life of the node.
func (x *simNode) start() {
	net := x.net
	l := &simLife{simNode: x, group: x.host.Group(x.loops), p: net.h.Start(x.id), held: map[string]map[string]string{}}
	o := kernel.Options{
		Links:           link.Config{Node: x.id, Secret: []byte("geheim"), Extensions: !x.original},
		Timing:          net.timing,
		Marks:           net.marks,
		MonitorTimeout:  net.bound,
		ConnectInterval: 500 * time.Millisecond,
		Logger:          slog.New(&simLog{l, net.log}),
	}
	if x.original {
		o.Links.Framings = []codec.Framing{codec.CBOR, codec.JSON}
		if x.json {
			o.Links.Framings = []codec.Framing{codec.JSON}
		}
	}
	n, err := kernel.New(l.group, o)
	if err != nil {
		panic(err)
	}
	l.n = n
	x.life = l
	var seeds []netip.AddrPort
	for _, i := range x.seeds {
		seeds = append(seeds, netip.AddrPortFrom(net.w.Host(net.simPlan.nodes[i].id).Addr(), 4040))
	}
	if x.original {
		l.base = newSimOriginal(l, seeds)
	} else {
		l.base = newSimOurs(l, seeds)
	}
	n.Listen([]netip.AddrPort{x.addr}, func(_ []netip.AddrPort, err error) {
		if err != nil && !errors.Is(err, kernel.ErrClosed) {
			panic(err)
		}
	})
	l.serveData()
	for range x.simNodePlan.ports {
		l.makePort()
	}
	for range x.actors {
		l.routine()
	}
}

// inside runs f on the node's first loop, unless the process ends before.
func (l *simLife) inside(f func()) {
	err := l.n.Do(func(*kernel.Context) {
		if !l.gone && !l.closing {
			f()
		}
	})
	if err != nil && err != kernel.ErrClosed {
		panic(err)
	}
}

// look looks at all nodes from time to time.
func (net *simNet) look() {
	net.looks++
	for _, x := range net.living() {
		if !x.life.closing {
			x.life.look()
		}
	}
	net.w.After(20*time.Millisecond, net.look)
}

// look notes changes of the master and, now and then, what a node may never believe.
func (l *simLife) look() {
	net := l.net
	if !l.promoted && l.base.global() {
		l.promoted = true
		net.met.Promotions++
	}
	if lead := l.base.master(); lead != l.lead {
		l.lead = lead
		if lead != "" {
			net.met.Masters++
		}
	}
	if ours, ok := l.base.(*simOurs); ok && ours.global() && net.looks%4 == 0 {
		ours.checkStale()
	}
}

// plague lets something bad happen again and again, as long as there are faults.
func (net *simNet) plague(mean time.Duration, do func()) {
	if mean == 0 {
		return
	}
	net.w.After(net.exp(mean), func() {
		if !net.over {
			do()
			net.plague(mean, do)
		}
	})
}

func (net *simNet) crashAny() { net.crash(net.nodes[net.r.IntN(len(net.nodes))]) }

// crash ends a process, which comes back after a while.
func (net *simNet) crash(x *simNode) {
	l := x.life
	if l == nil || l.closing {
		return
	}
	away := net.exp(time.Second)
	if net.over {
		away = 0
	}
	switch net.r.IntN(5) {
	case 0:
		net.met.Vanished++
		l.end()
		l.group.Vanish()
	case 1:
		net.met.PowerFailures++
		l.end()
		x.host.Down()
	case 2:
		net.met.Closed++
		l.closing = true
		l.p.Crashed() // nothing is owed to it from now on
		l.base.close()
		l.n.StartClose(func(map[string]int) {
			net.w.After(0, func() {
				l.gone, x.life = true, nil
				if err := l.group.Close(); err != nil {
					panic(err)
				}
				net.w.After(away, x.restart)
			})
		})
		return
	default:
		net.met.Crashed++
		l.end()
		l.group.Crash()
	}
	net.w.After(away, x.restart)
}

func (l *simLife) end() {
	l.p.Crashed()
	l.gone = true
	l.life = nil
}

func (x *simNode) restart() {
	if x.life != nil || x.dead {
		return
	}
	x.host.Up()
	x.net.met.Restarts++
	x.start()
}

// blackout is a power failure of everything.
func (net *simNet) blackout() {
	for _, x := range net.nodes {
		if l := x.life; !net.over && l != nil && !l.closing {
			net.met.PowerFailures++
			l.end()
			x.host.Down()
			net.w.After(net.exp(time.Second), x.restart)
		}
	}
}

// loseMaster takes a master from a node that has one. A node that has none for ever is
// restarted: an original which is stuck, or one that was promoted.
func (net *simNet) loseMaster() {
	var slaves, others []*simNode
	for _, x := range net.nodes {
		switch {
		case x.life == nil || x.life.closing:
		case !x.life.base.global():
			slaves = append(slaves, x)
		case !net.isSeed(x):
			others = append(others, x)
		}
	}
	if len(slaves) == 0 {
		if len(others) > 0 {
			net.crash(others[net.r.IntN(len(others))])
		}
		return
	}
	x := slaves[net.r.IntN(len(slaves))]
	switch {
	case x.life.lead == "":
		return
	case x.original && !x.life.base.ready():
		net.crash(x)
		return
	}
	master := net.node(x.life.lead)
	switch net.r.IntN(8) {
	case 0:
		net.crash(master)
	case 1, 2:
		net.cut(x, master, net.exp(2*net.timing.Silence))
	default:
		net.w.Reset(x.host, master.host, sim.Harm(net.r.IntN(3)))
	}
}

// living are the nodes that aren't down.
func (net *simNet) living() []*simNode {
	var all []*simNode
	for _, x := range net.nodes {
		if x.life != nil {
			all = append(all, x)
		}
	}
	return all
}

func (net *simNet) isSeed(x *simNode) bool {
	return slices.ContainsFunc(net.nodes, func(y *simNode) bool {
		return slices.ContainsFunc(y.seeds, func(i int) bool { return net.nodes[i] == x })
	})
}

// splitGlobals parts two global nodes for a while.
func (net *simNet) splitGlobals() {
	var globals []*simNode
	for _, x := range net.nodes {
		if x.life != nil && x.life.base.global() {
			globals = append(globals, x)
		}
	}
	if len(globals) < 2 {
		return
	}
	i := net.r.IntN(len(globals))
	j := (i + 1 + net.r.IntN(len(globals)-1)) % len(globals)
	net.met.Splits++
	net.cut(globals[i], globals[j], net.exp(2*net.timing.Silence))
}

func (net *simNet) cut(a, b *simNode, during time.Duration) {
	there, back := net.w.Link(a.host, b.host), net.w.Link(b.host, a.host)
	there.Cut()
	back.Cut()
	net.w.After(during, func() {
		there.Heal()
		back.Heal()
	})
}

func (net *simNet) node(id string) *simNode {
	return net.nodes[slices.IndexFunc(net.nodes, func(x *simNode) bool { return x.id == id })]
}

// simLog looks for what must not be logged.
type simLog struct {
	l    *simLife
	copy *slog.Logger
}

func (b *simLog) Enabled(_ context.Context, level slog.Level) bool {
	return b.copy != nil || level >= slog.LevelError
}
func (b *simLog) WithAttrs([]slog.Attr) slog.Handler { return b }
func (b *simLog) WithGroup(string) slog.Handler      { return b }

func (b *simLog) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		text := r.Message
		r.Attrs(func(a slog.Attr) bool {
			if a.Key == "reason" {
				text += ": " + a.Value.String()
			}
			return true
		})
		b.l.p.Left(fmt.Sprintf("lines of the log with an error, the last one: %s", text), 1)
	}
	if b.copy == nil {
		return nil
	}
	c := r.Clone()
	c.AddAttrs(slog.String("at", b.l.net.w.Now().String()))
	return b.copy.Handler().Handle(ctx, c)
}
