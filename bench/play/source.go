package play

import (
	"sync/atomic"
	"time"
)

// Sources are the sending side of a flood for what mustn't be held up, such as the callback of
// an event loop: who sends asks for the next message whenever there is room for one. Once
// all sources have come to their ends the harness is told how many messages they were.
type Sources struct {
	each    []Source
	counts  []int64
	warming atomic.Int64 // those that are
	sending atomic.Int64 // those that haven't come to their ends
	mallocs atomic.Uint64
}

// NewSources makes one for each of Spec.Pairs. They warm up from their first message on.
func NewSources(s Spec) *Sources {
	f := &Sources{each: make([]Source, s.Pairs), counts: make([]int64, s.Pairs*s.Ports)}
	f.warming.Store(int64(s.Pairs))
	f.sending.Store(int64(s.Pairs))
	for k := range f.each {
		f.each[k] = Source{all: f, counts: f.counts[k*s.Ports:][:s.Ports], ports: s.Ports, warm: s.Warm, last: s.For}
	}
	return f
}

// Source is that of a pair.
func (f *Sources) Source(pair int) *Source { return &f.each[pair] }

// A Source has the messages of one sender, for each of its ports in turn. It is used by
// one goroutine at a time.
type Source struct {
	all    *Sources
	counts []int64
	ports  int
	warm   time.Duration
	last   time.Duration

	state  sourceState
	start  time.Time // of the state
	rounds int       // until the next look at the clock, or change of state
	port   int
	number int64
	step   int64 // from one number to the next
}

type sourceState int

const (
	fresh sourceState = iota
	warming
	beginning
	counting
	ending
	ended
)

// Next is the next message, for that port of the sender; without ok there is none any more.
func (s *Source) Next() (port int, number int64, ok bool) {
	if s.rounds == 0 && !s.turn() {
		return 0, 0, false
	}
	port, number = s.port, s.number
	if s.port++; s.port == s.ports {
		s.port = 0
		s.rounds--
		s.number += s.step
	}
	return port, number, true
}

// turn sees how to go on, at the end of some rounds.
func (s *Source) turn() bool {
	now := time.Now()
	switch {
	case s.state == fresh && s.warm > 0:
		s.to(warming, now, Warm, 0)
	case s.state == fresh, s.state == warming && now.Sub(s.start) >= s.warm:
		s.to(beginning, now, Begin, 0)
		s.rounds = 1
		if s.all.warming.Add(-1) == 0 {
			s.all.mallocs.Store(Mallocs())
		}
		return true
	case s.state == beginning:
		s.to(counting, now, 1, 1)
	case s.state == counting && now.Sub(s.start) >= s.last:
		for port := range s.counts {
			s.counts[port] = s.number - 1
		}
		s.to(ending, now, End, 0)
		s.rounds = 1
		return true
	case s.state == ending:
		s.state = ended
		if s.all.sending.Add(-1) == 0 {
			s.all.end()
		}
		return false
	case s.state == ended:
		return false
	}
	s.rounds = max(1, burst/s.ports)
	return true
}

func (s *Source) to(state sourceState, now time.Time, number, step int64) {
	s.state, s.start, s.number, s.step = state, now, number, step
}

func (f *Sources) end() {
	mallocs := Mallocs() - f.mallocs.Load()
	Say(Line{Result: &Result{Counts: f.counts, Mallocs: &mallocs}})
}
