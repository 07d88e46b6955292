package main

import (
	"errors"
	"log/slog"
	"net/netip"

	"github.com/aemp-go/aemp/global"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
	"github.com/aemp-go/aemp/seeds"
)

// A node is put together as package aemp does it, but on loops where nothing may wait.
type node struct {
	*kernel.Node
	*metered
	group   *sim.Group
	db      *global.DB
	seeds   []seeds.Seed
	links   int              // now
	view    map[string]int64 // the news, as the node has been shown them
	members int              // that it knows
}

const secret = "0123456789abcdef0123456789abcdef"

// startNode begins to listen at an address of the group's host, and to look for seeds.
func startNode(g *sim.Group, id string, addr netip.AddrPort, list []seeds.Seed, log *slog.Logger) (*node, error) {
	n := &node{metered: meterOf(g), group: g}
	var err error
	n.Node, err = kernel.New(n.metered, kernel.Options{
		Links:  link.Config{Node: id, Secret: []byte(secret), Extensions: true},
		Logger: log,
	})
	if err != nil {
		return nil, err
	}
	n.db = global.New(n.Node, global.Options{})
	n.db.Announce([]netip.AddrPort{addr})
	n.WatchNodes(func(_ string, up bool) {
		if up {
			n.links++
		} else {
			n.links--
		}
	})
	n.Listen([]netip.AddrPort{addr}, func(_ []netip.AddrPort, failed error) {
		if failed != nil {
			panic(failed) // an address of the host's own that nobody else uses
		}
	})
	keeper := seeds.NewKeeper(seedNetwork{n.Node}, seeds.Options{
		Seeds:          list,
		MonitorTimeout: kernel.DefaultMonitorTimeout,
		Observer:       n.db,
		Logger:         log,
	})
	n.Loop().Post(loop.Func(keeper.Start))
	return n, nil
}

// seedNetwork is what the seeds need of the kernel.
type seedNetwork struct{ *kernel.Node }

func (n seedNetwork) WatchNodes(changed func(node string, up bool)) { n.Node.WatchNodes(changed) }

func (n seedNetwork) DialSeed(addr netip.AddrPort, done func(node string, err error)) (cancel func()) {
	return n.Node.DialSeed(addr, func(node string, err error) {
		if errors.Is(err, kernel.ErrSelf) {
			err = seeds.ErrSelf
		}
		done(node, err)
	})
}
