package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// clock is CLOCK_MONOTONIC, which all processes of a machine share. Read once; package
// time goes on with the same clock.
type clock struct {
	offset int64
	start  time.Time
}

func newClock() (clock, error) {
	var ts unix.Timespec
	start := time.Now()
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return clock{}, err
	}
	return clock{ts.Nano(), start}, nil
}

// now in nanoseconds.
func (c clock) now() int64 { return c.offset + int64(time.Since(c.start)) }
