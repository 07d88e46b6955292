package main

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// bareHeap is what the simulator and the meters take for each host with so many
// connections to others, both ends counted, without any node.
func bareHeap(hosts, conns int) (float64, error) {
	w := sim.New(sim.Options{Seed: 1})
	defer w.Close()
	var servers []netip.AddrPort
	listen := func(h *sim.Host) (*metered, error) {
		m := meterOf(h.Group(1))
		var err error
		w.Do(m.Group.Loops()[0], func() {
			_, err = m.Loops()[0].Listen(netip.AddrPortFrom(h.Addr(), port), func(netip.AddrPort) loop.Handler { return &idler{} })
		})
		return m, err
	}
	for i := range conns {
		h := w.Host(fmt.Sprint("server", i))
		if _, err := listen(h); err != nil {
			return 0, err
		}
		servers = append(servers, netip.AddrPortFrom(h.Addr(), port))
	}
	before := heap()
	for i := range hosts {
		m, err := listen(w.Host(fmt.Sprint("host", i)))
		if err != nil {
			return 0, err
		}
		w.Do(m.Group.Loops()[0], func() {
			for _, to := range servers {
				m.Loops()[0].Dial(to, time.Minute, &idler{})
			}
		})
	}
	w.Run(w.Now() + 10*time.Second)
	return float64(heap()-before) / float64(hosts), nil
}

// An idler says as much as a handshake when it is connected, and then now and then
// something small.
type idler struct {
	loop.NopHandler
	timer loop.Timer
}

func (h *idler) Open(c loop.Conn) {
	c.Write(make([]byte, 600))
	h.timer = loop.After(c.Loop(), time.Second, func() {
		c.Write(make([]byte, 7))
		h.timer.Reset(time.Second)
	})
}
