package play

import (
	"os"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"golang.org/x/sys/unix"
)

// finest is how often a paced sender wakes up at most; at a higher rate messages are due
// in small groups. More wake-ups would be more work for it than the messages.
const finest = 50 * time.Microsecond

// Paced is the stop-watch at a fixed rate. A trip's time counts from when it ought to have
// begun, so that a sender that has been held up isn't excused (coordinated omission).
type Paced struct {
	origin   time.Time
	every    time.Duration // a group is due
	group    int64         // messages that are due at once
	warm     int64         // numbers that aren't counted
	last     int64
	seconds  float64
	began    bool
	expect   int64
	disorder int64
	times    *hdrhistogram.Histogram
	mallocs  uint64
}

// NewPaced starts the watch; call Run at once.
func NewPaced(s Spec) *Paced {
	group := max(1, int64(s.Rate)*int64(finest)/int64(time.Second))
	of := func(d time.Duration) int64 { return int64(float64(s.Rate) * d.Seconds()) }
	return &Paced{
		origin: time.Now(), every: time.Duration(group * int64(time.Second) / int64(s.Rate)), group: group,
		warm: of(s.Warm), last: of(s.Warm) + of(s.For), seconds: s.For.Seconds(), times: newHistogram(),
	}
}

// due is when a message, from number 1, is to be sent.
func (p *Paced) due(number int64) time.Time {
	return p.origin.Add(time.Duration((number-1)/p.group+1) * p.every)
}

// Run sends each message when it is due, or at once if that is over, on its goroutine.
func (p *Paced) Run(send func(number int64) error) error {
	t, err := newTicks(p.origin, p.every)
	if err != nil {
		return err
	}
	defer t.Close()
	for n := int64(1); n <= p.last; {
		for now := time.Now(); n <= p.last && !p.due(n).After(now); n++ {
			if err := send(n); err != nil {
				return err
			}
		}
		if err := t.wait(); err != nil {
			return err
		}
	}
	return nil
}

// Back notes a trip's end, in order, on one goroutine at a time.
func (p *Paced) Back(number int64) {
	if p.expect++; number != p.expect {
		p.disorder++
	}
	if number > p.warm {
		if !p.began {
			p.began = true
			p.mallocs = Mallocs()
			Say(Line{Begin: true})
		}
		p.times.RecordValue(int64(time.Since(p.due(number))))
	}
	if p.expect == p.last {
		mallocs := Mallocs() - p.mallocs
		Say(Line{Result: &Result{
			Counts: []int64{p.last - p.warm}, Seconds: p.seconds, Disorder: p.disorder,
			Mallocs: &mallocs, Laps: laps(p.times),
		}})
	}
}

// ticks is a timer of the system, for those of Go are up to a millisecond late in a
// process that is idle.
type ticks struct{ *os.File }

// newTicks ticks at origin plus each multiple of every, or a little later.
func newTicks(origin time.Time, every time.Duration) (*ticks, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("timerfd_create", err)
	}
	t := &ticks{os.NewFile(uintptr(fd), "timer")}
	first := every - time.Since(origin)%every
	err = unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{
		Interval: unix.NsecToTimespec(int64(every)), Value: unix.NsecToTimespec(int64(first)),
	}, nil)
	if err != nil {
		t.Close()
		return nil, os.NewSyscallError("timerfd_settime", err)
	}
	return t, nil
}

// wait for the next tick, or return at once if it is over.
func (t *ticks) wait() error {
	var expired [8]byte
	_, err := t.Read(expired[:])
	return err
}
