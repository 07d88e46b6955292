package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// A dialling is a StartDialData and what came of it.
type dialling struct {
	w      *world
	conn   *kernel.DataConn
	err    error
	over   int
	cancel func()
}

func (m *machine) dial(to string, timeout time.Duration, function string, args ...any) *dialling {
	m.w.t.Helper()
	d := &dialling{w: m.w}
	var err error
	d.cancel, err = m.StartDialData(to, timeout, function, args, func(c *kernel.DataConn, err error) {
		d.conn, d.err = c, err
		d.over++
	})
	m.w.ok(err)
	return d
}

// connects waits for the connection.
func (d *dialling) connects() net.Conn {
	d.w.t.Helper()
	d.w.until("the end of a dial", func() bool { return d.over > 0 })
	if d.err != nil {
		d.w.t.Fatalf("no connection: %v", d.err)
	}
	return d.conn
}

// fails waits for the error.
func (d *dialling) fails(kind dataconn.ErrorKind, text string) {
	d.w.t.Helper()
	d.w.until("the end of a dial", func() bool { return d.over > 0 })
	var e *dataconn.Error
	if !errors.As(d.err, &e) || e.Kind != kind || e.Error() != text {
		d.w.t.Fatalf("failed with %v, want %s", d.err, text)
	}
}

// A service collects the raw connections that others open with its name.
type service struct {
	w     *world
	conns []net.Conn
	args  []string
	ids   []string
}

func (m *machine) serve(name string) *service {
	s := &service{w: m.w}
	m.RegisterData(name, func(self *kernel.Context, msg codec.Message, c net.Conn) {
		s.conns = append(s.conns, c)
		s.args = append(s.args, msg.String())
		s.ids = append(s.ids, self.ID())
	})
	return s
}

func (s *service) gets() net.Conn {
	s.w.t.Helper()
	s.w.until("a connection", func() bool { return len(s.conns) > 0 })
	c := s.conns[0]
	s.conns = s.conns[1:]
	return c
}

// talks says something in both directions and closes.
func (w *world) talks(a, b net.Conn) {
	w.t.Helper()
	for _, x := range [][2]net.Conn{{a, b}, {b, a}} {
		_, err := io.WriteString(x[0], "hello there")
		w.ok(err)
		got := make([]byte, 11)
		_, err = io.ReadFull(x[1], got)
		if err != nil || string(got) != "hello there" {
			w.t.Fatalf("read %q, %v", got, err)
		}
	}
	w.ok(a.(*kernel.DataConn).CloseWrite())
	if rest, err := io.ReadAll(b); len(rest) > 0 || err != nil {
		w.t.Fatalf("read %q, %v at the end", rest, err)
	}
	w.ok(b.Close())
	if rest, err := io.ReadAll(a); len(rest) > 0 || err != nil {
		w.t.Fatalf("read %q, %v at the end", rest, err)
	}
	w.ok(a.Close())
}

func TestARawConnectionIsMadeToANodeThatListens(t *testing.T) {
	for _, loops := range []int{1, 3} {
		w := newWorld(t)
		a, b := w.pair(loops)
		s := b.serve("Pkg::receive")
		d := a.dial("b#some port", 5*time.Second, "Pkg::receive", 1, "two")
		w.talks(d.connects(), s.gets())
		if s.args[0] != `[1, "two"]` || s.ids[0] != "b" {
			t.Errorf("called with %s in the context of %s", s.args[0], s.ids[0])
		}
	}
}

func TestANodeWithoutListenersDialsBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	a.SetAddresses("b")
	b.Unlisten()
	s := b.serve("f")
	d := a.dial("b", 5*time.Second, "f")
	w.talks(d.connects(), s.gets())
}

func TestANodeHasRawConnectionsWithItself(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	a.Unlisten()
	s := a.serve("f")
	d := a.dial("a", 5*time.Second, "f", "x")
	w.talks(d.connects(), s.gets())
	if s.args[0] != `["x"]` {
		t.Errorf("called with %s", s.args[0])
	}
}

