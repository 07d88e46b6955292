package main

import (
	"errors"
	"fmt"

	"github.com/aemp-go/aemp/bench/play"
)

// verify finds out whether all that was sent has arrived, once and in order. sent is nil
// where the sender has nothing to say.
func verify(s play.Spec, sent, got *play.Result) error {
	switch s.Kind {
	case play.Local, play.OneWay, play.FanIn:
		return verifyFlood(s, sent, got)
	case play.PingPong, play.Call:
		return verifyTrips(s, got)
	case play.Stream:
		return verifyStream(sent, got)
	case play.Idle:
		if got.Octets <= 0 {
			return fmt.Errorf("%d octets of memory for each peer", got.Octets)
		}
	}
	return nil
}

func verifyFlood(s play.Spec, sent, got *play.Result) error {
	if n := s.Pairs * s.Ports; len(sent.Counts) != n || len(got.Counts) != n {
		return fmt.Errorf("%d counts of senders and %d of receivers, not %d", len(sent.Counts), len(got.Counts), n)
	}
	sums := map[int64]uint32{} // those with as many messages have the same
	want, text := uint32(0), play.Text(s.Size)
	for k, n := range sent.Counts {
		if got.Counts[k] != n {
			return fmt.Errorf("receiver %d has got %d messages of %d", k, got.Counts[k], n)
		}
		if _, known := sums[n]; !known {
			sums[n] = play.Checksum(n, text)
		}
		want += sums[n]
	}
	switch {
	case got.Disorder != 0:
		return fmt.Errorf("%d messages were out of order or damaged", got.Disorder)
	case got.Checksum != want:
		return fmt.Errorf("checksum %#x, not %#x", got.Checksum, want)
	}
	if got.Seconds > 0 && got.Seconds < s.For.Seconds()*leastMeasured {
		return fmt.Errorf("it was measured for %.3f s of %v: messages had piled up before it began", got.Seconds, s.For)
	}
	return verifyExtent(total(sent.Counts), got.Seconds)
}

// leastMeasured is how much of the time that messages are sent for their receivers must take.
// If they take less, what they have taken so fast was sent, and had got far, before they began.
const leastMeasured = 0.85

func verifyTrips(s play.Spec, got *play.Result) error {
	n := total(got.Counts)
	timed := int64(0)
	for _, l := range got.Laps {
		timed += l.Count
	}
	switch want := int64(float64(s.Rate) * s.For.Seconds()); {
	case got.Disorder != 0:
		return fmt.Errorf("%d messages came back out of order or damaged", got.Disorder)
	case timed != n:
		return fmt.Errorf("%d round trips of %d were timed", timed, n)
	case s.Rate > 0 && n != want:
		return fmt.Errorf("%d round trips, not %d", n, want)
	}
	return verifyExtent(n, got.Seconds)
}

func verifyStream(sent, got *play.Result) error {
	if sent.Octets != got.Octets {
		return fmt.Errorf("%d octets have arrived of %d", got.Octets, sent.Octets)
	}
	return verifyExtent(got.Octets, got.Seconds)
}

func verifyExtent(n int64, seconds float64) error {
	switch {
	case n <= 0:
		return errors.New("nothing was sent")
	case seconds <= 0:
		return errors.New("it took no time")
	}
	return nil
}

func total(counts []int64) (sum int64) {
	for _, n := range counts {
		sum += n
	}
	return sum
}
