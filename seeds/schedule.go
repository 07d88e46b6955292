package seeds

import "time"

// A schedule says when the next round of attempts is due (protocol 6). After a round
// the pause is drawn from nothing to a bound, which is twice least at first and doubles
// each time up to most. The whole of it is drawn, not just a part: a thousand nodes
// that lost a seed together come back spread evenly over the bound. For the same reason
// the first round after a loss comes within least, and not at once.
//
// The zero value (with least and most set) is due at once.
type schedule struct {
	least   time.Duration // half the first bound
	most    time.Duration // monitor timeout: no bound is above it
	bound   time.Duration // of the pause after the last round; 0: the next one is the first
	began   time.Duration // the last round
	next    time.Duration // the next one, unless at rest
	resting bool          // all is well; nothing is due
}

// minPause keeps a round from following another within the same moment.
const minPause = time.Millisecond

func (s *schedule) due(now time.Duration) bool { return !s.resting && s.next <= now }

// rest stops the rounds; the next time they start with short pauses again.
func (s *schedule) rest() {
	s.resting, s.bound = true, 0
}

// advance notes that a round begins now; random is in [0, 1).
func (s *schedule) advance(now time.Duration, random float64) {
	if s.bound *= 2; s.bound == 0 {
		s.bound = 2 * s.least
	}
	s.bound = min(s.bound, s.most)
	pause := time.Duration(random * float64(s.bound))
	s.began, s.next = now, now+max(pause, minPause)
}

// hurry makes the next round due soon after a loss, but not within least since the
// last round: a seed that accepts and hangs up doesn't make us spin.
func (s *schedule) hurry(now time.Duration, random float64) {
	least := min(s.least, s.most/2)
	at := max(now, s.began+least) + time.Duration(random*float64(least))
	if s.resting || at < s.next {
		s.next = at
	}
	s.resting = false
}
