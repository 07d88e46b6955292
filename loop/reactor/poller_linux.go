package reactor

import (
	"reflect"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// findQueue finds the epoll instance, to wait in it (wait_linux.go). If gnet keeps it
// elsewhere one day, gnet has to wait.
func (p *poller) findQueue(portable bool) error {
	p.queue = -1
	field := reflect.ValueOf(p.Poller).Elem().FieldByName("fd")
	if portable || !field.IsValid() || !field.CanInt() {
		return nil
	}
	fd := int(field.Int())
	var none [1]unix.EpollEvent
	if _, err := unix.EpollWait(fd, none[:], 0); err == nil {
		p.queue = fd
	}
	return nil
}

func (p *poller) drop(fd int, _ interest) error { return p.Delete(fd) }

// Errors count as both: reading and writing report them.

func isReadable(ev netpoll.IOEvent) bool {
	return ev&(netpoll.ReadEvents|netpoll.ErrEvents|unix.EPOLLRDHUP) != 0
}

func isWritable(ev netpoll.IOEvent) bool {
	return ev&(netpoll.WriteEvents|netpoll.ErrEvents) != 0
}
