package history

import (
	"strings"
	"testing"
	"time"
)

// stage is a history of two nodes that talk with each other.
type stage struct {
	*History
	clock time.Duration
	a, b  *Process
}

func newStage() *stage {
	s := &stage{}
	s.History = New(func() time.Duration { return s.clock })
	s.a, s.b = s.Start("a"), s.Start("b")
	s.a.PortMade("p")
	s.b.PortMade("q")
	s.a.NodeEvent("b", true)
	s.b.NodeEvent("a", true)
	return s
}

func (s *stage) wait() { s.clock += time.Millisecond }

// message is the nth of a's p to b's q.
func (s *stage) message(n uint64) Message { return Message{"a@1/p", "b#q", n, 100 + n} }

func (s *stage) send(epoch uint64, ns ...uint64) {
	for _, n := range ns {
		s.a.Accepted("p", s.message(n), epoch, false)
	}
}

func (s *stage) arrive(ns ...uint64) {
	for _, n := range ns {
		s.b.Delivered(s.message(n))
	}
}

// lose is the loss of the link, in a's eyes, with its monitors firing.
func (s *stage) lose(ms ...*Monitor) {
	s.a.Failing("b")
	for _, m := range ms {
		m.Fired(true)
	}
	s.a.Idle("b")
	s.a.NodeEvent("b", false)
}

func TestGoodHistoriesPass(t *testing.T) {
	for _, x := range []struct {
		name string
		play func(s *stage)
	}{
		{"messages arrive", func(s *stage) { s.send(0, 1, 2, 3); s.arrive(1, 2, 3) }},
		{"the rest of a lost epoch doesn't", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.send(0, 1, 2, 3)
			s.arrive(1)
			s.lose(m)
			s.send(2, 4)
			s.arrive(4)
		}},
		{"what is dropped while a link fails never comes", func(s *stage) {
			s.a.Failing("b")
			s.a.Accepted("p", s.message(1), 1, true)
			s.a.Idle("b")
			s.send(2, 2)
			s.arrive(2)
		}},
		{"nothing comes to a dead port", func(s *stage) { s.b.PortDied("q"); s.send(0, 1, 2) }},
		{"nor to a crashed process", func(s *stage) { s.send(0, 1); s.b.Crashed(); s.lose() }},
		{"local messages arrive", func(s *stage) {
			m := Message{"a@1/p", "a#p", 1, 1}
			s.a.Accepted("p", m, Local, false)
			s.a.Delivered(m)
		}},
		{"a monitor of the dead fires", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.b.PortDied("q")
			m.Fired(false)
		}},
		{"a monitor is cancelled", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			m.Cancelled()
			s.b.PortDied("q")
		}},
		{"the monitors of a dead owner are forgotten", func(s *stage) {
			s.a.Watch("p", "b#q")
			s.a.PortDied("p")
			s.b.PortDied("q")
		}},
		{"a monitor that is set while a link fails may fire", func(s *stage) {
			s.a.Failing("b")
			m := s.a.Watch("p", "b#q")
			m.Fired(true)
			s.a.Idle("b")
		}},
		{"a monitor fires in the instant in which the next message is accepted", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.send(0, 1)
			s.a.Failing("b")
			s.send(2, 2)
			m.Fired(true)
			s.a.Idle("b")
			s.wait()
			s.arrive(2)
		}},
		{"an old life's death is told late", func(s *stage) {
			s.b.Crashed()
			s.b = s.Start("b")
			s.b.PortMade("q")
			s.a.Watch("p", "b#q").Fired(false)
		}},
		{"calls end", func(s *stage) { s.a.Begin("call", "p").End() }},
		{"a dead caller's call needn't", func(s *stage) { s.a.Begin("call", "p"); s.a.PortDied("p") }},
		{"spawns run and kills kill", func(s *stage) {
			s.a.SpawnAsked("p", "b#x", 0, false)
			s.b.SpawnRan("b#x")
			s.b.PortMade("x")
			s.a.KillAsked("p", "b#x", 0, false)
			s.b.PortDied("x")
		}},
		{"lost spawns and kills don't", func(s *stage) {
			s.a.SpawnAsked("p", "b#x", 0, false)
			s.a.KillAsked("p", "b#q", 0, false)
			s.a.KillAsked("p", "b#q", 1, true)
			s.lose()
		}},
	} {
		t.Run(x.name, func(t *testing.T) {
			s := newStage()
			x.play(s)
			s.Finish()
			if len(s.Violations()) > 0 || !s.Arrived() {
				t.Errorf("found fault with a good history:\n%s", s.Report(20))
			}
		})
	}
}

