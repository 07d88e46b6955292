package reactor

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// Options say how a Group is started. The zero value will do.
type Options struct {
	// Loops is the number of event loops. Default: one per usable core.
	Loops int

	// Logger gets recovered panics, blocked loops and listeners that ran out
	// of descriptors. Default: slog.Default.
	Logger *slog.Logger

	// HardCap is how many octets of unsent output a connection may have; one
	// with more ends with loop.ErrOverflow. It is the last resort against a
	// peer that doesn't read: whoever writes should have stopped long before.
	// Default: 256 MiB.
	HardCap int

	// portable chooses what every Unix has over what Linux has. For tests.
	portable bool
}

const defaultHardCap = 256 << 20

// ErrInside is returned by Close when it is called on a loop of the group: it
// would wait for itself.
var ErrInside = errors.New("reactor: group closed from a callback of its own")

// A Group is a set of event loops. It implements loop.Group.
type Group struct {
	options Options
	log     *slog.Logger
	began   time.Time
	loops   []*eventLoop

	holding    atomic.Int32 // loops that hold a processor: those that don't wait at their gate
	processors atomic.Int32 // GOMAXPROCS, not long ago

	// ctx ends what runs on goroutines of its own: resolving, watching.
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup // the loops and the watchdog
}

var _ loop.Group = (*Group)(nil)

// Start starts the loops. The error is that of the operating system.
func Start(o Options) (*Group, error) {
	if o.Loops < 0 || o.HardCap < 0 {
		return nil, fmt.Errorf("reactor: negative option: Loops %d, HardCap %d", o.Loops, o.HardCap)
	}
	if o.Loops == 0 {
		o.Loops = runtime.GOMAXPROCS(0)
	}
	if o.HardCap == 0 {
		o.HardCap = defaultHardCap
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	g := &Group{options: o, log: o.Logger, began: time.Now()}
	g.processors.Store(int32(runtime.GOMAXPROCS(0)))
	g.ctx, g.cancel = context.WithCancel(context.Background())
	for i := range o.Loops {
		l, err := newEventLoop(g, i)
		if err != nil {
			for _, l := range g.loops {
				l.free()
			}
			g.cancel()
			return nil, fmt.Errorf("reactor: loop %d: %w", i, err)
		}
		g.loops = append(g.loops, l)
	}
	for _, l := range g.loops {
		g.running.Go(l.run)
	}
	g.running.Go(g.watch)
	return g, nil
}

// Loops returns the loops, in the order of their Index.
func (g *Group) Loops() []loop.Loop {
	all := make([]loop.Loop, len(g.loops))
	for i, l := range g.loops {
		all[i] = l
	}
	return all
}

// Close stops all loops: connections end with loop.ErrStopped, tasks posted
// before are run, further ones are refused. It returns when no callback runs any
// more; work given to Offload may still. Not to be called on a loop of the group;
// any goroutine and any number of times otherwise.
func (g *Group) Close() error {
	for _, l := range g.loops {
		if l.Inside() {
			return ErrInside
		}
	}
	g.cancel()
	for _, l := range g.loops {
		l.Post(loop.Func(l.quit))
	}
	g.running.Wait()
	return nil
}
