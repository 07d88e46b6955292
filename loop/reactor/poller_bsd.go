//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package reactor

import (
	"errors"
	"os"
	"reflect"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"
)

// findQueue: on the BSDs gnet's Delete leaves a descriptor to be removed by its
// being closed, which is of no use for pausing, moving and detaching. So the
// filters are deleted here, in gnet's own kernel queue.
func (p *poller) findQueue(bool) error {
	field := reflect.ValueOf(p.Poller).Elem().FieldByName("fd")
	if !field.IsValid() || !field.CanInt() {
		return errors.New("reactor: gnet's poller doesn't show its kernel queue")
	}
	p.queue = int(field.Int())
	return nil
}

func (p *poller) drop(fd int, had interest) error {
	for _, x := range [...]struct {
		interest interest
		filter   int
	}{{reading, unix.EVFILT_READ}, {writing, unix.EVFILT_WRITE}} {
		if had&x.interest == 0 {
			continue
		}
		var gone [1]unix.Kevent_t
		unix.SetKevent(&gone[0], fd, x.filter, unix.EV_DELETE)
		if _, err := unix.Kevent(p.queue, gone[:], nil, nil); err != nil {
			return os.NewSyscallError("kevent delete", err)
		}
	}
	return nil
}

func isReadable(ev netpoll.IOEvent) bool { return ev == netpoll.ReadEvents }
func isWritable(ev netpoll.IOEvent) bool { return ev == netpoll.WriteEvents }
