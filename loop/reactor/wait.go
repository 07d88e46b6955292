package reactor

import (
	"errors"

	errorx "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/panjf2000/gnet/v2/pkg/netpoll"
)

// waitByGnet waits with gnet's own loop, which every system has. It has no hook at
// the end of a batch of events, so the bell is rung for what is to be done then.
func (l *eventLoop) waitByGnet() error {
	err := l.poll.Polling(func(fd int, ev netpoll.IOEvent, _ netpoll.IOFlags) error {
		l.pulse.begin(l.Now())
		if fd == l.bell.fd() {
			l.answerBell()
		} else {
			l.handle(fd, ev)
		}
		if len(l.dirty) > 0 {
			l.inbox.ring()
		}
		l.pulse.end(l.Now())
		if l.stopping {
			return errorx.ErrEngineShutdown
		}
		return nil
	})
	if errors.Is(err, errorx.ErrEngineShutdown) {
		return nil
	}
	return err
}

// answerBell does what a turn of our own does after the events.
func (l *eventLoop) answerBell() {
	l.bell.heard()
	l.runPosted()
	l.end(nil)
	if !l.inbox.rest() {
		l.bell.ring()
	}
}
