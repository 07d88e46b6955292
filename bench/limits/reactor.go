package main

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/aemp-go/aemp/bench/certificate"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

const connecting = time.Minute // all connections have so long

// bare are the event loops; connections are spread over them.
type bare struct {
	loops    []loop.Loop
	next     int // belongs to the first loop
	identity *loop.Identity
	cert     string
	receiver netip.AddrPort
}

func newReactor(s play.Spec) (network, error) {
	errors := slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})
	g, err := reactor.Start(reactor.Options{Loops: s.Loops, Logger: slog.New(errors)})
	if err != nil {
		return nil, err
	}
	n := &bare{loops: g.Loops()}
	address, cert, _ := strings.Cut(s.Address, "\n")
	if address != "" {
		if n.receiver, err = netip.ParseAddrPort(address); err != nil {
			return nil, err
		}
	}
	if !s.TLS {
		return n, nil
	}
	if cert == "" {
		if cert, err = certificate.New(); err != nil {
			return nil, err
		}
	}
	n.cert = cert
	n.identity, err = loop.NewIdentity([]byte(cert))
	return n, err
}

func (n *bare) listen(open func() answerer) (address string, err error) {
	done := make(chan struct{})
	n.loops[0].Post(loop.Func(func() {
		defer close(done)
		var l loop.Listener
		l, err = n.loops[0].Listen(netip.MustParseAddrPort("127.0.0.1:0"), func(netip.AddrPort) loop.Handler {
			n.next++
			return &bareConn{network: n, home: n.loops[n.next%len(n.loops)], answer: open()}
		})
		if err == nil {
			address = l.Addr().String() + "\n" + n.cert
		}
	}))
	<-done
	return address, err
}

func (n *bare) connect(answer []answerer) (conns []connection, err error) {
	opened := make(chan error, len(answer)) // none of the loops waits
	for k, a := range answer {
		home := n.loops[k%len(n.loops)]
		c := &bareConn{network: n, home: home, answer: a, opened: opened}
		conns = append(conns, c)
		home.Post(loop.Func(func() { home.Dial(n.receiver, connecting, c) }))
	}
	for range conns {
		if err := <-opened; err != nil {
			return nil, err
		}
	}
	return conns, nil
}

// bareConn is one connection; it belongs to its loop.
type bareConn struct {
	loop.NopHandler
	network *bare
	home    loop.Loop
	answer  answerer
	opened  chan<- error // of a sender

	conn loop.Conn
	out  []byte
	fill func([]byte) ([]byte, bool)
	mail mail
}

// What is posted for a connection.
type (
	floodTask bareConn
	mailTask  bareConn
)

func (c *bareConn) Open(conn loop.Conn) {
	c.conn = conn
	if conn.Loop() == c.home {
		c.settle()
		return
	}
	conn.Move(c.home, c.settle)
}

// settle: the connection is on its loop.
func (c *bareConn) settle() {
	id := c.network.identity
	if id == nil {
		c.ready(nil)
		return
	}
	c.conn.StartTLS(id, c.opened != nil, nil, func(_ loop.Session, err error) { c.ready(err) })
}

func (c *bareConn) ready(err error) {
	switch {
	case c.opened != nil:
		c.opened <- err
		c.opened = nil
	case err != nil:
		play.Say(play.Line{Error: fmt.Sprintf("a connection: %v", err)})
	}
}

func (c *bareConn) Data(_ loop.Conn, p []byte) {
	c.out = c.answer(p, c.out[:0])
	c.write()
}

func (c *bareConn) write() {
	if len(c.out) > 0 {
		c.out = c.conn.Swap(c.out)
	}
}

func (c *bareConn) Closed(_ loop.Conn, err error) {
	if c.opened != nil {
		c.ready(err)
	}
}

func (c *bareConn) flood(fill func([]byte) ([]byte, bool)) {
	c.home.Post(loop.Func(func() {
		c.fill = fill
		c.more()
	}))
}

// more writes until the network has enough; then Drained goes on. Now and then the loop's other
// connections have their turn.
func (c *bareConn) more() {
	for range 8 {
		if c.conn.Blocked() {
			return
		}
		var more bool
		c.out, more = c.fill(c.out[:0])
		c.write()
		if !more {
			c.fill = nil
			return
		}
	}
	c.home.Post((*floodTask)(c))
}

func (t *floodTask) Run() { (*bareConn)(t).Drained(nil) }

func (c *bareConn) Drained(loop.Conn) {
	if c.fill != nil {
		c.more()
	}
}

func (c *bareConn) begin(f func([]byte) []byte) {
	c.home.Post(loop.Func(func() {
		c.out = f(c.out[:0])
		c.write()
	}))
}

func (c *bareConn) send(p []byte) {
	if c.mail.put(p) {
		c.home.Post((*mailTask)(c))
	}
}

func (t *mailTask) Run() { t.conn.Write(t.mail.take()) }
