package link

import "slices"

// Waiters are those who wait for room in a queue. The queue's lock guards them.
type Waiters struct {
	list []waiter
	last int
}

type waiter struct {
	id   int
	f    func()
	soon bool // of AddSoon
}

// Add has f called by the next Wake. IDs begin at 1.
func (w *Waiters) Add(f func()) (id int) { return w.add(f, false) }

// AddSoon has f called by the next WakeSoon, too.
func (w *Waiters) AddSoon(f func()) (id int) { return w.add(f, true) }

func (w *Waiters) add(f func(), soon bool) (id int) {
	w.last++
	w.list = append(w.list, waiter{w.last, f, soon})
	return w.last
}

// Remove takes a waiter out that has given up.
func (w *Waiters) Remove(id int) {
	w.list = slices.DeleteFunc(w.list, func(e waiter) bool { return e.id == id })
}

// Wake calls all of them, under the lock: they must neither block nor send.
func (w *Waiters) Wake() {
	for _, e := range w.list {
		e.f()
	}
	clear(w.list)
	w.list = w.list[:0]
}

// WakeSoon calls those of AddSoon, like Wake.
func (w *Waiters) WakeSoon() {
	w.list = slices.DeleteFunc(w.list, func(e waiter) bool {
		if e.soon {
			e.f()
		}
		return e.soon
	})
}

// Len is how many wait.
func (w *Waiters) Len() int { return len(w.list) }
