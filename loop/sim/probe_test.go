package sim

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
)

// probe is a handler that writes down what it is told.
type probe struct {
	c            loop.Conn
	opened, eofs int
	closed       int
	err          error
	got          []byte
	onData       func(p []byte)
}

func (p *probe) Open(c loop.Conn) { p.c = c; p.opened++ }
func (p *probe) Data(_ loop.Conn, b []byte) {
	p.got = append(p.got, b...)
	if p.onData != nil {
		p.onData(b)
	}
}
func (p *probe) Drained(loop.Conn)             {}
func (p *probe) EOF(loop.Conn)                 { p.eofs++ }
func (p *probe) Closed(_ loop.Conn, err error) { p.closed++; p.err = err }

// write writes from outside of any callback.
func (p *probe) write(w *World, text string) {
	w.Do(p.c.Loop(), func() { p.c.Write([]byte(text)) })
}

// duo is two hosts with a group each and a connection between them.
type duo struct {
	*World
	a, b   *Host
	ga, gb *Group
	la, lb loop.Loop
	at     netip.AddrPort // where b listens
	c, v   *probe
}

var errTest = errors.New("test")

func newDuo(t testing.TB, o Options) *duo {
	t.Helper()
	w := New(o)
	t.Cleanup(w.Close)
	d := &duo{World: w, a: w.Host("a"), b: w.Host("b"), c: new(probe), v: new(probe)}
	d.ga, d.gb = d.a.Group(2), d.b.Group(2)
	d.la, d.lb = d.ga.Loops()[0], d.gb.Loops()[0]
	d.at = netip.AddrPortFrom(d.b.Addr(), 4040)
	d.listen(t, d.lb, d.v)
	return d
}

func (d *duo) listen(t testing.TB, l loop.Loop, h loop.Handler) {
	t.Helper()
	d.Do(l, func() {
		if _, err := l.Listen(d.at, func(netip.AddrPort) loop.Handler { return h }); err != nil {
			t.Fatal(err)
		}
	})
}

func (d *duo) dial(h loop.Handler, timeout time.Duration) (c loop.Conn) {
	d.Do(d.la, func() { c = d.la.Dial(d.at, timeout, h) })
	return c
}

// connected is a duo whose connection is open.
func connected(t testing.TB, o Options) *duo {
	t.Helper()
	d := newDuo(t, o)
	d.dial(d.c, time.Minute)
	d.until(t, "both ends to open", func() bool { return d.c.opened+d.v.opened == 2 })
	return d
}

func (d *duo) until(t testing.TB, what string, done func() bool) {
	t.Helper()
	if !d.RunUntil(time.Minute, done) {
		t.Fatalf("waited in vain for %s", what)
	}
}

// pass lets time go by.
func (d *duo) pass(by time.Duration) { d.Run(d.Now() + by) }
