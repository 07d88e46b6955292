package play

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Laps is the stop-watch of round trips: a Lane for each link.
type Laps struct {
	spec    Spec
	lanes   []*Lane
	start   time.Time // of what is measured
	stop    time.Time
	waiting atomic.Int64 // trips that are under way
	began   sync.Once
	mallocs uint64
}

// NewLaps starts the watch; it warms up first.
func NewLaps(s Spec) *Laps {
	l := &Laps{spec: s, start: time.Now().Add(s.Warm)}
	l.stop = l.start.Add(s.For)
	for range s.Links {
		l.lanes = append(l.lanes, &Lane{laps: l, sent: make([]time.Time, s.Depth), number: make([]int64, s.Depth), times: newHistogram()})
	}
	l.waiting.Store(int64(s.Links * s.Depth))
	return l
}

// newHistogram takes nanoseconds from a hundred to a minute, with three digits.
func newHistogram() *hdrhistogram.Histogram {
	return hdrhistogram.New(100, int64(time.Minute), 3)
}

// Lane is that of link k. It is used by one goroutine at a time.
func (l *Laps) Lane(k int) *Lane { return l.lanes[k] }

// A Lane times the trips of one link, Depth at a time, in slots 0 … Depth-1.
type Lane struct {
	laps     *Laps
	sent     []time.Time
	number   []int64
	times    *hdrhistogram.Histogram
	count    int64
	disorder int64
}

// Send begins a trip and returns its number, which carries the slot.
func (l *Lane) Send(slot int) int64 {
	l.number[slot] += int64(len(l.sent))
	l.sent[slot] = time.Now()
	return l.number[slot] + int64(slot)
}

// Back ends a trip by its number and says which slot is free again, if there is to be
// another one.
func (l *Lane) Back(number int64) (slot int, again bool) {
	now := time.Now()
	slot = int(number % int64(len(l.sent)))
	if number-int64(slot) != l.number[slot] {
		l.disorder++
	}
	if sent := l.sent[slot]; sent.After(l.laps.start) && now.Before(l.laps.stop) {
		l.laps.began.Do(l.laps.begin)
		l.times.RecordValue(int64(now.Sub(sent)))
		l.count++
	}
	if now.Before(l.laps.stop) {
		return slot, true
	}
	if l.laps.waiting.Add(-1) == 0 {
		l.laps.end()
	}
	return slot, false
}

func (l *Laps) begin() {
	l.mallocs = Mallocs()
	Say(Line{Begin: true})
}

func (l *Laps) end() {
	mallocs := Mallocs() - l.mallocs
	r := Result{Seconds: l.spec.For.Seconds(), Mallocs: &mallocs}
	times := newHistogram()
	count := int64(0)
	for _, lane := range l.lanes {
		times.Merge(lane.times)
		count += lane.count
		r.Disorder += lane.disorder
	}
	r.Counts = []int64{count}
	r.Laps = laps(times)
	Say(Line{Result: &r})
}

func laps(h *hdrhistogram.Histogram) (l []Lap) {
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			l = append(l, Lap{Nanoseconds: b.To, Count: b.Count})
		}
	}
	return l
}
