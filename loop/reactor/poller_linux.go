package reactor

import (
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

func (p *poller) findQueue() error { return nil }

func (p *poller) drop(fd int, _ interest) error { return p.Delete(fd) }

// Errors count as both: reading and writing report them.

func isReadable(ev netpoll.IOEvent) bool {
	return ev&(netpoll.ReadEvents|netpoll.ErrEvents|unix.EPOLLRDHUP) != 0
}

func isWritable(ev netpoll.IOEvent) bool {
	return ev&(netpoll.WriteEvents|netpoll.ErrEvents) != 0
}
