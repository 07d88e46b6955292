package looptest

import (
	"bytes"
	"slices"
	"time"
)

var clockCases = []testCase{
	{"Now never goes back and Wall goes with it", func(s *stage) {
		var last time.Duration
		n := 0
		check := func() {
			if now := s.a.Now(); now < last {
				s.Errorf("from %v back to %v", last, now)
			} else {
				last = now
			}
			n++
		}
		wall, now := s.a.Wall(), s.a.Now()
		for range 20 {
			s.on(s.a, func() {
				check()
				s.after(s.a, ms/2, check)
			})
		}
		s.until("timers", func() bool { return n == 40 })
		walked, ran := s.a.Wall().Sub(wall), s.a.Now()-now
		if walked < 0 || ran <= 0 || walked < ran/2 || walked > 2*ran+time.Second {
			s.Errorf("Wall went on by %v, Now by %v", walked, ran)
		}
	}},
	{"Random fills the whole buffer and doesn't repeat itself", func(s *stage) {
		p, q := make([]byte, 64), make([]byte, 64)
		s.a.Random(p)
		s.a.Random(q)
		if bytes.Equal(p, q) || bytes.Count(p, []byte{0}) > 16 {
			s.Errorf("%x and %x", p, q)
		}
		s.a.Random(nil)
	}},
	{"a loop's index is its place in the group", func(s *stage) {
		loops := s.group(3).Loops()
		if len(loops) != 3 {
			s.Fatalf("%d loops", len(loops))
		}
		for i, l := range loops {
			if l.Index() != i || slices.Index(loops, l) != i {
				s.Errorf("loop %d has index %d", i, l.Index())
			}
		}
	}},
}

var offloadCases = []testCase{
	{"Offload runs the work off the loop and then done on it", func(s *stage) {
		var ran []string
		s.on(s.a, func() {
			s.a.Offload(func() {
				inside := s.a.Inside()
				s.locked(func() {
					if ran = append(ran, "work"); inside {
						s.Error("the work runs on the loop")
					}
				})
			}, s.task(s.a, func() { ran = append(ran, "done") }))
			ran = append(ran, "caller")
		})
		s.until("done", func() bool { return len(ran) == 3 })
		if !slices.Equal(ran, []string{"caller", "work", "done"}) {
			s.Errorf("order %q", ran)
		}
	}},
	{"several Offloads all come back", func(s *stage) {
		n := 0
		s.on(s.a, func() {
			for range 20 {
				s.a.Offload(func() {}, s.task(s.a, func() { n++ }))
			}
		})
		s.until("all", func() bool { return n == 20 })
	}},
}
