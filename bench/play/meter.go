package play

import (
	"sync/atomic"
	"time"
)

// Meters are the receiving side of a flood: a Meter for each receiver. When the first
// has got its Begin the harness is told, and when all have got their End the result is.
type Meters struct {
	each    []Meter
	waiting atomic.Int64 // that haven't got their End
	began   atomic.Bool
	start   time.Time
	mallocs uint64
}

// NewMeters makes n meters.
func NewMeters(n int) *Meters {
	m := &Meters{each: make([]Meter, n)}
	m.waiting.Store(int64(n))
	for k := range m.each {
		m.each[k].all = m
	}
	return m
}

// Meter is that of receiver k: pair times ports plus port.
func (m *Meters) Meter(k int) *Meter { return &m.each[k] }

// A Meter counts the messages of one receiver. It is used by one goroutine at a time.
type Meter struct {
	count    int64
	sum      uint32
	disorder uint32
	all      *Meters
	_        [40]byte // so that two receivers don't share a line of the cache
}

// Take counts a message whose text is a string.
func (m *Meter) Take(number int64, text string) { take(m, number, text) }

// TakeBytes counts a message whose text is octets.
func (m *Meter) TakeBytes(number int64, text []byte) { take(m, number, text) }

func take[T ~string | ~[]byte](m *Meter, number int64, text T) {
	switch {
	case number > 0:
		m.count++
		if number != m.count {
			m.disorder++
		}
		m.sum = Fold(m.sum, number, text)
	case number == Begin:
		m.all.begin()
	case number == End:
		m.all.end()
	}
}

// Damaged counts a message that couldn't be read.
func (m *Meter) Damaged() { m.disorder++ }

func (m *Meters) begin() {
	if m.began.Swap(true) {
		return
	}
	m.start = time.Now()
	Say(Line{Begin: true})
	m.mallocs = Mallocs() // last, for it stops the world
}

func (m *Meters) end() {
	if m.waiting.Add(-1) > 0 {
		return
	}
	took := time.Since(m.start)
	mallocs := Mallocs() - m.mallocs
	r := Result{Seconds: took.Seconds(), Mallocs: &mallocs}
	for k := range m.each {
		r.Counts = append(r.Counts, m.each[k].count)
		r.Checksum += m.each[k].sum
		r.Disorder += int64(m.each[k].disorder)
	}
	Say(Line{Result: &r})
}
