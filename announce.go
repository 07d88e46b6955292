package aemp

import (
	"net/netip"
	"slices"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/seeds"
)

// announce finds out where other nodes are told to look for this one, which listens
// already, waits for that, and tells the database.
func (n *Node) announce(c *Config) error {
	places, err := seeds.ParseAnnounce(c.Announce)
	if err != nil {
		return err
	}
	found := make(chan error, 1)
	done := func(addrs []netip.AddrPort, err error) {
		n.told = addrs
		found <- err
	}
	l := n.core.Loop()
	l.Post(loop.Func(func() {
		if c.Announce == nil {
			seeds.AnnouncedBinds(l, n.addrs, done)
		} else {
			seeds.Announced(l, places, n.addrs, done)
		}
	}))
	if err := <-found; err != nil {
		return err
	}
	n.db.Announce(n.told)
	return nil
}

// Announced is where other nodes are told that they find this one: see Config.Announce.
func (n *Node) Announced() []netip.AddrPort { return slices.Clone(n.told) }
