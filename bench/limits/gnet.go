package main

import (
	"net"
	"time"

	"github.com/panjf2000/gnet/v2"

	"github.com/aemp-go/aemp/bench/play"
)

// again is when a sender looks whether the network has taken what the engine holds back: it
// doesn't tell. By then the system's own buffers are far from empty.
const again = 100 * time.Microsecond

// engine is gnet's. Connections are enrolled with it on both sides, so that the listener may
// have any port.
type engine struct {
	gnet.BuiltinEventEngine
	client   *gnet.Client
	receiver string
}

func newGnet(s play.Spec) (network, error) {
	e := &engine{receiver: s.Address}
	var err error
	e.client, err = gnet.NewClient(e, gnet.WithNumEventLoop(s.Loops), gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithReadBufferCap(batch), gnet.WithWriteBufferCap(batch), gnet.WithLogger(errorLog{}))
	if err != nil {
		return nil, err
	}
	return e, e.client.Start()
}

func (e *engine) listen(open func() answerer) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err == nil {
				_, err = e.client.EnrollContext(conn, &gnetConn{answer: open()})
			}
			if err != nil {
				play.Say(play.Line{Error: err.Error()})
				return
			}
		}
	}()
	return l.Addr().String(), nil
}

func (e *engine) connect(answer []answerer) (conns []connection, err error) {
	for _, a := range answer {
		c := &gnetConn{answer: a}
		if c.conn, err = e.client.DialContext("tcp", e.receiver, c); err != nil {
			return nil, err
		}
		conns = append(conns, c)
	}
	return conns, nil
}

// OnTraffic is called when something has arrived, and after a Wake.
func (e *engine) OnTraffic(conn gnet.Conn) gnet.Action {
	return conn.Context().(*gnetConn).traffic(conn)
}

// gnetConn is one connection; it belongs to its loop.
type gnetConn struct {
	answer answerer
	conn   gnet.Conn // of a sender
	out    []byte
	fill   func([]byte) ([]byte, bool)
	timer  *time.Timer
	mail   mail
}

func (c *gnetConn) traffic(conn gnet.Conn) gnet.Action {
	p, err := conn.Next(-1)
	if err != nil {
		return gnet.Close
	}
	c.out = c.out[:0]
	if len(p) > 0 {
		c.out = c.answer(p, c.out)
	}
	c.out = append(c.out, c.mail.take()...)
	if len(c.out) > 0 {
		if _, err := conn.Write(c.out); err != nil {
			return gnet.Close
		}
	}
	if c.fill != nil {
		return c.more(conn)
	}
	return gnet.None
}

// more writes until the network has enough. Now and then the loop's other connections have
// their turn.
func (c *gnetConn) more(conn gnet.Conn) gnet.Action {
	for range 8 {
		if conn.OutboundBuffered() > 0 {
			c.timer.Reset(again)
			return gnet.None
		}
		var more bool
		c.out, more = c.fill(c.out[:0])
		if _, err := conn.Write(c.out); err != nil {
			return gnet.Close
		}
		if !more {
			c.fill = nil
			return gnet.None
		}
	}
	c.wake()
	return gnet.None
}

// wake has the loop call traffic.
func (c *gnetConn) wake() {
	if err := c.conn.Wake(nil); err != nil {
		play.Say(play.Line{Error: err.Error()})
	}
}

func (c *gnetConn) flood(fill func([]byte) ([]byte, bool)) {
	c.run(func() {
		c.fill = fill
		c.timer = time.AfterFunc(0, c.wake)
	})
}

func (c *gnetConn) begin(f func([]byte) []byte) {
	c.run(func() { c.send(f(nil)) })
}

// run has the connection's loop do something.
func (c *gnetConn) run(f func()) {
	err := c.conn.Wake(func(gnet.Conn, error) error {
		f()
		return nil
	})
	if err != nil {
		play.Say(play.Line{Error: err.Error()})
	}
}

func (c *gnetConn) send(p []byte) {
	if c.mail.put(p) {
		c.wake()
	}
}
