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

	// After this many waits without a task from outside, the loop takes it that
	// no goroutine is in conversation with it.
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

// yield lets goroutines run, now and then and if one is likely to have waited for what
// was just handled: then it runs at once and here, and its next post needs no bell.
func (l *eventLoop) yield(now time.Duration, handled bool) {
	answered := handled && l.company > 0 && l.inbox.quiet()
	if !answered && now-l.yielded < yieldPeriod {
		return
	}
	l.yielded = now
	runtime.Gosched()
	if answered {
		l.company--
		if !l.inbox.quiet() {
			l.company = company
		}
	}
}
