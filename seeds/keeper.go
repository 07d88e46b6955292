package seeds

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
	"github.com/aemp-go/aemp/loop"
)

// A Network is what the Keeper needs of the node. Its methods are called on Loop,
// and all callbacks come there, never inside the call that asked for them.
type Network interface {
	// Loop is where the Keeper lives.
	Loop() loop.Loop

	// DialSeed shakes hands with whoever answers at the address and calls done
	// once. Without an error the link to the node is up, or was up already; an
	// error that is ErrSelf means that it is this node; the node may be known
	// even with an error. After cancel, done isn't called.
	DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func())

	// WatchNodes calls changed for each node that is connected, then for each
	// link that comes up or ends.
	WatchNodes(changed func(node string, up bool))
}

// An Observer is told what the seeds mean to the database. It is called on the
// Keeper's loop.
type Observer interface {
	// Promote: a seed is this node, so it has to be global. At most once.
	Promote()
	// SeedUp: a node that answers at a seed's address is connected.
	SeedUp(node string)
	// SeedDown: its connection ended, or another node answers there now.
	SeedDown(node string)
}

// Options is what a Keeper is to do.
type Options struct {
	Seeds   []Seed
	Sources []Source // of more seeds; CheckSources has nothing against them
	// MonitorTimeout bounds the pause between two attempts.
	MonitorTimeout time.Duration
	Observer       Observer
	// Report, if it is there, is told what is wrong with a seed or a source, by its
	// name, whenever that changes; nil: nothing any more. The name is empty for all
	// seeds together: ErrNoSeed. On the loop.
	Report func(name string, err error)
	Logger *slog.Logger
}

// A Keeper runs a Machine on a loop: it finds the seeds and keeps them connected
// until it is closed. Everything of it belongs to the loop.
type Keeper struct {
	network  Network
	loop     loop.Loop
	machine  *Machine
	sources  map[string]Source
	patience time.Duration // with a source
	observer Observer
	report   func(string, error)
	log      *slog.Logger
	timer    loop.Timer
	dials    []*attempt
	asked    []*question
	closed   bool
}

// An attempt is a dial that isn't done.
type attempt struct{ cancel func() }

// NewKeeper makes a Keeper, to be started. Any goroutine.
func NewKeeper(n Network, o Options) *Keeper {
	k := &Keeper{
		network:  n,
		loop:     n.Loop(),
		sources:  make(map[string]Source),
		patience: o.MonitorTimeout,
		observer: o.Observer,
		report:   o.Report,
		log:      o.Logger,
	}
	var listings []Listing
	for _, s := range o.Sources {
		k.sources[s.String()] = s
		listings = append(listings, Listing{s.String(), refreshOf(s)})
	}
	k.machine = NewMachine(o.Seeds, listings, o.MonitorTimeout, func() float64 { return random(k.loop) })
	return k
}

// Start begins to dial. Once, on the loop.
func (k *Keeper) Start() {
	if k.closed {
		return
	}
	k.timer = k.loop.NewTimer(loop.Func(func() { k.apply(k.machine.Tick(k.loop.Now())) }))
	k.network.WatchNodes(k.nodeChanged)
	k.apply(k.machine.Tick(k.loop.Now()))
}

// Close ends all attempts; links stay. On the loop.
func (k *Keeper) Close() {
	if k.closed {
		return
	}
	k.closed = true
	if k.timer != nil {
		k.timer.Stop()
	}
	for _, a := range k.dials {
		a.cancel()
	}
	for _, q := range k.asked {
		q.end()
	}
	k.dials, k.asked = nil, nil
}

// random draws from [0, 1).
func random(l loop.Loop) float64 {
	var p [8]byte
	l.Random(p[:])
	return float64(binary.BigEndian.Uint64(p[:])>>11) / (1 << 53)
}

func (k *Keeper) nodeChanged(node string, up bool) {
	if up {
		k.apply(k.machine.NodeUp(k.loop.Now(), node))
	} else {
		k.apply(k.machine.NodeDown(k.loop.Now(), node))
	}
}

// apply does what the machine asked for. An observer may close the Keeper.
func (k *Keeper) apply(actions []Action) {
	for _, a := range actions {
		if k.closed {
			return
		}
		k.do(a)
	}
}

func (k *Keeper) do(a Action) {
	switch a.Do {
	case Ask:
		k.ask(a.Source)
	case Resolve:
		k.resolve(a.Seed)
	case Dial:
		k.dial(a.Addr)
	case SetTimer:
		k.timer.Reset(a.At - k.loop.Now())
	case Promote:
		k.observer.Promote()
	case SeedUp:
		k.observer.SeedUp(a.Node)
	case SeedDown:
		k.observer.SeedDown(a.Node)
	case Log:
		k.write(a)
	case Report:
		if k.report != nil {
			k.report(a.name(), a.Line.Err)
		}
	}
}

func (k *Keeper) resolve(seed Seed) {
	hostport.Resolve(k.loop, seed.Place, func(addrs []netip.AddrPort, err error) {
		k.apply(k.machine.Resolved(k.loop.Now(), seed, addrs, err))
	})
}

func (k *Keeper) dial(addr netip.AddrPort) {
	a := new(attempt)
	k.dials = append(k.dials, a)
	a.cancel = k.network.DialSeed(addr, func(node string, err error) {
		k.dials = slices.DeleteFunc(k.dials, func(other *attempt) bool { return other == a })
		k.apply(k.machine.Dialled(k.loop.Now(), addr, node, err))
	})
}

func (k *Keeper) write(a Action) {
	attrs := a.attrs()
	if a.Line.Err != nil {
		attrs = append(attrs, slog.Any("reason", a.Line.Err))
	}
	k.log.LogAttrs(context.Background(), a.Line.Level, a.Line.Text, attrs...)
}
