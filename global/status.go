package global

// A Status is what a node's part in the database is like now, and what was refused so far.
type Status struct {
	Master string // "": none
	Global bool

	// What this node has set: families with a key in them, keys, and octets of keys
	// and encoded values. Quotas bound them.
	Families, Keys, Octets int

	Watches int // of this node
	Queries int // of this node, that wait for an answer

	Stats
}

// Status says what the database is doing. Any goroutine or handler; it doesn't wait.
func (d *DB) Status() Status {
	s := Status{
		Master:  d.Master(),
		Global:  d.IsGlobal(),
		Watches: int(d.watches.Load()),
		Queries: int(d.queries.Load()),
		Stats:   *d.stats.Load(),
	}
	d.local.mu.Lock()
	defer d.local.mu.Unlock()
	s.Families, s.Keys, s.Octets = d.local.named, d.local.keys, d.local.octets
	return s
}

// count makes the machine's counts known; on the loop.
func (d *DB) count() {
	if now := d.machine.Stats(); now != *d.stats.Load() {
		d.stats.Store(&now)
	}
}
