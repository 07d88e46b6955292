package looptest

import (
	"errors"

	"github.com/aemp-go/aemp/loop"
)

var stopCases = []testCase{
	{"Close of a group ends all its connections and attempts with ErrStopped, and nothing runs afterwards", func(s *stage) {
		g := s.group(2)
		loops := g.Loops()
		c := s.end("client")
		ends := []*end{c}
		ln := s.listen(loops[1], s.net.Bind4(loops[1]), func() loop.Handler {
			v := s.end("server")
			ends = append(ends, v)
			return v
		})
		outside := s.end("client of another group")
		s.on(s.a, func() { outside.conn = s.a.Dial(ln.Addr(), dialTime, outside) })
		s.on(loops[0], func() { c.conn = loops[0].Dial(ln.Addr(), dialTime, c) })
		s.until("all to open", func() bool { return len(ends) == 3 && ends[1].up && ends[2].up && c.up && outside.up })
		attempt := s.end("attempt")
		if to, ok := s.net.BlackHole(); ok {
			s.on(loops[0], func() { attempt.conn = loops[0].Dial(to, dialTime, attempt) })
			ends = append(ends, attempt)
		}
		over := false
		s.on(loops[0], func() {
			s.after(loops[0], ms, func() {
				if over {
					s.Error("a timer of a closed group ran")
				}
			})
		})
		if err := g.Close(); err != nil {
			s.Error(err)
		}
		s.locked(func() {
			over = true
			for _, e := range ends {
				if e.closed != 1 || !errors.Is(e.err, loop.ErrStopped) {
					s.Errorf("%s: closed %d times, %v", e.name, e.closed, e.err)
				}
			}
		})
		for _, l := range loops {
			if l.Post(s.task(l, func() { s.Error("a task of a closed group ran") })) {
				s.Error("Post took a task")
			}
		}
		s.until("the end at the other group", func() bool { return outside.eofs > 0 || outside.closed > 0 })
		if err := s.dialFails(ln.Addr()); err == nil {
			s.Error("somebody still listens")
		}
		s.pass(5 * ms)
	}},
	{"a group can be closed twice, and another takes its addresses", func(s *stage) {
		g := s.group(1)
		ln := s.listen(g.Loops()[0], s.net.Bind4(g.Loops()[0]), func() loop.Handler { return nil })
		for range 2 {
			if err := g.Close(); err != nil {
				s.Error(err)
			}
		}
		if ln.Addr().Addr() == s.net.Bind4(s.a).Addr() {
			s.listen(s.a, ln.Addr(), func() loop.Handler { return nil })
		}
	}},
	{"posts from goroutines against a closing group are run or refused", func(s *stage) {
		g := s.group(1)
		l := g.Loops()[0]
		accepted, ran, finished := 0, 0, 0
		for range 3 {
			s.net.Go(func() {
				n := 0
				for n < 20000 && l.Post(s.task(l, func() { ran++ })) {
					n++
				}
				s.locked(func() { accepted += n; finished++ })
			})
		}
		s.until("the first task", func() bool { return ran > 0 })
		if err := g.Close(); err != nil {
			s.Error(err)
		}
		s.until("the goroutines", func() bool { return finished == 3 })
		if ran > accepted {
			s.Errorf("%d ran of %d", ran, accepted)
		}
	}},
	{"Inside still answers on a closed group", func(s *stage) {
		g := s.group(1)
		if err := g.Close(); err != nil {
			s.Error(err)
		}
		if g.Loops()[0].Inside() {
			s.Error("inside a loop that is gone")
		}
	}},
}
