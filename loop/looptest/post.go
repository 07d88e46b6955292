package looptest

import (
	"github.com/aemp-go/aemp/loop"
)

// sequence checks that numbers of several sources come in order.
type sequence struct {
	s    *stage
	next []int
}

func newSequence(s *stage, sources int) *sequence { return &sequence{s, make([]int, sources)} }

func (q *sequence) take(source, n int) {
	if q.next[source] != n {
		q.s.Errorf("source %d: got %d instead of %d", source, n, q.next[source])
	}
	q.next[source] = n + 1
}

func (q *sequence) complete(n int) func() bool {
	return func() bool {
		for _, x := range q.next {
			if x != n {
				return false
			}
		}
		return true
	}
}

var postCases = []testCase{
	{"posts of each loop and each goroutine run in order", func(s *stage) {
		// Without the stage's lock, so that the race detector sees the loops' own.
		const each, goroutines = 2000, 3
		q := newSequence(s, goroutines+2)
		post := func(source int) {
			for n := range each {
				if !s.a.Post(loop.Func(func() { q.take(source, n) })) {
					s.Error("Post refused a task")
				}
			}
		}
		for i := range goroutines {
			s.net.Go(func() { post(i) })
		}
		s.a.Post(loop.Func(func() { post(goroutines) }))
		s.b.Post(loop.Func(func() { post(goroutines + 1) }))
		for complete := false; !complete; {
			s.on(s.a, func() { complete = q.complete(each)() })
		}
	}},
	{"a posted task runs after the callback that posted it", func(s *stage) {
		var ran []string
		s.on(s.a, func() {
			s.a.Post(s.task(s.a, func() { ran = append(ran, "posted") }))
			ran = append(ran, "poster")
		})
		s.until("the posted task", func() bool { return len(ran) == 2 })
		if ran[0] != "poster" {
			s.Error("it ran before")
		}
	}},
	{"a kept Task can be posted again and again", func(s *stage) {
		n := 0
		var task loop.Func
		task = s.task(s.a, func() {
			if n++; n < 100 {
				s.a.Post(task)
			}
		})
		s.a.Post(task)
		s.until("100 runs", func() bool { return n == 100 })
	}},
	{"a task that posts itself for ever starves neither timers nor connections", func(s *stage) {
		c, v := s.pair()
		stop := false
		var task loop.Func
		task = s.task(s.a, func() {
			if !stop {
				s.a.Post(task)
			}
		})
		s.a.Post(task)
		ticked := false
		s.on(s.a, func() { s.after(s.a, ms, func() { ticked = true }) })
		s.until("a timer", func() bool { return ticked })
		v.write("hello")
		s.until("data", c.hasGot("hello"))
		s.locked(func() { stop = true })
	}},
	{"two loops that post to each other make progress", func(s *stage) {
		n := 0
		var ping, pong loop.Func
		ping = s.task(s.a, func() {
			if n++; n < 1000 {
				s.b.Post(pong)
			}
		})
		pong = s.task(s.b, func() { s.a.Post(ping) })
		s.a.Post(ping)
		s.until("1000 turns", func() bool { return n == 1000 })
	}},
	{"Inside is true on the loop and nowhere else", func(s *stage) {
		checked := 0
		s.on(s.a, func() {
			if !s.a.Inside() || s.b.Inside() {
				s.Error("on loop a: wrong")
			}
		})
		s.net.Go(func() {
			wrong := s.a.Inside() || s.b.Inside()
			s.locked(func() {
				checked++
				if wrong {
					s.Error("on a goroutine: Inside is true")
				}
			})
		})
		s.until("the goroutine", func() bool { return checked == 1 })
	}},
}

// attendance is a waiter that wants a task to have run.
type attendance struct {
	begin func()
	begun bool
	over  func() bool
}

func (a *attendance) Begin()     { a.begun = true; a.begin() }
func (a *attendance) Over() bool { return a.over() }

var attendCases = []testCase{
	{"Attend begins and waits for the end, or does neither", func(s *stage) {
		attended := 0
		s.net.Go(func() {
			for range 100 {
				ran, asked := false, 0
				a := &attendance{}
				a.begin = func() { s.a.Post(s.task(s.a, func() { ran = true })) }
				a.over = func() (over bool) {
					asked++
					s.locked(func() { over = ran })
					return over
				}
				s.a.Attend(a)
				s.locked(func() {
					if a.begun != (asked > 0) {
						s.Errorf("begun: %v, asked %d times whether it is over", a.begun, asked)
					}
					attended++
				})
			}
		})
		s.until("the goroutine", func() bool { return attended == 100 })
	}},
	{"Attend from a callback does nothing", func(s *stage) {
		s.on(s.a, func() {
			a := &attendance{begin: func() {}, over: func() bool { return true }}
			if s.a.Attend(a); a.begun {
				s.Error("it begins")
			}
		})
	}},
}

var laterCases = []testCase{
	{"Later runs after the callback and before other events, in order", func(s *stage) {
		var ran []string
		step := func(name string) func() { return func() { ran = append(ran, name) } }
		s.on(s.a, func() {
			s.after(s.a, 0, step("timer"))
			s.a.Post(s.task(s.a, step("post")))
			s.a.Later(s.task(s.a, func() {
				ran = append(ran, "later 1")
				s.a.Later(s.task(s.a, step("later 3")))
			}))
			s.a.Later(s.task(s.a, step("later 2")))
			ran = append(ran, "callback")
		})
		s.until("all", func() bool { return len(ran) == 6 })
		for i, want := range []string{"callback", "later 1", "later 2", "later 3"} {
			if ran[i] != want {
				s.Fatalf("order %q", ran)
			}
		}
	}},
	{"Later runs before the turn's output is written", func(s *stage) {
		c, v := s.pair()
		s.on(s.a, func() {
			s.a.Later(s.task(s.a, func() {
				if n := c.conn.Buffered(); n != 5 {
					s.Errorf("%d octets are buffered, not 5", n)
				}
				c.conn.Write([]byte(" world"))
			}))
			c.conn.Write([]byte("hello"))
		})
		s.until("the output", v.hasGot("hello world"))
	}},
	{"Later from a timer and from a connection's handler works as well", func(s *stage) {
		n := 0
		count := s.task(s.a, func() { n++ })
		c, v := s.pair()
		s.on(s.a, func() {
			c.onData = func([]byte) { s.a.Later(count) }
			s.after(s.a, ms, func() { s.a.Later(count) })
		})
		v.write("x")
		s.until("both", func() bool { return n == 2 })
	}},
}
