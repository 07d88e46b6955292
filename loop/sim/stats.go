package sim

// Stats count how often things happened in a world, so that a test can tell
// whether it has met what it is about.
type Stats struct {
	Events int // all of them
	Posts  int
	Timers int // that ran
	Turns  int // of loops

	Dials       int
	Opened      int // dialled connections that opened
	Refused     int
	TimedOut    int
	Retried     int // connection requests sent again, because they were lost
	LateCancels int // dials closed when the peer had already accepted

	Segments int // pieces that octets travelled in
	Cuts     int // writes that were cut into several
	Joined   int // pieces that came together with the one before
	Held     int // times that a partition or a dead host held something up
	Blocked  int // times that a connection took less than it was given
	Drained  int
	Declined int // offers that might have been taken
	Poisoned int // octets of Data overwritten after the call

	Resets     int // seen by an open connection
	Aborted    int // connections that a fault or a call reset
	HalfDead   int // of these, the ones where one end wasn't told
	Partitions int
	Heals      int
	Crashes    int // groups that crashed
	Stalls     int // times that a loop stood still
	Delayed    int // events that came while their loop stood still
	LateStops  int // timers stopped or reset when they were already due
	SlowReader int // connections that were made slow readers

	Moves        int
	MoveMeetings int // events that came while their connection was moving
	Detached     int
	TLS          int // handshakes that worked, counted at each end
	TLSFailed    int
	Offloads     int
	Resolves     int
}
