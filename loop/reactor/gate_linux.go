package reactor

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A gate is where a loop's goroutine waits for events of the loop's epoll instance without
// holding a thread and a processor: in the Go runtime's poller, like whoever reads from
// a net.Conn. The runtime watches an epoll instance of the gate's own, and that watches
// the loop's while the gate is open, for one event. So while it is shut the runtime
// hears nothing of what happens on the loop.
type gate struct {
	file  *os.File // the gate's epoll instance; nil: there is no gate
	fd    int      // its descriptor
	conn  syscall.RawConn
	queue int // the loop's
	fired func(fd uintptr) bool
	tick  int // a timer in the loop's queue
}

// build makes a shut gate for a poller's epoll instance.
func (g *gate) build(p *poller) (err error) {
	defer func() {
		if err != nil {
			g.tearDown()
		}
	}()
	if g.tick, err = unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC); err != nil {
		g.tick = -1
		return os.NewSyscallError("timerfd_create", err)
	}
	if err = p.addSignal(g.tick, true); err != nil {
		return err
	}
	if g.fd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	if err = unix.SetNonblock(g.fd, true); err != nil { // lest the runtime doesn't poll it
		unix.Close(g.fd)
		return os.NewSyscallError("fcntl", err)
	}
	g.queue, g.file = p.queue, os.NewFile(uintptr(g.fd), "gate")
	if g.conn, err = g.file.SyscallConn(); err != nil {
		return err
	}
	if err = g.file.SetReadDeadline(time.Time{}); err != nil { // the runtime doesn't
		return err
	}
	g.fired = func(fd uintptr) bool {
		var event [1]unix.EpollEvent
		n, err := unix.EpollWait(int(fd), event[:], 0)
		return n > 0 || err != nil && err != unix.EINTR
	}
	return g.change(unix.EPOLL_CTL_ADD, 0)
}

func (g *gate) built() bool { return g.file != nil }

func (g *gate) tearDown() {
	if g.file != nil {
		g.file.Close()
		g.file = nil
	}
	if g.tick > 0 {
		unix.Close(g.tick)
		g.tick = -1
	}
}

// open lets one event through; one that is there already, too.
func (g *gate) open() error { return g.change(unix.EPOLL_CTL_MOD, unix.EPOLLIN|unix.EPOLLONESHOT) }

// shut lets none through.
func (g *gate) shut() error { return g.change(unix.EPOLL_CTL_MOD, 0) }

func (g *gate) change(op int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(g.fd, op, g.queue, &unix.EpollEvent{Events: events}))
}

// wait returns when an event has come through.
func (g *gate) wait() error { return g.conn.Read(g.fired) }

// tickAfter has the loop's queue show an event of the timer.
func (g *gate) tickAfter(d time.Duration) { timerAlarm(g.tick).set(d) }
