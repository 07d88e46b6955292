package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aemp-go/aemp/bench/peers/secure"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

const pending = 1 << 30 // octets that the server may have for a client

// serve starts a server.
func serve(s play.Spec) (n *server.Server, err error) {
	o := &server.Options{
		ServerName: "receiver", Host: "127.0.0.1", Port: server.RANDOM_PORT,
		MaxPending: pending, WriteDeadline: 10 * time.Second,
		NoLog: true, NoSigs: true, NoSystemAccount: true,
	}
	if s.TLS {
		if o.TLSConfig, err = secure.Config(); err != nil {
			return nil, err
		}
		o.TLS = true
	}
	if n, err = server.NewServer(o); err != nil {
		return nil, fmt.Errorf("start a server: %w", err)
	}
	n.Start()
	if !n.ReadyForConnections(10 * time.Second) {
		return nil, errors.New("the server didn't start within 10 s")
	}
	return n, nil
}

// connect connects a client of that name over TCP.
func connect(s play.Spec, address, name string) (*nats.Conn, error) {
	var o []nats.Option
	if s.TLS {
		c, err := secure.Config()
		if err != nil {
			return nil, err
		}
		o = append(o, nats.Secure(c))
	}
	return client(address, name, o...)
}

// within connects a client of that name to the server of the same process.
func within(n *server.Server, name string) (*nats.Conn, error) {
	return client("", name, nats.InProcessServer(n))
}

func client(address, name string, o ...nats.Option) (*nats.Conn, error) {
	c, err := nats.Connect(address, append(o, nats.Name(name), nats.NoReconnect(), nats.Timeout(time.Minute))...)
	if err != nil {
		return nil, fmt.Errorf("connect %s: %w", name, err)
	}
	return c, nil
}

// each connects that many clients, of names with numbers.
func each(many int, name string, connect func(name string) (*nats.Conn, error)) ([]*nats.Conn, error) {
	all := make([]*nats.Conn, many)
	for k := range all {
		c, err := connect(subject(name, k))
		if err != nil {
			return nil, err
		}
		all[k] = c
	}
	return all, nil
}

// subscribe calls handle for each message, however many wait.
func subscribe(c *nats.Conn, subject string, handle nats.MsgHandler) error {
	sub, err := c.Subscribe(subject, handle)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", subject, err)
	}
	return sub.SetPendingLimits(-1, -1)
}

// flush waits until the server has got all that the clients have said.
func flush(all []*nats.Conn) error {
	for _, c := range all {
		if err := c.FlushTimeout(time.Minute); err != nil {
			return fmt.Errorf("flush: %w", err)
		}
	}
	return nil
}

// subject is the number k of a kind.
func subject(kind string, k int) string { return kind + "." + strconv.Itoa(k) }

// subjects are all of a kind.
func subjects(kind string, many int) []string {
	all := make([]string, many)
	for k := range all {
		all[k] = subject(kind, k)
	}
	return all
}
