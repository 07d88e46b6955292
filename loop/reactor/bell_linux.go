package reactor

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func newBell(portable bool) (bell, error) {
	if portable {
		return newPipeBell()
	}
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return eventBell(fd), nil
}

func newAlarm(portable bool, due func()) (alarm, error) {
	if portable {
		return newClockAlarm(due), nil
	}
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	return timerAlarm(fd), nil
}

// An eventBell is an eventfd. Watched edge-triggered, each write to it is an event
// and it needs no reading.
type eventBell int

func (b eventBell) ring()      { writeBell(int(b), one[:]) }
func (b eventBell) fd() int    { return int(b) }
func (b eventBell) edge() bool { return true }
func (b eventBell) heard()     {}
func (b eventBell) close()     { unix.Close(int(b)) }

// A timerAlarm is a timerfd. Watched edge-triggered it needs no reading.
type timerAlarm int

func (a timerAlarm) set(d time.Duration) {
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}
	_ = unix.TimerfdSettime(int(a), 0, &at, nil) // can't fail with a positive time
}

func (a timerAlarm) fd() int { return int(a) }
func (a timerAlarm) close()  { unix.Close(int(a)) }