func TestAHandlerOpensARawConnection(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(3)
	s := b.serve("f")
	p := a.port(nil)
	var conn net.Conn
	var in string
	p.On("go", func(self *kernel.Context, _ codec.Message) {
		w.ok(self.OpenData("b", 5*time.Second, "f", []any{"x"}, func(self *kernel.Context, c net.Conn) {
			conn, in = c, self.ID()
		}))
	})
	w.ok(a.Send(p.ID(), "go"))
	w.until("a connection", func() bool { return conn != nil })
	w.talks(conn, s.gets())
	if in != p.ID() || !p.Alive() {
		t.Errorf("called in the context of %s, which lives: %v", in, p.Alive())
	}
	if conn.(*kernel.DataConn).Node() != "b" || conn.(*kernel.DataConn).Args().Len() != 0 {
		t.Errorf("with node %s", conn.(*kernel.DataConn).Node())
	}
}

// What an initiator is told, and what its port dies of if a handler has asked.
func TestWhatStandsInTheWayOfARawConnectionIsTold(t *testing.T) {
	hole := netip.MustParseAddrPort("192.0.2.1:4040")
	for name, c := range map[string]struct {
		set  func(a, b *machine)
		kind dataconn.ErrorKind
		want string
	}{
		"no such function": {func(_, b *machine) { b.RegisterData("f", nil) },
			dataconn.Refused, "b: refused: no such function 'f'"},
		"no such node": {func(a, _ *machine) { a.SetAddresses("b") },
			dataconn.LinkLost, "b: no link: no known address"},
		"nobody listens": {func(a, b *machine) {
			a.w.link(a, b)
			a.Unlisten()
			b.Unlisten()
			a.SetAddresses("b")
			b.SetAddresses("a")
		},
			dataconn.Refused, "b: refused: a: no listeners found"},
		"nobody can be reached": {func(a, b *machine) {
			a.w.link(a, b)
			a.Unlisten()
			b.Unlisten()
		}, dataconn.Refused, "b: refused: a: unable to connect (1 addresses tried): dial tcp 10.0.0.1:4040: connect: connection refused"},
		"a black hole": {func(a, b *machine) { a.w.link(a, b); a.SetAddresses("b", hole) },
			dataconn.TimedOut, "b: unable to establish connection within 5 seconds"},
		"a link that is lost": {func(a, b *machine) {
			a.w.link(a, b)
			b.powerFailure()
			a.w.pass(time.Second)
		}, dataconn.LinkLost, "b: no link: no sign of life for 5s"},
		"another node in its place": {func(a, b *machine) {
			a.w.link(a, b)
			other := a.w.node("c", 1)
			a.SetAddresses("b", other.addr)
			b.SetAddresses("a")
		}, dataconn.Refused, "b: refused: a: no listeners found"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a, b := w.pair(2)
			b.serve("f")
			c.set(a, b)
			d := a.dial("b", 5*time.Second, "f")
			p := a.port(nil)
			v, _ := a.monitor(p.ID())
			p.On("go", func(self *kernel.Context, _ codec.Message) {
				w.ok(self.OpenData("b", 5*time.Second, "f", nil, func(*kernel.Context, net.Conn) { t.Error("connected") }))
			})
			w.ok(a.Send(p.ID(), "go"))
			d.fails(c.kind, c.want)
			if got := v.fires(); got != fmt.Sprintf("[%q, %q]", dataconn.Reason, c.want) {
				t.Errorf("the port died of %s", got)
			}
			a.nothingLeft()
		})
	}
}

// powerFailure takes the machine away, and nobody is told.
func (m *machine) powerFailure() { m.closed = true; m.host.Down() }

// nothingLeft checks that no port and no handshake is left over.
func (m *machine) nothingLeft() {
	m.w.t.Helper()
	m.w.pass(time.Minute)
	if s := m.stats(); s.Ports > 0 || s.Pending > 0 {
		m.w.t.Errorf("node %s: %d ports and %d handshakes are left", m.ID(), s.Ports, s.Pending)
	}
}

func TestASecureNodeOpensRawConnectionsAndAwaitsNone(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2, func(o *kernel.Options) { o.Secure = o.Links.Node == "b" })
	s := a.serve("f")
	b.serve("f")
	a.dial("b", 5*time.Second, "f").fails(dataconn.Refused, "b: refused: node is secure")
	b.dial("b", 5*time.Second, "f").fails(dataconn.Refused, "b: refused: node is secure")
	if lines := b.log.find("request refused: secure", ""); len(lines) != 2 || lines[0].attrs["function"] != `"f"` {
		t.Errorf("logged %v", lines)
	}
	w.talks(b.dial("a", 5*time.Second, "f").connects(), s.gets())
	r := a.recorder()
	w.ok(a.Send("b", "can", dataconn.ExpectRequest, r.ID()))
	r.gets("[false]")
	w.ok(b.Send("a", "can", dataconn.ExpectRequest, r.ID()))
	r.gets("[true]")
}

