package merge

// A Fault is a defect that the tests of what is built on this package plant, to
// see that they find it.
type Fault uint8

// Faults.
const (
	MergeByArrival    Fault = 1 << iota // the entry that arrived last wins, as in the original
	StaleCopyBelieved                   // an entry counts although its owner lives at another global node
)

// NewFaulty makes a Store with defects, for tests.
func NewFaulty(self string, f Fault) *Store {
	s := New(self)
	s.faults = f
	return s
}