func TestEachBrokenPromiseIsFound(t *testing.T) {
	for _, x := range []struct {
		want string // in the violation
		play func(s *stage)
	}{
		{"comes without #2 of the same epoch", func(s *stage) { s.send(0, 1, 2, 3); s.arrive(1, 3) }},
		{"comes after #2", func(s *stage) { s.send(0, 1); s.send(2, 2); s.arrive(2, 1) }},
		{"comes twice", func(s *stage) { s.send(0, 1); s.arrive(1, 1) }},
		{"was never sent", func(s *stage) { s.arrive(1) }},
		{"has changed on its way", func(s *stage) {
			s.send(0, 1)
			m := s.message(1)
			m.Sum++
			s.b.Delivered(m)
		}},
		{"was dropped, and comes", func(s *stage) {
			s.a.Failing("b")
			s.a.Accepted("p", s.message(1), 1, true)
			s.arrive(1)
		}},
		{"never came; 1 of 2 did", func(s *stage) { s.send(0, 1, 2); s.arrive(1) }},
		{"(the node) never came", func(s *stage) { s.a.Accepted("p", Message{"a@1/p", "a#p", 1, 1}, Local, false) }},
		{"accepted after #1", func(s *stage) { s.send(0, 1, 3) }},
		{"accepted in epoch 0 after epoch 2", func(s *stage) { s.send(2, 1); s.send(0, 2) }},
		{"comes to a@1", func(s *stage) { s.send(0, 1); s.a.Delivered(s.message(1)) }},
		{"comes to the crashed b@1", func(s *stage) { s.send(0, 1); s.b.Crashed(); s.arrive(1) }},
		{"silent hole", func(s *stage) { s.a.Watch("p", "b#q"); s.send(0, 1); s.send(2, 2); s.arrive(2) }},
		{"fires only after a message of a later epoch", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.send(0, 1)
			s.a.Failing("b")
			s.send(2, 2)
			s.wait()
			m.Fired(true)
		}},
		{"never fired, but a message of a later epoch was accepted", func(s *stage) {
			s.a.Watch("p", "b#q")
			s.send(0, 1)
			s.send(2, 2)
		}},
		{"is over a loss of b, but monitor", func(s *stage) { s.a.Watch("p", "b#q"); s.a.Failing("b"); s.a.Idle("b") }},
		{"fires again", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.lose(m)
			m.Fired(true)
		}},
		{"fires although it was cancelled", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			m.Cancelled()
			s.lose(m)
		}},
		{"is cancelled a second time", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			m.Cancelled()
			m.Cancelled()
		}},
		{"fires although its owner is dead", func(s *stage) {
			m := s.a.Watch("p", "b#q")
			s.a.PortDied("p")
			s.lose(m)
		}},
		{"but no link was lost", func(s *stage) { s.a.Watch("p", "b#q").Fired(true) }},
		{"but its target lives", func(s *stage) { s.a.Watch("p", "b#q").Fired(false) }},
		{"never fired, but its target is dead", func(s *stage) { s.a.Watch("p", "b#q"); s.b.PortDied("q") }},
		{"never fired, but a link was lost", func(s *stage) { s.a.Watch("p", "b#q"); s.a.Failing("b") }},
		{"never fired, and there is no link", func(s *stage) { s.lose(); s.a.Watch("p", "b") }},
		{"has told of the sender's death", func(s *stage) {
			m := s.b.Watch("q", "a#p")
			s.send(0, 1)
			s.a.PortDied("p")
			m.Fired(false)
			s.arrive(1)
		}},
		{"was told that the link is lost", func(s *stage) {
			m := s.b.Watch("q", "a#p")
			s.send(0, 1)
			s.b.Failing("a")
			m.Fired(true)
			s.arrive(1)
		}},
		{"is told that b is up, which it was already", func(s *stage) { s.a.NodeEvent("b", true) }},
		{"is told that c is down, which it was already", func(s *stage) { s.a.NodeEvent("c", false) }},
		{"again before the last loss was dealt with", func(s *stage) { s.a.Failing("b"); s.a.Failing("b") }},
		{"although all is calm", func(s *stage) { s.Calm(); s.lose() }},
		{"never ended", func(s *stage) { s.a.Begin("wait", "p") }},
		{"ends twice", func(s *stage) {
			o := s.a.Begin("call", "p")
			o.End()
			o.End()
		}},
		{"ends after its owner's death", func(s *stage) {
			o := s.a.Begin("call", "p")
			s.a.PortDied("p")
			o.End()
		}},
		{"whose function never ran", func(s *stage) { s.a.SpawnAsked("p", "b#x", 0, false) }},
		{"which nobody has spawned", func(s *stage) { s.b.SpawnRan("b#x") }},
		{"runs the function of b#x again", func(s *stage) {
			s.a.SpawnAsked("p", "b#x", 0, false)
			s.b.SpawnRan("b#x")
			s.b.SpawnRan("b#x")
		}},
		{"a name that was used before", func(s *stage) {
			s.a.SpawnAsked("p", "b#x", 1, true)
			s.a.SpawnAsked("p", "b#x", 1, true)
		}},
		{"has killed b#q, which lives", func(s *stage) { s.a.KillAsked("p", "b#q", 0, false) }},
		{"there are 3 of buffers", func(s *stage) { s.a.Left("buffers", 3) }},
	} {
		t.Run(x.want, func(t *testing.T) {
			s := newStage()
			x.play(s)
			s.Finish()
			for _, v := range s.Violations() {
				if strings.Contains(v.String(), x.want) {
					return
				}
			}
			t.Errorf("not found:\n%s", s.Report(20))
		})
	}
}

