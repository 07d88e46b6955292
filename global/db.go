package global

import (
	"bytes"
	"context"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop"
)

// Options is how a node takes part in the database.
type Options struct {
	// Global makes the node global from the start.
	Global bool
	// Quotas bound what this node may hold and, if it is global, what it keeps of each
	// other one. Zero fields: the defaults.
	Quotas Quotas
	// Keeper keeps connections to the other global nodes. Without one they are only
	// connected when they are first heard of.
	Keeper Keeper
	// Logger is where to log. Default: the node's, with its ID.
	Logger *slog.Logger
}

// A Keeper keeps nodes connected that aren't seeds. It is called on the node's loop.
type Keeper interface {
	Keep(node string)
	Release(node string)
}

// A DB is the distributed database as a node's program sees it: families of keys, each
// of which is there as long as the node that has set it. Its methods may be called from
// any goroutine and in handlers, unless they say otherwise.
type DB struct {
	node  *kernel.Node
	loop  loop.Loop
	local *Local
	log   *slog.Logger

	master atomic.Pointer[string]
	global atomic.Bool
	stats  atomic.Pointer[Stats] // as the machine counted last
	closed atomic.Bool
	ended  chan struct{} // closed when it is

	watches atomic.Int64
	queries atomic.Int64
	number  atomic.Uint64 // of the last query

	mu         sync.Mutex
	registered map[*kernel.Port]*registration

	// The rest belongs to the loop.
	machine  *Machine
	keeper   Keeper
	timer    loop.Timer // the machine's
	pause    loop.Timer // until what is set here is taken again
	taken    time.Duration
	flushing bool
	families map[string]*watched
	asking   map[uint64]*query
}

// An input is one call of the machine.
type input func(now time.Duration) []Action

// New makes a node's database and installs it. Call it before the node listens and
// dials; once its addresses are known, Announce them.
func New(n *kernel.Node, o Options) *DB {
	d := &DB{
		node:       n,
		loop:       n.Loop(),
		log:        o.Logger,
		ended:      make(chan struct{}),
		registered: map[*kernel.Port]*registration{},
		keeper:     o.Keeper,
		families:   map[string]*watched{},
		asking:     map[uint64]*query{},
	}
	if d.log == nil {
		d.log = n.Logger().With("node", n.ID())
	}
	none := ""
	d.master.Store(&none)
	d.stats.Store(&Stats{})
	d.local = newLocal(n.ID(), o.Quotas, d.loop.Wall, func() { d.loop.Post((*changedTask)(d)) })
	d.machine = NewMachine(Config{
		Node:           n.ID(),
		Local:          d.local,
		MonitorTimeout: n.MonitorTimeout(),
		Quotas:         o.Quotas.withDefaults(),
		Crowded:        n.Crowded,
	})
	d.Announce(nil) // may have the loop take it at once, so not before there is a machine
	n.SetDatabase((*peers)(d))
	if o.Global {
		d.BecomeGlobal()
	}
	return d
}

// Announce says where this node listens, which is how others find it. Nothing: nobody
// can connect to it.
func (d *DB) Announce(addrs []netip.AddrPort) {
	list := make([]string, len(addrs))
	for i, a := range addrs {
		list[i] = a.String()
	}
	b, err := codec.AppendArgs(nil, []any{list})
	if err != nil {
		panic(err) // a list of texts
	}
	d.local.setInternal(familyNodes, d.node.ID(), b)
}

// Master is the global node that this one relies on; "" if there is none, or if this one
// is global itself. It may change at any moment.
func (d *DB) Master() string { return *d.master.Load() }

// IsGlobal says whether this node is a global one. That is for ever.
func (d *DB) IsGlobal() bool { return d.global.Load() }

// BecomeGlobal makes this node a global one: it keeps the whole database, and a
// connection to each other global node.
func (d *DB) BecomeGlobal() { d.post(d.machine.Promote) }

// Promote, SeedUp and SeedDown are what the seeds tell (seeds.Observer).
func (d *DB) Promote() { d.BecomeGlobal() }

func (d *DB) SeedUp(node string) {
	d.post(func(now time.Duration) []Action { return d.machine.SeedUp(now, node) })
}

func (d *DB) SeedDown(node string) {
	d.post(func(now time.Duration) []Action { return d.machine.SeedDown(now, node) })
}

// Close ends all watches and lets everybody who waits go, with ErrClosed. The node's
// peers learn by the end of the links.
func (d *DB) Close() {
	if d.closed.Swap(true) {
		return
	}
	d.local.Close()
	close(d.ended)
	d.loop.Post(loop.Func(d.finish))
}

func (d *DB) finish() {
	for _, t := range []loop.Timer{d.timer, d.pause} {
		if t != nil {
			t.Stop()
		}
	}
	for _, number := range sortedKeys(d.asking) {
		d.answer(number, codec.Value{}, kernel.ErrClosed)
	}
	clear(d.families)
}

// post gives the machine an input, from any goroutine.
func (d *DB) post(in input) { d.loop.Post(loop.Func(func() { d.input(in) })) }

