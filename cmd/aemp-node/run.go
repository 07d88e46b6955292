package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/aemp-go/aemp"
)

var runCommand = command{
	name:  "run",
	brief: "run a node until it is told to end",
	help: `
Run a node until SIGINT or SIGTERM ends it in good order (a second one at once).

With nothing configured it makes a random secret, keeps it in the configuration
file, and listens on this machine only. It prints its node ID, its addresses, its
services, and a command with which another terminal can talk to it.

  aemp-node run --nodeid a --bind 127.0.0.1:4040 --secret geheim
  aemp-node cal --seed 127.0.0.1:4040 --secret geheim a time
` + servicesHelp + `
Other nodes may have it own entries of the database: see db set. A --secure one refuses.
`,
	flags: []func(*options, *flag.FlagSet){nodeFlags, runFlags},
	run:   runNode,
}

const (
	// usualBind is what a node listens at that was told nothing else.
	usualBind = "127.0.0.1:4040"
	// freeBind is for the second one on the same machine.
	freeBind = "127.0.0.1:0"

	// closeLimit bounds sending what is queued when the node ends.
	closeLimit = 10 * time.Second
)

func runNode(ctx context.Context, o *options, _ []string) error {
	if err := o.readCredentials(); err != nil {
		return err
	}
	if err := o.firstRun(); err != nil {
		return err
	}
	c, err := o.effective(slog.LevelInfo)
	if err != nil {
		return err
	}
	node, err := o.start(c)
	if err != nil {
		return err
	}
	if !c.Secure {
		hold(node)
	}
	stop, err := o.serve(node)
	if err == nil {
		err = o.announce(node)
	}
	if err == nil {
		<-ctx.Done()
		c.Logger.Info("ending", "node", node.ID())
	}
	err = errors.Join(err, end(node))
	stop()
	return err
}

// effective is the whole configuration, with a logger that writes from level on
// if nothing else is said.
func (o *options) effective(level slog.Level) (*aemp.Config, error) {
	c, warnings, err := o.config.Effective()
	if err != nil {
		return nil, err
	}
	if c.LogLevel != "" {
		if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
			return nil, err
		}
	}
	c.Logger = newLogger(o.stderr, o.logJSON, level)
	for _, w := range warnings {
		c.Logger.Warn("configuration", "reason", w.Error())
	}
	return &c, nil
}

// start gives way to another node on this machine, if nobody has asked for the bind.
func (o *options) start(c *aemp.Config) (*aemp.Node, error) {
	node, err := aemp.Start(*c)
	if o.anyBind && errors.Is(err, syscall.EADDRINUSE) {
		c.Binds = []string{freeBind}
		return aemp.Start(*c)
	}
	return node, err
}

// end closes the node in good order.
func end(node *aemp.Node) error {
	ctx, cancel := context.WithTimeout(context.Background(), closeLimit)
	defer cancel()
	return node.Close(ctx)
}

// announce says who and where the node is, and how to talk to it.
func (o *options) announce(node *aemp.Node) error {
	var b strings.Builder
	for _, addr := range node.Addresses() {
		fmt.Fprintf(&b, "node %s listens at %s\n", node.ID(), addr)
	}
	if len(node.Addresses()) == 0 {
		fmt.Fprintf(&b, "node %s listens nowhere\n", node.ID())
	}
	for _, s := range o.services {
		fmt.Fprintf(&b, "service %s#%s\n", node.ID(), s.name)
	}
	if len(node.Addresses()) > 0 {
		fmt.Fprintf(&b, "from another terminal%s:\n\n  %s\n\n", o.invite.condition,
			o.invitation(node.ID(), node.Addresses()[0]))
	}
	_, err := io.WriteString(o.stdout, b.String())
	return err
}