func TestANodeThatTellsNothingRunsIntoTheTimeOut(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b") // answers nothing
	d := a.dial("b", 1500*time.Millisecond, "Pkg::f", 1, "x")
	got := r.expectMatch(func(s string) bool { return strings.HasPrefix(s, ` ["AnyEvent::MP::DataConn::_expect", `) }, "an announcement")
	if !strings.HasSuffix(got, `, 1.5, "Pkg::f", 1, "x"]`) {
		t.Errorf("announced %s", got)
	}
	r.expectMatch(func(s string) bool { return strings.HasPrefix(s, ` ["snd", "a#`) }, "something to come back")
	d.fails(dataconn.TimedOut, "b: unable to establish connection within 1.5 seconds")
	if !errors.Is(d.err, kernel.ErrTimeout) || !errors.Is(d.err, context.DeadlineExceeded) {
		t.Errorf("%v is no time-out", d.err)
	}
	a.nothingLeft()
}

// word is one of the strings of a message as it is printed.
func word(printed string, i int) string { return strings.Split(printed, `"`)[2*i+1] }

func TestAnOriginalIsDialledAndDecidedAgainst(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	host := w.Host("b")
	addr := netip.AddrPortFrom(host.Addr(), 4040)
	a.SetAddresses("b", addr)
	r := a.raw().perl("b")
	ear := w.listen(host, addr)
	d := a.dial("b", 5*time.Second, "f")
	announced := r.expectMatch(func(string) bool { return true }, "an announcement")
	r.expectMatch(func(string) bool { return true }, "something to come back")
	_, courier := codec.SplitPortID(word(announced, 2))
	r.send(courier)
	p := ear.next()
	p.own = [2]string{perlGreeting("b"), codec.Nonce([]byte(strings.Repeat("n", 66)))}
	p.write(p.own[0] + "\n" + p.own[1] + "\n")
	p.theirs[0], p.theirs[1] = p.line(), p.line()
	g, err := codec.ParseGreeting([]byte(p.theirs[0]))
	w.ok(err)
	id, _ := g.Key("dataconn_id")
	_, mproto := g.Key("mproto")
	_, gproto := g.Key("gproto")
	if g.Protocol != "aemp-dataconn" || g.Node != "a" || id != word(announced, 1) || mproto || gproto {
		t.Errorf("dialled with %s", p.theirs[0])
	}
	w.pass(time.Second)
	if d.over > 0 {
		t.Error("connected before the other side has proved itself")
	}
	p.prove(codec.CBOR)
	c := d.connects()
	_, err = io.WriteString(c, "blabla\n")
	w.ok(err)
	if got := p.line(); got != "blabla" {
		t.Errorf("read %q", got)
	}
	p.write("reply\n")
	got := make([]byte, 6)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "reply\n" {
		t.Errorf("read %q, %v", got, err)
	}
	w.ok(c.Close())
}

// An ear takes the connections to an address of a host.
type ear struct {
	w     *world
	conns []*detacher
	wall  func() time.Time
}

func (w *world) listen(host *sim.Host, addr netip.AddrPort) *ear {
	w.t.Helper()
	l := host.Group(1).Loops()[0]
	e := &ear{w: w, wall: l.Wall}
	w.Do(l, func() {
		_, err := l.Listen(addr, func(netip.AddrPort) loop.Handler {
			d := &detacher{}
			e.conns = append(e.conns, d)
			return d
		})
		w.ok(err)
	})
	return e
}

func (e *ear) next() *rawPeer {
	e.w.t.Helper()
	e.w.until("a connection", func() bool { return len(e.conns) > 0 && e.conns[0].conn != nil })
	d := e.conns[0]
	e.conns = e.conns[1:]
	return newRawPeer(e.w.t, d.conn, e.wall)
}

