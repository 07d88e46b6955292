package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

var (
	nodeID   = flag.String("id", "", "used by the program itself: the node's ID")
	bind     = flag.String("bind", "", "used by the program itself: where the node listens")
	seedList = flag.String("seedlist", "", "used by the program itself: the node's seeds")
)

// A player is a node in a process of its own, as a program starts it, but for the meter.
type player struct {
	*aemp.Node
	group   *metered
	members atomic.Int64
}

// play is the main of such a process. It obeys lines on its standard input.
func play(role string) error {
	p := &player{}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		answer, err := p.obey(role, in.Text())
		if err != nil {
			return err
		}
		fmt.Println(answer)
	}
	return in.Err()
}

func (p *player) obey(role, order string) (answer string, err error) {
	switch order {
	case "start":
		return "started", p.start(role)
	case "state":
		return fmt.Sprintf("%q %d %d", p.DB().Master(), len(p.UpNodes()), p.members.Load()), nil
	case "meters":
		read := make(chan meter)
		p.group.Group.Loops()[0].Post(loop.Func(func() { read <- p.group.meter }))
		m := <-read
		t := m.in.plus(m.out)
		return fmt.Sprint(t.Messages, t.Heartbeats, t.Octets), nil
	}
	return "", fmt.Errorf("an order %q", order)
}

func (p *player) start(role string) error {
	g, err := reactor.Start(reactor.Options{Loops: 1})
	if err != nil {
		return err
	}
	p.group = meterOf(g)
	p.Node, err = aemp.StartOn(p.group, aemp.Config{
		Node: *nodeID, Binds: []string{*bind}, Seeds: strings.Split(*seedList, ","),
		Secret: secret, NoRC: true, LogLevel: "error",
	})
	if err != nil {
		return err
	}
	if role == "slave" {
		return p.DB().Set(members, *nodeID, 1)
	}
	_, err = p.DB().Watch(members, func(_ *aemp.Context, c aemp.Change) { p.members.Store(int64(c.View.Len())) })
	return err
}

// A company is a network of processes over loopback, seen by their parent.
type company struct{ globals, slaves []*child }

// assemble starts the processes, but no node yet.
func assemble(globals, slaves, seedCount int) (c *company, err error) {
	c = &company{}
	addrs, err := freeAddresses(globals)
	if err != nil {
		return nil, err
	}
	add := func(list *[]*child, role, id, bind string, seeds []string) {
		if err != nil {
			return
		}
		var p *child
		if p, err = startChild("-role", role, "-id", id, "-bind", bind, "-seedlist", strings.Join(seeds, ",")); err == nil {
			*list = append(*list, p)
		}
	}
	for i, addr := range addrs {
		add(&c.globals, "global", globalID(i), addr, addrs)
	}
	for i := range slaves {
		add(&c.slaves, "slave", slaveID(i), "127.0.0.1:0", addrs[:seedCount])
	}
	if err != nil {
		c.end()
		return nil, err
	}
	return c, nil
}

// freeAddresses finds addresses at which nobody listens at the moment.
func freeAddresses(n int) (addrs []string, err error) {
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close()
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs, nil
}

func (c *company) end() {
	for _, p := range slices.Concat(c.globals, c.slaves) {
		p.end()
	}
}

// start starts the nodes of some processes at about the same moment.
func (c *company) start(list []*child) error {
	for _, p := range list {
		if err := p.tell("start"); err != nil {
			return err
		}
	}
	for _, p := range list {
		var started string
		if err := p.answer(&started); err != nil {
			return err
		}
	}
	return nil
}

// until asks all processes for their state until it is right for each of them.
func (c *company) until(what string, list []*child, right func(master string, links, members int) bool) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		all := true
		for _, p := range list {
			var master string
			var links, members int
			if err := p.ask("state", &master, &links, &members); err != nil {
				return err
			}
			all = all && right(master, links, members)
		}
		if all {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.New("in vain: " + what)
		}
	}
}

// read adds up the meters.
func (c *company) read() (r reading, err error) {
	sum := func(list []*child, to *tally) {
		for _, p := range list {
			var t tally
			if err == nil {
				err = p.ask("meters", &t.Messages, &t.Heartbeats, &t.Octets)
			}
			*to = to.plus(t)
		}
	}
	sum(c.globals, &r.globals)
	sum(c.slaves, &r.slaves)
	return r, err
}

func (c *company) since(before reading) (traffic, error) {
	now, err := c.read()
	return traffic{
		now.slaves.minus(before.slaves).per(len(c.slaves)),
		now.globals.minus(before.globals).per(len(c.globals)),
	}, err
}
