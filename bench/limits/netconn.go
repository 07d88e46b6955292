package main

import (
	"errors"
	"io"
	"net"

	"github.com/aemp-go/aemp/bench/play"
)

// netConn is the network of the standard library, with a goroutine for each connection.
type netConn struct{ receiver string }

func newNetConn(s play.Spec) (network, error) { return netConn{s.Address}, nil }

func (n netConn) listen(open func() answerer) (address string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				play.Say(play.Line{Error: err.Error()})
				return
			}
			go (&goConn{conn: conn, answer: open()}).serve()
		}
	}()
	return l.Addr().String(), nil
}

func (n netConn) connect(answer []answerer) (conns []connection, err error) {
	for _, a := range answer {
		conn, err := net.Dial("tcp", n.receiver)
		if err != nil {
			return nil, err
		}
		conns = append(conns, &goConn{conn: conn, answer: a})
	}
	return conns, nil
}

type goConn struct {
	conn   net.Conn
	answer answerer
}

// serve reads and answers until the connection's end.
func (c *goConn) serve() {
	in, out := make([]byte, batch), []byte(nil)
	for {
		n, err := c.conn.Read(in)
		if err != nil {
			c.failed(err)
			return
		}
		if out = c.answer(in[:n], out[:0]); len(out) > 0 {
			c.send(out)
		}
	}
}

func (c *goConn) flood(fill func([]byte) ([]byte, bool)) {
	go func() {
		var b []byte
		for more := true; more; {
			b, more = fill(b[:0])
			c.send(b)
		}
	}()
}

func (c *goConn) begin(f func([]byte) []byte) {
	go func() {
		if b := f(nil); len(b) > 0 {
			c.send(b)
		}
		c.serve()
	}()
}

// send waits for the network if that is full: goroutines may.
func (c *goConn) send(p []byte) {
	if _, err := c.conn.Write(p); err != nil {
		c.failed(err)
	}
}

// failed tells of what isn't just the other process's end.
func (c *goConn) failed(err error) {
	if !errors.Is(err, io.EOF) {
		play.Say(play.Line{Error: err.Error()})
	}
}
