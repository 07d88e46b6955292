package global

// faults are defects that tests plant, to see that the simulation finds them. In a running
// node there are none.
type faults uint8

const (
	forgottenCleanup faults = 1 << iota // what a node published stays when it goes down
	lostDifference                      // what a new master doesn't have isn't deleted
)

func (f faults) has(one faults) bool { return f&one != 0 }
