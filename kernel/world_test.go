package kernel_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

const secret = "geheim"

// A world is a simulated network of nodes, in virtual time.
type world struct {
	*sim.World
	t     testing.TB
	nodes []*machine
}

// A machine is a host with one node, which listens.
type machine struct {
	*kernel.Node
	w      *world
	host   *sim.Host
	group  *sim.Group
	log    *logBook
	addr   netip.AddrPort
	events []string // "+b": up, "-b": down
	closed bool
}

func newWorld(t testing.TB) *world {
	w := &world{World: sim.New(sim.Options{Seed: 1}), t: t}
	t.Cleanup(w.finish)
	return w
}

// node starts a node with some loops. Its ID is the host's name, too.
func (w *world) node(id string, loops int, set ...func(*kernel.Options)) *machine {
	w.t.Helper()
	host := w.Host(id)
	m := &machine{w: w, host: host, group: host.Group(loops), log: &logBook{}, addr: netip.AddrPortFrom(host.Addr(), 4040)}
	o := kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte(secret), Extensions: true},
		Logger: slog.New(m.log),
	}
	for _, f := range set {
		f(&o)
	}
	var err error
	if m.Node, err = kernel.New(m.group, o); err != nil {
		w.t.Fatal(err)
	}
	var heard bool
	m.Listen([]netip.AddrPort{m.addr}, func(_ []netip.AddrPort, e error) { heard, err = true, e })
	w.until("listening", func() bool { return heard })
	if err != nil {
		w.t.Fatal(err)
	}
	m.WatchNodes(func(node string, up bool) {
		sign := "-"
		if up {
			sign = "+"
		}
		m.events = append(m.events, sign+node)
	})
	w.nodes = append(w.nodes, m)
	return m
}

// pair is two nodes that know each other; they aren't linked yet.
func (w *world) pair(loops int, set ...func(*kernel.Options)) (a, b *machine) {
	a, b = w.node("a", loops, set...), w.node("b", loops, set...)
	a.SetAddresses("b", b.addr)
	b.SetAddresses("a", a.addr)
	return a, b
}

// linked is a pair with a link.
func (w *world) linked(loops int, set ...func(*kernel.Options)) (a, b *machine) {
	w.t.Helper()
	a, b = w.pair(loops, set...)
	w.link(a, b)
	return a, b
}

func (w *world) link(a, b *machine) {
	w.t.Helper()
	a.SetAddresses(b.ID(), b.addr)
	w.ok(a.Send(b.ID(), "devnull"))
	w.until("a link", func() bool { return a.NodeIsUp(b.ID()) && b.NodeIsUp(a.ID()) })
}

// until lets the world go on until something holds, a minute at most.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	if !w.RunUntil(time.Minute, holds) {
		for _, m := range w.nodes {
			w.t.Log(m.ID(), m.events)
			m.log.dump(w.t)
		}
		w.t.Fatalf("in vain: %s", what)
	}
}

// pass lets the world go on for a while.
func (w *world) pass(d time.Duration) { w.Run(w.Now() + d) }

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// finish closes the nodes and looks whether something went wrong unnoticed.
func (w *world) finish() {
	for _, m := range w.nodes {
		m.close()
	}
	for _, m := range w.nodes {
		for _, l := range m.log.errors() {
			w.t.Errorf("node %s: %v", m.ID(), l)
		}
	}
	for _, p := range w.Panics {
		w.t.Errorf("%v\n%s", p, p.Stack)
	}
	w.Close()
}

func (m *machine) close() {
	if m.closed {
		return
	}
	m.closed = true
	done := false
	if stop := m.StartClose(func(map[string]int) { done = true }); stop == nil {
		return
	}
	if !m.w.RunUntil(time.Minute, func() bool { return done }) {
		m.w.t.Errorf("node %s never closed", m.ID())
	}
}

// crash ends the machine's process without a farewell; the peers are told by its system.
func (m *machine) crash() { m.closed = true; m.group.Crash() }

// do runs f as a callback on the node's first loop.
func (m *machine) do(f func(self *kernel.Context)) {
	m.w.t.Helper()
	done := false
	m.w.ok(m.Do(func(self *kernel.Context) { defer func() { done = true }(); f(self) }))
	m.w.until("a callback", func() bool { return done })
}

// drops are what the node counts. It is asked from inside, where Stats doesn't wait.
func (m *machine) drops() kernel.Drops { return m.stats().Drops }

func (m *machine) stats() (s kernel.Stats) {
	m.w.Do(m.group.Loops()[0], func() { s = m.Stats() })
	return s
}

// A recorder is a port that writes down what it gets.
type recorder struct {
	*kernel.Port
	w   *world
	got []string
}

