package looptest

import (
	"math"
	"slices"
	"time"

	"github.com/aemp-go/aemp/loop"
)

const ms = time.Millisecond

var timerCases = []testCase{
	{"timers run in the order of their times and never early", func(s *stage) {
		var ran []int
		s.on(s.a, func() {
			for _, n := range []int{5, 1, 9, 3, 7} {
				d := time.Duration(n) * ms
				due := s.a.Now() + d
				s.after(s.a, d, func() {
					ran = append(ran, n)
					if now := s.a.Now(); now < due {
						s.Errorf("a timer of %v ran %v early", d, due-now)
					}
				})
			}
		})
		s.until("five timers", func() bool { return len(ran) == 5 })
		if !slices.Equal(ran, []int{1, 3, 5, 7, 9}) {
			s.Errorf("order %v", ran)
		}
	}},
	{"a thousand timers set, moved and stopped run exactly when they should", func(s *stage) {
		ran := make([]int, 1000)
		done := false
		s.on(s.a, func() {
			timers := make([]loop.Timer, len(ran))
			for i := range timers {
				timers[i] = s.after(s.a, time.Duration((i*7919)%1000)*10*time.Microsecond, func() { ran[i]++ })
			}
			for i := range timers {
				switch i % 3 {
				case 0:
					if !timers[i].Stop() {
						s.Errorf("timer %d wasn't set", i)
					}
				case 1:
					timers[i].Reset(time.Duration((i*31)%1000) * 10 * time.Microsecond)
				}
			}
			s.after(s.a, 20*ms, func() { done = true })
		})
		s.until("the last timer", func() bool { return done })
		s.locked(func() {
			for i, n := range ran {
				if want := min(i%3, 1); n != want {
					s.Errorf("timer %d ran %d times, not %d", i, n, want)
				}
			}
		})
	}},
	{"a new timer isn't set", func(s *stage) {
		s.on(s.a, func() {
			if t := s.a.NewTimer(loop.Func(func() { s.Error("it ran") })); t.Stop() {
				s.Error("Stop says that it was set")
			}
		})
		s.pass(5 * ms)
	}},
	{"Stop says whether the timer was set", func(s *stage) {
		ran := 0
		s.on(s.a, func() {
			t := s.after(s.a, 2*ms, func() { ran++ })
			if !t.Stop() || t.Stop() {
				s.Error("the first Stop is true, the second false")
			}
			t.Reset(ms)
			s.after(s.a, 5*ms, func() {
				if t.Stop() {
					s.Error("Stop is true after the timer has run")
				}
				ran += 10
			})
		})
		s.until("the second timer", func() bool { return ran >= 10 })
		if ran != 11 {
			s.Errorf("ran %d times", ran-10)
		}
	}},
	{"Reset moves a timer that is set", func(s *stage) {
		var at time.Duration
		var ran int
		s.on(s.a, func() {
			due := s.a.Now() + 20*ms
			t := s.after(s.a, ms, func() { ran++; at = s.a.Now() - due })
			t.Reset(20 * ms)
		})
		s.until("the timer", func() bool { return ran > 0 })
		s.pass(5 * ms)
		if ran != 1 || at < 0 {
			s.Errorf("ran %d times, %v after its time", ran, at)
		}
	}},
	{"a timer that is due can still be stopped", func(s *stage) {
		// Whichever of the two comes first stops the other.
		ran := 0
		s.on(s.a, func() {
			var x, y loop.Timer
			x = s.a.NewTimer(s.task(s.a, func() {
				ran++
				if !y.Stop() {
					s.Error("the second of two due timers wasn't set any more")
				}
			}))
			y = s.a.NewTimer(s.task(s.a, func() {
				ran++
				if !x.Stop() {
					s.Error("the first of two due timers wasn't set any more")
				}
			}))
			x.Reset(ms)
			y.Reset(ms)
		})
		s.pass(10 * ms)
		if ran != 1 {
			s.Errorf("%d of the two ran", ran)
		}
	}},
	{"a timer that is due can still be put off", func(s *stage) {
		ran := 0
		s.on(s.a, func() {
			var timers [2]loop.Timer
			for i := range timers {
				timers[i] = s.a.NewTimer(s.task(s.a, func() {
					ran++
					timers[1-i].Reset(time.Hour)
				}))
			}
			timers[0].Reset(ms)
			timers[1].Reset(ms)
		})
		s.pass(10 * ms)
		if ran != 1 {
			s.Errorf("%d of the two ran", ran)
		}
	}},
	{"a timer can be set again and stopped in its own callback", func(s *stage) {
		ran := 0
		s.on(s.a, func() {
			var t loop.Timer
			t = s.a.NewTimer(s.task(s.a, func() {
				ran++
				if t.Stop() {
					s.Error("a running timer says it is set")
				}
				t.Reset(ms)
				if ran == 3 && !t.Stop() {
					s.Error("a timer set in its callback says it isn't")
				}
			}))
			t.Reset(0)
		})
		s.until("three runs", func() bool { return ran >= 3 })
		s.pass(5 * ms)
		if ran != 3 {
			s.Errorf("ran %d times, not 3", ran)
		}
	}},
	{"zero and negative durations mean soon, not at once", func(s *stage) {
		ran := 0
		s.on(s.a, func() {
			for _, d := range []time.Duration{0, -ms, math.MinInt64} {
				s.after(s.a, d, func() { ran++ })
			}
		})
		s.until("all of them", func() bool { return ran == 3 })
	}},
	{"a timer that resets itself to zero lets others run", func(s *stage) {
		done, turns := false, 0
		s.on(s.a, func() {
			var t loop.Timer
			t = s.a.NewTimer(s.task(s.a, func() {
				if turns++; !done {
					t.Reset(0)
				}
			}))
			t.Reset(0)
			s.after(s.a, 2*ms, func() { s.a.Post(s.task(s.a, func() { done = true })) })
		})
		s.until("a timer and a post beside it", func() bool { return done })
	}},
	{"the longest duration doesn't run over", func(s *stage) {
		s.on(s.a, func() {
			t := s.after(s.a, math.MaxInt64, func() { s.Error("it ran") })
			s.after(s.a, 4*ms, func() {
				if !t.Stop() {
					s.Error("it isn't set")
				}
			})
		})
		s.pass(10 * ms)
	}},
}