// dataGreeting is line 1 of who dials for a raw connection.
func dataGreeting(node, id string) string {
	return "aemp-dataconn;1;" + node + ";hmac_sha3_512;cbor,json;dataconn_id=" + id
}

func TestOnlyWhoAnnouncedARawConnectionGetsIt(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	check := a.healthy()
	s := a.serve("f")
	b, c := a.raw().perl("b"), a.raw().perl("c")
	b.send("", dataconn.ExpectRequest, "1@b", "b#p", 60, "f")
	b.expectNothing("b")
	c.expectNothing("c")
	for _, x := range []struct{ node, id string }{{"c", "1@b"}, {"b", "2@b"}, {"d", "1@b"}, {"b", ""}, {"b", "1@b "}} {
		r := a.raw().greet(dataGreeting(x.node, x.id))
		r.out = codec.CBOR
		r.write(r.proof(secret) + "octets that nobody reads")
		if got := r.ended(); got != "" {
			t.Errorf("%v was answered %q", x, got)
		}
	}
	for _, greeting := range []string{dataGreeting("a", "1@b"), "aemp-dataconn;1;b;hmac_sha3_512;cbor", "aemp-other;1;b;hmac_sha3_512;cbor;dataconn_id=1@b"} {
		r := a.raw().greet(greeting)
		r.out = codec.CBOR
		_, _ = io.WriteString(r.Conn, r.proof(secret)) // it may be gone already
		r.ended()
	}
	wrong := a.raw().greet(dataGreeting("b", "1@b"))
	wrong.out = codec.CBOR
	wrong.write(wrong.proof("a guess"))
	wrong.ended()
	if len(s.conns) > 0 {
		t.Error("somebody got through")
	}
	right := a.raw().greet(dataGreeting("b", "1@b"))
	right.out = codec.CBOR
	right.write(right.proof(secret) + "first octets")
	conn := s.gets()
	got := make([]byte, 12)
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "first octets" {
		t.Errorf("read %q, %v", got, err)
	}
	if _, err := codec.ParseProof([]byte(right.line())); err != nil {
		t.Error(err)
	}
	_, err := io.WriteString(conn, "answer\n")
	w.ok(err)
	if got := right.line(); got != "answer" {
		t.Errorf("read %q", got)
	}
	w.ok(conn.Close())
	again := a.raw().greet(dataGreeting("b", "1@b"))
	again.out = codec.CBOR
	again.write(again.proof(secret))
	again.ended()
	if n := a.stats().Handshakes["purpose"]; n < 6 {
		t.Errorf("%d refused: %v", n, a.stats().Handshakes)
	}
	check()
}

// What another node announces can kill only that node's port, and only if it is linked.
func TestTheAwaitingSideKillsThePortOfWhoAsked(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	a.serve("f")
	own := a.port(nil)
	c := a.raw().perl("c")
	b := a.raw().perl("b")
	kil := func(port string, reason string) string {
		return fmt.Sprintf(` ["kil1", %q, "AnyEvent::MP::DataConn"%s]`, port, reason)
	}
	b.send("", dataconn.ExpectRequest, "1@b", "b#p", 60, "none")
	b.expect(kil("p", `, "no such function 'none'"`))
	b.send("", dataconn.ExpectRequest, "2@b", "b#q", 0.5, "f")
	b.expect(kil("q", ""))
	b.send("", dataconn.ExpectRequest, "3@b", "b#r", 60, "f")
	b.send("", dataconn.ExpectRequest, "3@b", "b#s", 60, "f")
	b.expect(kil("s", `, "b: this connection is awaited already"`))
	b.send("", dataconn.ConnectRequest, "3@b", "b")
	b.expect(kil("r", `, "b: no listeners found"`))
	for _, port := range []string{own.ID(), "c#victim", "b", "b#"} {
		b.send("", dataconn.ExpectRequest, "4@b", port, 60, "none")
	}
	nonsense := [][]any{
		{dataconn.ExpectRequest}, {dataconn.ExpectRequest, "5@b", "b#p", "soon", "f"}, {dataconn.ExpectRequest, "5;@b", "b#p", 1, "f"},
		{dataconn.ConnectRequest}, {dataconn.ConnectRequest, "3@b", "c"}, {dataconn.ConnectRequest, "", "b"},
	}
	for _, request := range nonsense {
		b.send("", request...)
	}
	b.send("", dataconn.ConnectRequest, "9@b", "b") // never announced
	b.expectNothing("b")
	c.expectNothing("c")
	if n := a.drops().Ignored; int(n) != len(nonsense) {
		t.Errorf("%d of %d counted", n, len(nonsense))
	}
	if !own.Alive() {
		t.Error("a port of the node was killed")
	}
	w.ok(a.Send("a", dataconn.ExpectRequest, "5@a", own.ID(), 60, "f")) // only other nodes can ask
	b.send("", dataconn.ExpectRequest, "6@b", "b#t", 2, "f")
	b.expectNothing("b")
	b.hangUp()
	w.until("the end of the link", func() bool { return !a.NodeIsUp("b") })
	w.pass(10 * time.Second)
	if lines := a.log.find("not reached", ""); len(lines) > 0 {
		t.Errorf("a node that has gone is looked for: %v", lines)
	}
	own.Kill()
	w.until("its death", func() bool { return !own.Alive() })
	a.nothingLeft()
}