// input gives the machine an input; on the loop. What it asks for is done before the next
// one, since its actions don't last longer: nothing that is done here causes an input at
// once, callbacks of programs neither. Whatever they want is posted.
func (d *DB) input(in input) {
	if d.closed.Load() {
		return
	}
	d.work(in(d.loop.Now()))
	d.count()
	if d.machine.Dirty() && !d.flushing {
		d.flushing = true
		d.loop.Later((*flushTask)(d))
	}
}

// work does what the machine asked for.
func (d *DB) work(actions []Action) {
	for i := 0; i < len(actions); i++ { // may grow
		if err := d.do(&actions[i]); err != nil {
			actions = d.machine.Failed(d.loop.Now(), i, err)
		}
	}
}

// do does one action. The error is that a Send can't be carried by the node's framing.
func (d *DB) do(a *Action) error {
	switch a.Do {
	case Send:
		return d.node.Tell(a.Node, a.Message)
	case AwaitRoom:
		d.awaitRoom(a.Node)
	case SetTimer:
		d.setTimer(a.At)
	case Found:
		d.node.Found(a.Node, a.Addrs)
	case Answer:
		d.answer(a.Query, a.Result, nil)
	case Changed:
		d.changed(a)
	case Keep:
		if d.keeper != nil {
			d.keeper.Keep(a.Node)
		} else {
			d.node.Connect(a.Node)
		}
	case Release:
		if d.keeper != nil {
			d.keeper.Release(a.Node)
		}
	case Promoted:
		d.global.Store(true)
	case MasterIs:
		master := a.Node
		d.master.Store(&master)
	case Log:
		d.write(a)
	}
	return nil
}

// awaitRoom tells the machine when there is room in the queue to a node.
func (d *DB) awaitRoom(node string) {
	d.node.WhenRoom(node, func() {
		d.post(func(now time.Duration) []Action { return d.machine.Room(now, node) })
	})
}

func (d *DB) setTimer(at time.Duration) {
	if d.timer == nil {
		d.timer = d.loop.NewTimer(loop.Func(func() { d.input(d.machine.Tick) }))
	}
	d.timer.Reset(at - d.loop.Now())
}

// A flushTask has the machine tell what changed, once at the end of the turn.
type flushTask DB

func (t *flushTask) Run() {
	d := (*DB)(t)
	d.flushing = false
	d.input(d.machine.Flush)
}

// A changedTask is posted when Local has something to take.
type changedTask DB

func (t *changedTask) Run() { (*DB)(t).localChanged() }

// localChanged takes what was set here: at once after a silence, and no more often than
// every takePause, so that a burst becomes few messages.
func (d *DB) localChanged() {
	now := d.loop.Now()
	if d.pause == nil {
		d.pause = d.loop.NewTimer(loop.Func(d.localChanged))
		d.taken = now - takePause
	}
	if wait := d.taken + takePause - now; wait > 0 {
		d.pause.Reset(wait)
		return
	}
	d.take(now)
}

func (d *DB) take(now time.Duration) {
	d.taken = now
	d.input(d.machine.LocalChanged)
}

// takeNow doesn't wait for the end of the pause, since somebody wants to read what he has set.
func (d *DB) takeNow() {
	if d.pause != nil && d.pause.Stop() {
		d.take(d.loop.Now())
	}
}

func (d *DB) write(a *Action) {
	var attrs []any
	if a.Node != "" {
		attrs = append(attrs, "peer", a.Node)
	}
	if a.Line.Err != nil {
		attrs = append(attrs, "reason", a.Line.Err)
	}
	d.log.Log(context.Background(), a.Line.Level, a.Line.Text, attrs...)
}

// random is uniform below n. Any goroutine.
func (d *DB) random(n int) int {
	var b [8]byte
	d.loop.Random(b[:])
	return int(binary.BigEndian.Uint64(b[:]) % uint64(n))
}

// peers is the database as the kernel sees it.
type peers DB

func (p *peers) NodeUp(node string, ours bool) {
	d := (*DB)(p)
	d.input(func(now time.Duration) []Action { return d.machine.NodeUp(now, node, ours) })
}

func (p *peers) NodeDown(node string) {
	d := (*DB)(p)
	d.input(func(now time.Duration) []Action { return d.machine.NodeDown(now, node) })
}

func (p *peers) Request(from string, m codec.Message) (err error) {
	d := (*DB)(p)
	if isQuestion(m) {
		d.takeNow()
	}
	d.input(func(now time.Duration) (actions []Action) {
		actions, err = d.machine.Message(now, from, m)
		return actions
	})
	return err
}

// isQuestion says whether a request wants to know what there is.
func isQuestion(m codec.Message) bool {
	tag, _ := m.Tag()
	return string(tag) == "g_mon1" || bytes.HasPrefix(tag, []byte("g_db_"))
}

func (p *peers) Find(node string) {
	d := (*DB)(p)
	if d.closed.Load() {
		d.node.Found(node, nil)
		return
	}
	d.input(func(now time.Duration) []Action { return d.machine.Find(now, node) })
}
