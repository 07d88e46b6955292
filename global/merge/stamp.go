package merge

import "time"

// A Stamp says when an owner set a value: microseconds since 1970 by a hybrid
// logical clock. 0: it comes from an original node, which has no such clock.
type Stamp uint64

// furthest is how far ahead of our wall clock a stamp of another node may be and
// still advance our clock. Without a bound one wrong clock would be everybody's.
const furthest = time.Hour

// A Clock makes stamps. It goes with the wall clock, but never back, and is never
// behind a stamp that it has seen: what is set after something was read is later
// than what was read, even if the two nodes' wall clocks differ. The zero Clock is
// ready. One goroutine at a time.
type Clock struct{ last Stamp }

// Now makes a stamp, greater than all before it and all that were seen.
func (c *Clock) Now(wall time.Time) Stamp {
	c.last = max(c.last+1, at(wall))
	return c.last
}

// See takes notice of a stamp from elsewhere. One that is more than an hour ahead
// of the wall clock is ignored.
func (c *Clock) See(s Stamp, wall time.Time) {
	if s > c.last && s <= at(wall.Add(furthest)) {
		c.last = s
	}
}

// at is a wall clock's time as a stamp. There is none before 1970.
func at(wall time.Time) Stamp { return Stamp(max(0, wall.UnixMicro())) }
