package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"
)

// Options say what world it is. The zero value of each field means its default.
type Options struct {
	// Seed decides everything that isn't decided by the program.
	Seed uint64

	// MinLatency and MaxLatency bound the time that octets are on the way
	// between two hosts; inside a host it is a tenth. Default 50 µs to 1 ms,
	// so that a request and its answer take about what they do in a data
	// centre. A Link can have its own.
	MinLatency, MaxLatency time.Duration

	// MinBuffer and MaxBuffer bound what each direction of a connection
	// takes before its reader reads, in octets. Default 8 KiB to 256 KiB.
	MinBuffer, MaxBuffer int

	// MaxOutput is where a connection's output ends it with ErrOverflow, in
	// octets. Default 64 MiB.
	MaxOutput int

	// Whole turns off that writes are cut at arbitrary places.
	Whole bool

	// Faults happen by themselves; none by default.
	Faults Faults

	// Start is the time of day at which the world begins. Default 2026-01-01.
	Start time.Time

	// Fatal is called with each panic of a callback beside its being recorded
	// in Panics; it may panic itself, and so end Run.
	Fatal func(Panic)

	// Trace, if set, gets a line for each event.
	Trace io.Writer
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.MaxLatency == 0 {
		o.MinLatency, o.MaxLatency = 50*time.Microsecond, time.Millisecond
	}
	if o.MaxBuffer == 0 {
		o.MinBuffer, o.MaxBuffer = 8<<10, 256<<10
	}
	if o.MaxOutput == 0 {
		o.MaxOutput = 64 << 20
	}
	if o.Start.IsZero() {
		o.Start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	o.Faults = o.Faults.withDefaults()
	if o.MinLatency < 0 || o.MinLatency > o.MaxLatency {
		panic(fmt.Sprintf("sim: latency from %v to %v", o.MinLatency, o.MaxLatency))
	}
	if o.MinBuffer < 1 || o.MinBuffer > o.MaxBuffer {
		panic(fmt.Sprintf("sim: buffers from %d to %d octets", o.MinBuffer, o.MaxBuffer))
	}
	return o
}

// A World is a simulated network with all that runs on it. It belongs to one
// goroutine.
type World struct {
	Stats  Stats
	Panics []Panic

	opt   Options
	now   time.Duration
	queue queue
	rand  *rand.Rand
	print fingerprint

	running *eventLoop // whose callback runs
	actor   *actor     // what stands for the running goroutine
	busy    bool       // an event runs

	hosts  []*Host
	byName map[string]*Host
	byAddr map[netip.Addr]*Host
	names  map[string][]netip.Addr
	fates  map[netip.AddrPort]Fate
	links  map[[2]*Host]*Link
	order  []*Link // the links in the order of their making
	conns  []*conn // all that aren't closed, for faults to choose from
	chaos  []*chaos

	sources int // given out to loops and actors
	freed   []int
	actors  []*actor // that haven't ended
}

// New makes an empty world at time 0.
func New(o Options) *World {
	o = o.withDefaults()
	w := &World{
		opt:     o,
		rand:    rand.New(rand.NewPCG(o.Seed, 0x9e3779b97f4a7c15)),
		print:   newFingerprint(),
		byName:  make(map[string]*Host),
		byAddr:  make(map[netip.Addr]*Host),
		names:   make(map[string][]netip.Addr),
		fates:   make(map[netip.AddrPort]Fate),
		links:   make(map[[2]*Host]*Link),
		sources: 1, // 0 is whoever is neither a loop nor an actor
	}
	w.SetHost("localhost", netip.MustParseAddr("127.0.0.1"), netip.IPv6Loopback())
	w.startFaults()
	return w
}

// Now is the time since the world began.
func (w *World) Now() time.Duration { return w.now }

// Rand is the generator that decides everything, for tests that want to decide
// something by the same seed.
func (w *World) Rand() *rand.Rand { return w.rand }

// Fingerprint is a hash over all events so far: equal for equal runs.
func (w *World) Fingerprint() uint64 { return uint64(w.print) }

// Step lets the next event happen and says whether there was one.
func (w *World) Step() bool {
	if w.busy {
		panic("sim: Step or Run called by an event")
	}
	if len(w.queue.entries) == 0 {
		return false
	}
	w.step()
	return true
}

func (w *World) step() {
	e := w.queue.pop()
	w.now = max(w.now, e.at)
	w.Stats.Events++
	w.busy = true
	defer w.idle()
	e.to.fire()
}

func (w *World) idle() { w.busy = false }

// Run lets everything happen that is due up to the given time since the world
// began, which is then the time.
func (w *World) Run(until time.Duration) {
	for w.due(until) {
		w.Step()
	}
	w.now = max(w.now, until)
}

// RunUntil lets the world go on until done holds, which is asked before each
// event. It reports false if that took longer than limit, or if nothing is left to
// happen.
func (w *World) RunUntil(limit time.Duration, done func() bool) bool {
	until := w.after(limit)
	for !done() {
		if !w.due(until) || !w.Step() {
			return done()
		}
	}
	return true
}

func (w *World) due(until time.Duration) bool {
	return len(w.queue.entries) > 0 && w.queue.entries[0].at <= until
}

// after is the time d from now, without overflow.
func (w *World) after(d time.Duration) time.Duration {
	if at := w.now + max(d, 0); at >= w.now {
		return at
	}
	return 1<<63 - 1
}

// set puts e to at, and never to the present: whoever asks for something is done
// before it comes.
func (w *World) set(e *event, at time.Duration) {
	w.queue.set(e, max(at, w.now+1))
}

// soon sets e to a random moment not far from now.
func (w *World) soon(e *event) { w.set(e, w.now+w.moment()) }

// Close lets go of the actors that still wait. The world isn't used afterwards.
func (w *World) Close() {
	for _, a := range slices.Clone(w.actors) {
		a.stop()
	}
}