func TestACancelledDialLeavesNothing(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	b.serve("f")
	a.SetAddresses("b", netip.MustParseAddrPort("192.0.2.1:4040"))
	for _, after := range []time.Duration{0, 20 * time.Millisecond, time.Second} {
		d := a.dial("b", time.Minute, "f")
		here := a.dial("a", time.Minute, "f")
		w.pass(after)
		d.cancel()
		here.cancel()
		w.until("both ends", func() bool { return d.over > 0 && here.over > 0 })
		if !errors.Is(d.err, context.Canceled) {
			t.Errorf("after %v: %v", after, d.err)
		}
	}
	p := a.port(nil)
	p.On("go", func(self *kernel.Context, _ codec.Message) {
		w.ok(self.OpenData("b", time.Minute, "f", nil, func(*kernel.Context, net.Conn) { t.Error("connected") }))
		self.After(time.Second, func(self *kernel.Context) { self.Die() })
	})
	w.ok(a.Send(p.ID(), "go"))
	w.pass(2 * time.Second)
	a.nothingLeft()
}

func TestADialWhoseNodeIsClosedEnds(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	b.serve("f")
	a.SetAddresses("b", netip.MustParseAddrPort("192.0.2.1:4040"))
	l, err := a.ListenData("l")
	w.ok(err)
	d := a.dial("b", time.Minute, "f")
	early := b.dial("a", time.Minute, "l")
	c := early.connects()
	w.pass(time.Second)
	a.close()
	w.until("the end of the dial", func() bool { return d.over > 0 })
	if d.err != kernel.ErrClosed {
		t.Errorf("it ends with %v", d.err)
	}
	if _, err := a.StartDialData("b", time.Second, "f", nil, func(*kernel.DataConn, error) { t.Error("called") }); err != kernel.ErrClosed {
		t.Errorf("then: %v", err)
	}
	if _, err := l.Accept(); err != net.ErrClosed {
		t.Errorf("the listener: %v", err)
	}
	if _, err := a.ListenData("m"); err != kernel.ErrClosed {
		t.Errorf("another listener: %v", err)
	}
	if _, err := io.ReadAll(c); err != nil { // nobody has accepted it
		t.Error(err)
	}
	w.ok(c.Close())
}

func TestARawConnectionOutlivesTheLink(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	s := b.serve("f")
	x, y := a.dial("b", 5*time.Second, "f").connects(), s.gets()
	w.pass(time.Hour) // nothing is sent on it, and nothing ends it
	a.close()
	b.close()
	w.talks(x, y)
}

func TestAFaultInTheMiddleIsAnErrorOnBothSides(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	s := b.serve("f")
	x, y := a.dial("b", 5*time.Second, "f").connects(), s.gets()
	_, err := io.WriteString(x, "half of wh")
	w.ok(err)
	w.Reset(a.host, b.host, sim.BothEnds)
	for _, c := range []net.Conn{x, y} {
		rest, err := io.ReadAll(c)
		if err == nil {
			t.Errorf("read %q to the end", rest)
		}
		w.ok(c.Close())
	}
}

