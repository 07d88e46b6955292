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
	s.faults = faults{planted: f, arrivals: make(map[uint32]int)}
	return s
}

// faults are those of a store, usually none.
type faults struct {
	planted  Fault
	arrivals map[uint32]int // of records
	last     int
}

func (f *faults) has(k Fault) bool { return f.planted&k != 0 }

// arrived notes that a record did.
func (f *faults) arrived(r uint32) {
	if f.has(MergeByArrival) {
		f.last++
		f.arrivals[r] = f.last
	}
}
