package sim

import "time"

// An event is something that will happen, at most once each time it is set. It
// is embedded in the thing that it happens to, so setting one allocates nothing.
type event struct {
	to   firer
	at   time.Duration // when it is set
	pos  int           // in the queue plus one; 0: not set
	held bool          // its time came, but a Link holds it up
}

// A firer is what an event happens to.
type firer interface{ fire() }

func (e *event) isSet() bool { return e.pos != 0 }

// entry is an event's place in the queue. The order is by time, then by the order
// of setting.
type entry struct {
	at  time.Duration
	seq uint64
	e   *event
}

func (x *entry) before(y *entry) bool {
	return x.at < y.at || x.at == y.at && x.seq < y.seq
}

// queue is a heap with four children to a node.
type queue struct {
	entries []entry
	seq     uint64
}

// set puts e to at, whether it was set or not.
func (q *queue) set(e *event, at time.Duration) {
	q.seq++
	x := entry{at, q.seq, e}
	e.at = at
	if e.pos == 0 {
		q.entries = append(q.entries, x)
		q.up(len(q.entries)-1, x)
		return
	}
	i := e.pos - 1
	if x.before(&q.entries[i]) {
		q.up(i, x)
	} else {
		q.down(i, x)
	}
}

// unset takes e out and says whether it was in.
func (q *queue) unset(e *event) bool {
	if e.pos == 0 {
		return false
	}
	i := e.pos - 1
	e.pos = 0
	n := len(q.entries) - 1
	last := q.entries[n]
	q.entries[n] = entry{}
	q.entries = q.entries[:n]
	if i == n {
		return true
	}
	if i > 0 && last.before(&q.entries[(i-1)/4]) {
		q.up(i, last)
	} else {
		q.down(i, last)
	}
	return true
}

// pop takes out the first event; the queue must not be empty.
func (q *queue) pop() *event {
	e := q.entries[0].e
	q.unset(e)
	return e
}

// up and down find the place for x, starting at the free place i.

func (q *queue) up(i int, x entry) {
	for i > 0 {
		parent := (i - 1) / 4
		if !x.before(&q.entries[parent]) {
			break
		}
		q.put(i, q.entries[parent])
		i = parent
	}
	q.put(i, x)
}

func (q *queue) down(i int, x entry) {
	for n := len(q.entries); ; {
		first := 4*i + 1
		if first >= n {
			break
		}
		least := first
		for child := first + 1; child < min(first+4, n); child++ {
			if q.entries[child].before(&q.entries[least]) {
				least = child
			}
		}
		if !q.entries[least].before(&x) {
			break
		}
		q.put(i, q.entries[least])
		i = least
	}
	q.put(i, x)
}

func (q *queue) put(i int, x entry) {
	q.entries[i] = x
	x.e.pos = i + 1
}
