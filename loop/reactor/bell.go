package reactor

import (
	"math"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A bell wakes the loop. ring is for any goroutine.
type bell interface {
	ring()
	fd() int    // becomes readable
	edge() bool // to be watched edge-triggered
	heard()     // called by the loop for each event
	close()
}

// An alarm wakes the loop at a time: by a descriptor that becomes readable, watched
// edge-triggered, or (fd is -1) by calling what it was made with on a goroutine.
type alarm interface {
	set(d time.Duration) // d > 0
	fd() int
	close()
}

// A pipeBell is a pipe to oneself: any Unix has it.
type pipeBell struct {
	r, w int
	buf  [64]byte
}

func newPipeBell() (bell, error) {
	var p [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(p[:])
	if err == nil {
		unix.CloseOnExec(p[0])
		unix.CloseOnExec(p[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	b := &pipeBell{r: p[0], w: p[1]}
	for _, fd := range p {
		if err := unix.SetNonblock(fd, true); err != nil {
			b.close()
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	return b, nil
}

var one = [8]byte{1}

// ring: a full pipe is an event already.
func (b *pipeBell) ring() { writeBell(b.w, one[:1]) }

func (b *pipeBell) fd() int    { return b.r }
func (b *pipeBell) edge() bool { return false }

func (b *pipeBell) heard() { _, _ = readNow(b.r, b.buf[:]) }

func (b *pipeBell) close() {
	unix.Close(b.r)
	unix.Close(b.w)
}

func writeBell(fd int, p []byte) {
	for {
		if _, err := writeNow(fd, p); err != unix.EINTR {
			return
		}
	}
}

// A clockAlarm is a timer of the Go runtime.
type clockAlarm struct{ timer *time.Timer }

func newClockAlarm(due func()) alarm {
	t := time.AfterFunc(math.MaxInt64, due)
	return &clockAlarm{t}
}

func (a *clockAlarm) set(d time.Duration) { a.timer.Reset(d) }
func (a *clockAlarm) fd() int             { return -1 }
func (a *clockAlarm) close()              { a.timer.Stop() }
