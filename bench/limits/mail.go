package main

import "sync"

// mail is what a goroutine has for an event loop to write.
type mail struct {
	mu     sync.Mutex
	queued []byte
	spare  []byte
	rung   bool // the loop has been told
}

// put says whether the loop has to be told.
func (m *mail) put(p []byte) (ring bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.queued = append(m.queued, p...)
	ring, m.rung = !m.rung, true
	return ring
}

// take returns what there is; it is good until the next take.
func (m *mail) take() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.queued
	m.queued, m.spare, m.rung = m.spare[:0], p, false
	return p
}