func TestAFunctionThatFailsGivesTheConnectionBack(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	b.RegisterData("f", func(*kernel.Context, codec.Message, net.Conn) { panic(meant) })
	c := a.dial("b", 5*time.Second, "f").connects()
	if _, err := io.ReadAll(c); err != nil {
		t.Error(err)
	}
	w.ok(c.Close())
	if lines := b.log.find("callback failed", meant); len(lines) != 1 {
		t.Errorf("logged %v", lines)
	}
}

func TestWhatCannotBeOpenedIsAnErrorAtOnce(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	for _, c := range []struct {
		to   string
		args []any
	}{{"", nil}, {"#x", nil}, {"no;de", nil}, {"b", []any{func() {}}}, {"b", []any{make([]byte, dataconn.MaxAnnounced)}}} {
		if _, err := a.StartDialData(c.to, time.Second, "f", c.args, nil); err == nil {
			t.Errorf("%q %T is dialled", c.to, c.args)
		}
		a.do(func(self *kernel.Context) {
			p, err := self.NewPort()
			w.ok(err)
			self.Handle(p, "go", func(self *kernel.Context, _ codec.Message) {
				if err := self.OpenData(c.to, time.Second, "f", c.args, nil); err == nil {
					t.Errorf("%q %T is opened", c.to, c.args)
				}
				self.Die()
			})
			w.ok(self.Send(p.ID(), "go"))
		})
	}
	a.nothingLeft()
}

func TestAListenerOfRawConnectionsIsANetListener(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	l, err := b.ListenData("f")
	w.ok(err)
	if _, err := b.ListenData("f"); !errors.As(err, new(*kernel.IDError)) {
		t.Errorf("a second one: %v", err)
	}
	if l.Addr().String() != "b/f" || l.Addr().Network() != "aemp-dataconn" {
		t.Errorf("at %v of %s", l.Addr(), l.Addr().Network())
	}
	d := a.dial("b", 5*time.Second, "f", 1, "x")
	x := d.connects()
	w.until("the other end", func() bool { return b.stats().Handshakes["ok"] > 1 })
	w.pass(time.Second)
	y, err := l.Accept()
	w.ok(err)
	if c := y.(*kernel.DataConn); c.Node() != "a" || c.Args().String() != `[1, "x"]` {
		t.Errorf("from %s with %v", c.Node(), c.Args())
	}
	w.talks(x, y)

	var all []net.Conn // more than can wait
	for range 130 {
		all = append(all, a.dial("b", 5*time.Second, "f").connects())
	}
	w.pass(time.Second)
	w.ok(l.Close())
	for _, c := range all {
		if _, err := io.ReadAll(c); err != nil {
			t.Error(err)
		}
		w.ok(c.Close())
	}
	if _, err := l.Accept(); err != net.ErrClosed {
		t.Errorf("then: %v", err)
	}
	if err := l.Close(); err != net.ErrClosed {
		t.Errorf("closed twice: %v", err)
	}
	a.dial("b", 5*time.Second, "f").fails(dataconn.Refused, "b: refused: no such function 'f'")
	s := b.serve("f") // the name is free again
	w.ok(a.dial("b", 5*time.Second, "f").connects().Close())
	w.ok(s.gets().Close())
}

func TestAddressesForRawConnectionsComeFromTheDatabase(t *testing.T) {
	w := newWorld(t)
	a, book := w.kept("a", 2)
	b := w.node("b", 2)
	b.SetAddresses("a", a.addr)
	w.link(b, a)
	s := b.serve("f")
	book.answer = func(node string) []netip.AddrPort { return []netip.AddrPort{b.addr} }
	c := a.dial("b", 5*time.Second, "f").connects()
	if at := c.RemoteAddr().String(); at != b.addr.String() {
		t.Errorf("connected with %s, %s is listened at", at, b.addr)
	}
	w.talks(c, s.gets())
	book.answer = func(node string) []netip.AddrPort { return nil } // it has no listeners: it dials back
	w.talks(a.dial("b", 5*time.Second, "f").connects(), s.gets())
	book.answer = nil
	a.dial("b", 5*time.Second, "f").fails(dataconn.TimedOut, "b: unable to establish connection within 5 seconds")
	if !slices.Equal(book.finds, []string{"b", "b", "b"}) {
		t.Errorf("looked up %v", book.finds)
	}
	a.do(func(*kernel.Context) { a.Found("b", nil) }) // too late
	a.nothingLeft()
}