func TestEqualHistoriesHaveEqualHashes(t *testing.T) {
	play := func(n uint64) uint64 {
		s := newStage()
		s.send(0, 1, 2)
		s.wait()
		s.arrive(n)
		return s.Hash()
	}
	if first, again := play(1), play(1); first != again {
		t.Error("the hash of equal histories differs")
	}
	if play(1) == play(2) {
		t.Error("another message has arrived, and the hash is the same")
	}
}

func TestAReportShowsWhatCameBefore(t *testing.T) {
	s := newStage()
	if r := s.Report(10); r != "nothing wrong\n" {
		t.Errorf("report of a good history: %s", r)
	}
	m := s.a.Watch("p", "b#q")
	s.Note("a note")
	s.a.SpawnAsked("p", "b#x", 1, true)
	s.b.SpawnRan("b#x")
	s.a.KillAsked("p", "b#x", 1, true)
	s.a.Accepted("p", s.message(1), 1, true)
	s.lose(m)
	s.send(2, 2)
	s.arrive(2)
	s.a.Watch("p", "b#q").Cancelled()
	s.a.Begin("call", "p").End()
	s.b.PortDied("q")
	s.b.Crashed()
	s.wait()
	for range maxShown + 2 {
		s.a.Left("buffers", 1)
	}
	r := s.Report(100)
	for _, want := range []string{
		"a@1/p monitors b#q (monitor 1)", "-- a note", "a@1/p spawns b#x, in epoch 1, dropped", "b@1 runs the function of spawned b#x",
		"a@1/p kills b#x, in epoch 1, dropped", "a@1/p → b#q #1 accepted in epoch 1, dropped", "a@1/p → b#q #2 delivered",
		"a@1: link or attempt with b fails", "a@1/p: monitor 1 of b#q fires, transport_error", "a@1: loss of b is dealt with",
		"a@1: node b is down", "a@1/p cancels monitor 2 of b#q", "a@1/p begins call 3", "a@1/p ends call 3", "b@1: port q dies",
		"b@1 crashes", "  0.001000000 a@1: 1 left of buffers", "WRONG   0.001000000 a@1: in the end there are 1 of buffers", "and 2 more",
	} {
		if !strings.Contains(r, want) {
			t.Errorf("no %q in the report:\n%s", want, r)
		}
	}
	if got := s.Report(1); strings.Count(got, "\n") != 1+maxShown+1 {
		t.Errorf("a report of one event:\n%s", got)
	}
	if about := s.About("-- a"); strings.Count(about, "\n") != 1 || !strings.Contains(about, "-- a note") {
		t.Errorf("events with %q:\n%s", "-- a", about)
	}
	s.a.Begin("wait", "p")
	if n := s.a.Open("wait"); n != 1 || s.a.Open("call") != 0 {
		t.Errorf("%d waits are open", n)
	}
	if s.Len() == 0 || s.a.Name() != "a@1" {
		t.Errorf("%d events of %s", s.Len(), s.a.Name())
	}
}
