package kernel

import "time"

// minConnectInterval is the least time between two attempts of one schedule.
const minConnectInterval = 400 * time.Millisecond

// schedule says when the addresses of a node are tried (protocol 5): the first at
// once, one more each tick while earlier attempts are left running; the first to
// finish wins. It is a state machine without I/O.
type schedule struct {
	n        int
	interval time.Duration
	limit    time.Duration // for the whole attempt
	next     int           // address to be tried
	running  int
}

func newSchedule(n int, interval, limit time.Duration) schedule {
	if n > 0 {
		if room := (limit - interval) / time.Duration(n); room < interval {
			interval = room
		}
	}
	return schedule{n: n, interval: max(interval, minConnectInterval), limit: limit}
}

// tick is the next address to try, and when to tick again: 0 for never.
// random is from 0 to 1.
func (s *schedule) tick(random float64) (address int, again time.Duration, ok bool) {
	if s.next == s.n {
		return 0, 0, false
	}
	address = s.next
	s.next++
	s.running++
	if s.next < s.n {
		again = time.Duration(float64(s.interval) * (0.9 + 0.1*random))
	}
	return address, again, true
}

// failed: one attempt has ended. It says whether that was the last hope.
func (s *schedule) failed() (over bool) {
	s.running--
	return s.running == 0 && s.next == s.n
}
