package seeds

import "time"

// A schedule says when a seed's next round of dialling is due: rounds are
// (1 + rand) × 1.2 s apart, the bound of the pause doubling each time up to the
// monitor timeout (protocol 6).
//
// A pause is drawn from the whole range between the least one and the bound, not
// just multiplied: a thousand nodes that lost a seed together come back spread
// evenly over it. The zero value (with most set) is due at once.
type schedule struct {
	most    time.Duration // monitor timeout: no bound is above it
	bound   time.Duration // of the pause after the last round; 0: the next one is the first
	began   time.Duration // the last round
	next    time.Duration // the next one, unless at rest
	resting bool          // all is well; nothing is due
}

func (s *schedule) due(now time.Duration) bool { return !s.resting && s.next <= now }

// rest stops the rounds; the next time they start with short pauses again.
func (s *schedule) rest() {
	s.resting, s.bound = true, 0
}

// advance notes that a round begins now; random is in [0, 1).
func (s *schedule) advance(now time.Duration, random float64) {
	if s.bound *= 2; s.bound == 0 {
		s.bound = firstBound
	}
	s.bound = min(s.bound, s.most)
	least := min(leastPause, s.bound/2)
	pause := least + time.Duration(random*float64(s.bound-least))
	s.began, s.next = now, now+pause
}

// hurry makes the next round due at once, but not within the least pause since
// the last: a seed that accepts and hangs up doesn't make us spin.
func (s *schedule) hurry(now time.Duration) {
	at := max(now, s.began+leastPause)
	if s.resting || at < s.next {
		s.next = at
	}
	s.resting = false
}
