package reactor

import (
	"os"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

const (
	eventsPerTurn = 128

	// A loop is brisk once so many times in a row something came within linger. It then waits
	// in the kernel, and holds its processor, until nothing has come for linger or twice that.
	// One that isn't brisk waits at the gate.
	briskAfter = 4
	linger     = time.Millisecond

	// A goroutine that asks to attend after so few turns since the last one that did is what the
	// loop is brisk for.
	turnsPerAsk = 3

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
	if err := l.gate.build(&l.poll); err != nil {
		l.group.log.Warn("event loop without a gate", "loop", l.index, "error", err)
	}
	l.group.holding.Add(1)
	defer l.group.holding.Add(-1)
	return l.waitByEpoll()
}

// waitByEpoll waits in gnet's epoll instance without gnet's loop.
func (l *eventLoop) waitByEpoll() error {
	var events [eventsPerTurn]unix.EpollEvent
	for last := l.Now(); !l.stopping; {
		n, err := l.await(events[:])
		if err != nil {
			return err
		}
		now := l.Now()
		switch {
		case now-last > linger:
			l.soon = 0
		case l.soon < briskAfter:
			l.soon++
		}
		handled := l.turn(now, events[:n])
		last = l.Now()
		l.pulse.end(last)
		givesWay := l.giveWay() // and needn't yield for that
		l.yield(last, handled && !givesWay)
	}
	return nil
}

// await waits for events, unless there are tasks: whoever posts the next one rings the bell.
func (l *eventLoop) await(events []unix.EpollEvent) (n int, err error) {
	wait := forever
	switch {
	case !l.inbox.rest():
		wait = 0
	case l.gate.built() && !l.isBrisk():
		if err := l.park(); err != nil {
			return 0, err
		}
		wait = 0
	}
	return l.poll.events(events, wait)
}

// isBrisk says whether the next event is likely to come soon.
func (l *eventLoop) isBrisk() bool {
	if l.soon < briskAfter {
		return false
	}
	l.tick(linger)
	return true
}

// giveWay says whether a goroutine wanted to attend to the loop and is what that is brisk for.
// It may with its next call, if the loop is at the gate by then.
func (l *eventLoop) giveWay() bool {
	l.turnsSinceAsk++
	if !l.asked.Load() || !l.gate.built() {
		return false
	}
	l.asked.Store(false)
	few := l.turnsSinceAsk <= turnsPerAsk
	l.turnsSinceAsk = 0
	if few {
		l.soon = 0
	}
	return few
}

// park waits at the gate. Meanwhile another goroutine may attend to the loop.
func (l *eventLoop) park() error {
	if err := l.gate.open(); err != nil {
		return err
	}
	l.reopened = false
	l.group.holding.Add(-1)
	l.turns.Unlock()
	err := l.gate.wait()
	l.turns.Lock()
	l.group.holding.Add(1)
	if l.reopened && err == nil { // behind what has let this goroutine through
		err = l.gate.shut()
	}
	return err
}

const forever = -1

// events takes events from the kernel's queue. It waits for them for ever or not at all (0): a
// time-out would cost a timer of the kernel's each time.
func (p *poller) events(events []unix.EpollEvent, wait int) (n int, err error) {
	if wait == 0 {
		n, err = eventsNow(p.queue, events)
	} else {
		n, err = unix.EpollWait(p.queue, events, wait)
	}
	switch err {
	case nil:
		return n, nil
	case unix.EINTR:
		return 0, nil
	}
	return 0, os.NewSyscallError("epoll_wait", err)
}

// eventsNow is epoll_wait(2) that doesn't wait; see call_raw.go.
func eventsNow(queue int, events []unix.EpollEvent) (n int, err error) {
	r, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(queue), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// turn handles events, then what was posted, and then writes the output of both. It says
// whether one of the events was a connection's or the alarm's.
func (l *eventLoop) turn(now time.Duration, events []unix.EpollEvent) (handled bool) {
	l.pulse.begin(now)
	for i := range events {
		switch fd := int(events[i].Fd); fd {
		case l.bell.fd(): // it has nothing to say but that there are tasks
			l.company = company
		case l.gate.tick:
			l.ticked()
			continue
		default:
			l.handle(fd, netpoll.IOEvent(events[i].Events))
			l.pulse.lap(l.Now())
			handled = true
		}
		l.active = true
	}
	l.runPosted()
	l.end(nil)
	return handled
}

// tick has ticked called within that time, and again and again until there is nothing to be
// done between two calls.
func (l *eventLoop) tick(within time.Duration) {
	if l.ticking == 0 || l.ticking > within {
		l.ticking, l.active = within, true
		l.gate.tickAfter(within)
	}
}

func (l *eventLoop) ticked() {
	active := l.active
	l.ticking = 0
	switch {
	case !active:
		l.soon = 0
	case l.soon == briskAfter:
		l.tick(linger)
	default:
		l.tick(attendance)
	}
	l.active = false
}

// leaves is how many processors the loops leave to other goroutines.
func (g *Group) leaves() int { return int(g.processors.Load() - g.holding.Load()) }

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
		l.group.processors.Store(int32(runtime.GOMAXPROCS(0)))
		l.crowded = l.group.leaves() <= 0
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
