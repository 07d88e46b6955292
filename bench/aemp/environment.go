package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/bench/certificate"
	"github.com/aemp-go/aemp/bench/play"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

type node = aemp.Node

const (
	connecting = time.Minute // all nodes of a sender have so long
	atOnce     = 256         // so many connect at the same time
)

// quiet keeps to itself what is natural here, such as links that are lost when the other
// process has ended.
var quiet = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))

// An environment is what the nodes of a process have in common.
type environment struct {
	loops   loop.Group
	framing string
	cert    string
	seed    string // where the receiver listens
}

// newEnvironment gets a certificate from the receiver's address, or makes one.
func newEnvironment(s play.Spec) (*environment, error) {
	g, err := reactor.Start(reactor.Options{Loops: s.Loops, Logger: quiet})
	if err != nil {
		return nil, err
	}
	e := &environment{loops: g, framing: s.Framing}
	e.seed, e.cert, _ = strings.Cut(s.Address, "\n")
	if s.TLS && e.cert == "" {
		e.cert, err = certificate.New()
	}
	return e, err
}

// address is for the sender: all that it has to know, which under TLS is the certificate of
// the whole network.
func (e *environment) address(n *node) string {
	return n.Addresses()[0].String() + "\n" + e.cert
}

func (e *environment) config(name string) aemp.Config {
	c := aemp.Config{Node: name, Secret: "bench", Cert: e.cert, Binds: []string{}, NoRC: true, Logger: quiet}
	if e.framing != "" {
		c.Framings = []string{e.framing}
	}
	return c
}

func (e *environment) start(name string) (*node, error) {
	return aemp.StartOn(e.loops, e.config(name))
}

// listen starts the receiver's node.
func (e *environment) listen() (*node, error) {
	c := e.config("receiver")
	c.Binds = []string{"127.0.0.1:0"}
	return aemp.StartOn(e.loops, c)
}

// connect starts the nodes of a sender, each with a link to the receiver.
func (e *environment) connect(n int) (nodes []*node, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), connecting)
	defer cancel()
	for len(nodes) < n {
		first := len(nodes)
		for k := first; k < min(first+atOnce, n); k++ {
			c := e.config(senderName(k))
			c.Seeds = []string{e.seed}
			s, err := aemp.StartOn(e.loops, c)
			if err != nil {
				return nil, err
			}
			nodes = append(nodes, s)
		}
		for k, s := range nodes[first:] {
			if err := s.WaitNode(ctx, "receiver"); err != nil {
				return nil, fmt.Errorf("link %d: %w", first+k, err)
			}
		}
	}
	return nodes, nil
}

func senderName(k int) string { return fmt.Sprintf("sender%d", k) }

// target is the ID of the receiver's port k.
func target(node string, k int) string { return node + "#" + portName(k) }

func portName(k int) string { return fmt.Sprintf("r%d", k) }
