package reactor

import (
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

const (
	eventsPerTurn = 128

	// After this many yields that brought no task, the loop takes it that no
	// goroutine is in conversation with it.
	company = 16

	// A goroutine that doesn't yield for 10 ms is taken for one that hogs its
	// processor, and loses it at every system call.
	yieldPeriod = 4 * time.Millisecond
)

func (l *eventLoop) wait() error {
	if l.poll.queue < 0 {
		return l.waitByGnet()
	}
	return l.waitByEpoll()
}

// waitByEpoll waits in gnet's epoll instance without gnet's loop.
func (l *eventLoop) waitByEpoll() error {
	var events [eventsPerTurn]unix.EpollEvent
	for !l.stopping {
		n, err := unix.EpollWait(l.poll.queue, events[:], l.timeout())
		if err != nil && err != unix.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		l.turn(events[:max(n, 0)])
	}
	return nil
}

// timeout is 0 if there are tasks already, and for ever (-1) if there are none: then
// whoever posts the next one rings the bell.
func (l *eventLoop) timeout() int {
	if l.inbox.rest() {
		return -1
	}
	return 0
}

// turn handles events, then what was posted, and then writes the output of both.
func (l *eventLoop) turn(events []unix.EpollEvent) {
	l.pulse.begin(l.Now())
	handled := false
	for i := range events {
		fd := int(events[i].Fd)
		if fd == l.bell.fd() { // it has nothing to say but that there are tasks
			l.company = company
			continue
		}
		l.handle(fd, netpoll.IOEvent(events[i].Events))
		l.pulse.lap(l.Now())
		handled = true
	}
	l.runPosted()
	l.end(nil)
	now := l.Now()
	l.pulse.end(now)
	l.yield(now, handled)
}

// yield lets goroutines run: always if the loops hold all processors; if one is likely
// to have waited for what was just handled, so that it runs at once and here, and its next
// post needs no bell; and now and then.
func (l *eventLoop) yield(now time.Duration, handled bool) {
	if l.offers.made.Load() {
		l.offers.made.Store(false)
		l.company = company
	}
	answered := handled && l.company > 0 && l.inbox.quiet()
	if now-l.yielded >= yieldPeriod {
		l.yielded = now
		l.crowded = l.group.active(now) >= runtime.GOMAXPROCS(0)
	} else if !answered && !l.crowded {
		return
	}
	runtime.Gosched()
	if answered {
		l.company--
		if !l.inbox.quiet() {
			l.company = company
		}
	}
}

// active counts the loops that hold a processor: those that run, and those that wait since
// a short while ago, for Go's scheduler lets a goroutine keep its own in a system call.
func (g *Group) active(now time.Duration) (n int) {
	for _, l := range g.loops {
		if l.pulse.since.Load() != 0 || now-time.Duration(l.pulse.last.Load()) < 2*yieldPeriod {
			n++
		}
	}
	return n
}
