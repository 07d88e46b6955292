package sim

import "time"

// between draws from min to max, both included.
func (w *World) between(min, max time.Duration) time.Duration {
	if max <= min {
		return min
	}
	return min + time.Duration(w.rand.Uint64N(uint64(max-min)+1))
}

// moment is how long something takes inside a process: mostly about a
// microsecond, sometimes long enough for others to overtake it.
func (w *World) moment() time.Duration {
	x := w.rand.Uint64()
	if x>>58 == 0 {
		return time.Duration(1 + x&0x3ffff) // 262 µs
	}
	return time.Duration(1 + x&0x7ff)
}

// oneIn is true once in n times.
func (w *World) oneIn(n uint64) bool { return w.rand.Uint64N(n) == 0 }