func (m *machine) recorder() *recorder {
	m.w.t.Helper()
	p, err := m.NewPort()
	m.w.ok(err)
	r := &recorder{Port: p, w: m.w}
	p.OnDefault(func(_ *kernel.Context, msg codec.Message) { r.got = append(r.got, msg.String()) })
	return r
}

// gets waits for so many messages and compares all of them.
func (r *recorder) gets(want ...string) {
	r.w.t.Helper()
	r.w.RunUntil(10*time.Second, func() bool { return len(r.got) >= len(want) })
	r.w.pass(100 * time.Millisecond) // for what nobody wants
	if !slices.Equal(r.got, want) {
		r.w.t.Fatalf("got\n%s\nwant\n%s", strings.Join(r.got, "\n"), strings.Join(want, "\n"))
	}
	r.got = nil
}

// port makes a port with a handler for everything.
func (m *machine) port(h kernel.Handler) *kernel.Port {
	m.w.t.Helper()
	p, err := m.NewPort()
	m.w.ok(err)
	if h != nil {
		p.OnDefault(h)
	}
	return p
}

// A verdict is what a monitor has told.
type verdict struct {
	w     *world
	fired int
	text  string
	kind  string
}

func (v *verdict) take(_ *kernel.Context, r kernel.Reason) {
	v.fired++
	v.text, v.kind = r.String(), r.Kind()
}

// is waits until the monitor has fired with that reason, once.
func (v *verdict) is(want string) {
	v.w.t.Helper()
	v.w.RunUntil(time.Minute, func() bool { return v.fired > 0 })
	v.w.pass(100 * time.Millisecond)
	if v.fired != 1 || v.text != want {
		v.w.t.Fatalf("the monitor fired %d times, last with %s, not once with %s", v.fired, v.text, want)
	}
}

// fires waits until the monitor has fired, once, and returns the reason.
func (v *verdict) fires() string {
	v.w.t.Helper()
	v.w.until("the monitor", func() bool { return v.fired > 0 })
	v.is(v.text)
	return v.text
}

// silent checks that it hasn't fired, nor does within a minute.
func (v *verdict) silent() {
	v.w.t.Helper()
	v.w.pass(time.Minute)
	if v.fired != 0 {
		v.w.t.Fatalf("the monitor fired %d times, last with %s", v.fired, v.text)
	}
}

func (m *machine) monitor(target string) (*verdict, *kernel.Monitor) {
	m.w.t.Helper()
	v := &verdict{w: m.w}
	mon, err := m.Monitor(target, v.take)
	m.w.ok(err)
	return v, mon
}

// raw connects to the machine as a program that speaks the protocol by hand.
func (m *machine) raw() *rawPeer {
	m.w.t.Helper()
	host := m.w.Host(fmt.Sprint("raw", len(m.w.nodes), m.w.Rand().Uint64()))
	d := &detacher{}
	l := host.Group(1).Loops()[0]
	m.w.Do(l, func() { l.Dial(m.addr, time.Minute, d) })
	m.w.until("a connection", func() bool { return d.conn != nil || d.err != nil })
	m.w.ok(d.err)
	return newRawPeer(m.w.t, d.conn, l.Wall)
}

// A detacher takes a connection off its loop as soon as it is there.
type detacher struct {
	loop.NopHandler
	conn net.Conn
	err  error
}

func (d *detacher) Open(c loop.Conn)            { d.conn, d.err = c.Detach(nil) }
func (d *detacher) Closed(_ loop.Conn, e error) { d.err = errors.Join(e, net.ErrClosed) }

// healthy links another node with m and keeps the two busy. The returned function
// checks that they never noticed anything.
func (m *machine) healthy() (check func()) {
	m.w.t.Helper()
	h := m.w.node("healthy", 1)
	m.w.link(h, m)
	count := 0
	var here *kernel.Port
	there := m.port(func(self *kernel.Context, _ codec.Message) {
		if err := self.Send(here.ID(), "pong"); err != nil {
			panic(err)
		}
	})
	here = h.port(func(self *kernel.Context, _ codec.Message) {
		count++
		self.After(20*time.Millisecond, func(self *kernel.Context) {
			if err := self.Send(there.ID(), "ping"); err != nil {
				panic(err)
			}
		})
	})
	lost, _ := h.monitor(there.ID())
	m.w.ok(h.Send(there.ID(), "ping"))
	m.w.until("the first answer", func() bool { return count > 0 })
	before := count
	return func() {
		m.w.t.Helper()
		m.w.until("a further answer", func() bool { return count > before })
		if lost.fired > 0 || !slices.Equal(h.events, []string{"+" + m.ID()}) || slices.Contains(m.events, "-healthy") {
			m.w.t.Errorf("the healthy link noticed something: %v %v %s", h.events, m.events, lost.text)
		}
	}
}
