// Package spin takes a lock that others take and release all the time.
package spin

import "sync"

// tries is some microseconds' worth: enough for a holder that is running to be
// caught between two of its short turns, and soon over if it isn't running.
const tries = 500

// Lock locks mu. Where Mutex.Lock would park the goroutine and then let it lose the race
// against whoever is running, until it gets its turn after a millisecond, this
// tries for a moment first. For a loop that takes over what busy senders append.
func Lock(mu *sync.Mutex) {
	for range tries {
		if mu.TryLock() {
			return
		}
	}
	mu.Lock()
}
