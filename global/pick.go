package global

import "slices"

// A Pick is how a Group chooses a member.
type Pick uint8

const (
	// Random: each with the same probability. It needs no memory, and many callers
	// don't choose the same member at once.
	Random Pick = iota
	// RoundRobin: one after the other, in the order of their IDs.
	RoundRobin
	// LeastRecent: who works on the fewest calls of this group and, among those,
	// whose last answer is the longest ago. So slow members get less.
	LeastRecent
)

// A chooser chooses among members. It isn't safe for concurrent use.
type chooser struct {
	pick    Pick
	random  func(n int) int
	members []string // sorted
	last    string   // that RoundRobin chose
	load    map[string]*load
	moment  uint64
}

// load is what LeastRecent knows of a member.
type load struct {
	calls int    // that are waiting for an answer
	last  uint64 // when it was chosen or answered last
}

func newChooser(p Pick, random func(int) int) chooser {
	return chooser{pick: p, random: random, load: map[string]*load{}}
}

func (c *chooser) add(member string) {
	at, there := slices.BinarySearch(c.members, member)
	if there {
		return
	}
	c.members = slices.Insert(c.members, at, member)
	c.load[member] = &load{}
}

func (c *chooser) remove(member string) {
	if at, there := slices.BinarySearch(c.members, member); there {
		c.members = slices.Delete(c.members, at, at+1)
		delete(c.load, member)
	}
}

// next chooses a member that isn't one of except, which are few.
func (c *chooser) next(except []string) (member string, ok bool) {
	n := len(c.members)
	if n == 0 {
		return "", false
	}
	from := 0
	switch c.pick {
	case Random:
		from = c.random(n)
	case RoundRobin:
		at, there := slices.BinarySearch(c.members, c.last)
		if from = at; there {
			from++
		}
	}
	for i := range n {
		m := c.members[(from+i)%n]
		if slices.Contains(except, m) {
			continue
		}
		if !ok || c.pick == LeastRecent && c.load[m].before(c.load[member]) {
			member, ok = m, true
		}
		if c.pick != LeastRecent {
			break
		}
	}
	if ok {
		c.last = member
		c.touch(member)
	}
	return member, ok
}

func (l *load) before(o *load) bool {
	return l.calls < o.calls || l.calls == o.calls && l.last < o.last
}

func (c *chooser) touch(member string) {
	c.moment++
	c.load[member].last = c.moment
}

// began and ended are the two ends of a call to a member. It may be gone by then.
func (c *chooser) began(member string) { c.load[member].calls++ }

func (c *chooser) ended(member string, answered bool) {
	l := c.load[member]
	if l == nil {
		return
	}
	l.calls = max(0, l.calls-1)
	if answered {
		c.touch(member)
	}
}
