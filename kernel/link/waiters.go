package link

import "slices"

// Waiters are those who wait for room in a queue. The queue's lock guards them.
type Waiters struct {
	list []waiter
	last int
}

type waiter struct {
	id int
	f  func()
}

// Add has f called by the next Wake. IDs begin at 1.
func (w *Waiters) Add(f func()) (id int) {
	w.last++
	w.list = append(w.list, waiter{w.last, f})
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

// Len is how many wait.
func (w *Waiters) Len() int { return len(w.list) }
