package kernel_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

func TestATaggedHandlerGetsWhatFollowsItsTagAndTheDefaultAllElse(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 2)
	r := n.recorder()
	r.On("add", func(_ *kernel.Context, m codec.Message) { r.got = append(r.got, "add "+m.String()) })
	for _, args := range [][]any{{"add", 1, 2}, {"sub", 1}, {"add"}, {}, {1, "add"}, {[]byte("add"), 7}} {
		w.ok(n.Send(r.ID(), args...))
	}
	r.gets("add [1, 2]", `["sub", 1]`, "add []", "[]", `[1, "add"]`, "add [7]")
}

func TestHandlersAreReplacedAndRemovedInOrderWithTheSendersMessages(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 2)
	r := n.recorder()
	set := func(name string) {
		r.On("x", func(*kernel.Context, codec.Message) { r.got = append(r.got, name) })
	}
	set("first")
	w.ok(n.Send(r.ID(), "x"))
	set("second")
	w.ok(n.Send(r.ID(), "x"))
	r.On("x", nil)
	w.ok(n.Send(r.ID(), "x"))
	r.OnDefault(func(*kernel.Context, codec.Message) { r.got = append(r.got, "other default") })
	w.ok(n.Send(r.ID(), "x"))
	r.gets("first", "second", `["x"]`, "other default")
}

func TestAHandlerReplacesItself(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	r := n.recorder()
	r.On("x", func(self *kernel.Context, _ codec.Message) {
		r.got = append(r.got, "once")
		self.On("x", nil)
		self.OnDefault(func(_ *kernel.Context, m codec.Message) { r.got = append(r.got, "then "+m.String()) })
	})
	w.ok(n.Send(r.ID(), "x", 1))
	w.ok(n.Send(r.ID(), "x", 2))
	r.gets("once", `then ["x", 2]`)
}

func TestAPortWithoutAHandlerDiesOfItsFirstMessage(t *testing.T) {
	for _, c := range []struct{ tag, quoted any }{
		{"short", "short"},
		{"exactly thirty characters long", "exactly thirty characters long"},
		{"exactly thirty-one characters l", "exactly thirty-one characters "},
		{"tab\there\x7f", "tab.here."},
		{"é\nÿ", "..."},
		{[]byte{0, 'a', 0xff}, ".a."},
		{5, "5"},
		{"", ""},
	} {
		w := newWorld(t)
		n := w.node("a", 2)
		p := n.port(nil)
		v, _ := n.monitor(p.ID())
		w.ok(n.Send(p.ID(), c.tag, "more"))
		v.is(fmt.Sprintf(`["unhandled_message", "no callback found for message '%v'"]`, c.quoted))
		if p.Alive() {
			t.Error("and yet it lives")
		}
	}
}

func TestAPortWithOnlyTagsDiesOfAnotherTag(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	p := n.port(nil)
	p.On("known", func(*kernel.Context, codec.Message) {})
	v, _ := n.monitor(p.ID())
	w.ok(n.Send(p.ID(), "known"))
	w.ok(n.Send(p.ID()))
	v.is(`["unhandled_message", "no callback found for message ''"]`)
}

func TestAPanicKillsThePortAndNothingElse(t *testing.T) {
	for name, c := range map[string]struct {
		thrown any
		text   string
	}{
		"text":               {meant + "\n", `["die", "on purpose"]`},
		"only one line end":  {meant + "\n\n", `["die", "on purpose\n"]`},
		"error":              {errors.New(meant), `["die", "on purpose"]`},
		"value":              {struct{ Why string }{meant}, `["die", "{on purpose}"]`},
		"an endless message": {meant + strings.Repeat("x", 1<<17), `["die", "reason too large"]`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			n := w.node("a", 1)
			other := n.recorder()
			p := n.port(func(*kernel.Context, codec.Message) { panic(c.thrown) })
			v, _ := n.monitor(p.ID())
			w.ok(n.Send(p.ID(), "x"))
			w.ok(n.Send(other.ID(), "still here"))
			v.is(c.text)
			other.gets(`["still here"]`)
			if lines := n.log.find("handler failed", meant); len(lines) != 1 || lines[0].attrs["port"] == "" {
				t.Errorf("logged: %v", lines)
			}
			if s := n.stats(); s.Panics != 1 {
				t.Errorf("%d panics counted", s.Panics)
			}
		})
	}
}

func TestAPanicInATimerOrMonitorKillsItsPort(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 2)
	victim := n.port(nil)
	for _, arrange := range []func(self *kernel.Context){
		func(self *kernel.Context) { self.After(time.Second, func(*kernel.Context) { panic(meant) }) },
		func(self *kernel.Context) {
			_, err := self.Monitor(victim.ID(), func(*kernel.Context, kernel.Reason) { panic(meant) })
			w.ok(err)
		},
	} {
		p := n.port(func(self *kernel.Context, _ codec.Message) { arrange(self) })
		v, _ := n.monitor(p.ID())
		w.ok(n.Send(p.ID(), "go"))
		w.pass(100 * time.Millisecond)
		victim.Kill()
		v.is(`["die", "on purpose"]`)
	}
}

func TestAPanicThatBelongsToNoPortIsLogged(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	n.do(func(*kernel.Context) { panic(meant) })
	if len(n.log.find("callback failed", meant)) != 1 {
		t.Error("not logged")
	}
	r := n.recorder()
	w.ok(n.Send(r.ID(), "alive"))
	r.gets(`["alive"]`)
}

func TestASendFromAHandlerRunsAfterItAndInOrder(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1)
	r := n.recorder()
	p := n.port(func(self *kernel.Context, m codec.Message) {
		at := m.Args()
		depth := at.Int()
		w.ok(self.Send(r.ID(), "begin", depth))
		if depth < 3 {
			w.ok(self.Send(self.ID(), depth+1)) // never nested
			w.ok(self.Send(self.ID(), 10+depth))
		}
		r.got = append(r.got, fmt.Sprint("end ", depth))
	})
	w.ok(n.Send(p.ID(), 1))
	r.gets("end 1", `["begin", 1]`, "end 2", "end 11", `["begin", 2]`, "end 3", "end 12", `["begin", 11]`,
		`["begin", 3]`, `["begin", 12]`)
}

func TestMessagesOfOneSenderArriveInOrder(t *testing.T) {
	for _, loops := range []int{1, 2, 4} {
		w := newWorld(t)
		a, b := w.pair(loops)
		const count = 500
		for _, to := range []*machine{a, b} {
			var got, want []int64
			p := to.port(func(_ *kernel.Context, m codec.Message) {
				r := m.Args()
				got = append(got, r.Int())
			})
			fromPort := to.port(func(_ *kernel.Context, m codec.Message) {
				r := m.Args()
				got = append(got, r.Int())
			})
			a.do(func(self *kernel.Context) {
				for i := range count {
					w.ok(self.Send(fromPort.ID(), 10000+i))
				}
			})
			w.until("messages of a handler", func() bool { return len(got) == count })
			for i := range count {
				w.ok(a.Send(p.ID(), i))
				want = append(want, int64(10000+i))
			}
			for i := range count {
				want = append(want, int64(i))
			}
			w.until("messages of a goroutine", func() bool { return len(got) == 2*count })
			if !slices.Equal(got, want) {
				t.Fatalf("%d loops, to %s: out of order", loops, to.ID())
			}
		}
	}
}

func TestTwoPortsThatAnswerEachOtherForEverDontStarveTheNetwork(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(1)
	var ping, pong *kernel.Port
	rounds := 0
	ping = a.port(func(self *kernel.Context, _ codec.Message) { rounds++; w.ok(self.Send(pong.ID())) })
	pong = a.port(func(self *kernel.Context, _ codec.Message) { w.ok(self.Send(ping.ID())) })
	echo := a.port(func(self *kernel.Context, m codec.Message) { r := m.Args(); w.ok(self.Send(r.Text(), "echo")) })
	r := b.recorder()
	w.Link(a.host, b.host).SetLatency(0, 10*time.Microsecond) // they go round all the time
	w.Link(b.host, a.host).SetLatency(0, 10*time.Microsecond)
	w.ok(a.Send(ping.ID()))
	w.until("rounds", func() bool { return rounds > 10000 })
	w.ok(b.Send(echo.ID(), r.ID()))
	w.until("an answer", func() bool { return len(r.got) == 1 })
	ping.Kill()
	w.until("the end", func() bool { return !ping.Alive() })
}

func TestHandlersOfOnePortNeverRunInsideEachOther(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	inside, most := 0, 0
	p := a.port(func(self *kernel.Context, m codec.Message) {
		inside++
		most = max(most, inside)
		w.ok(self.Send(self.ID())) // to itself
		if m.Len() == 0 {
			self.Die()
		}
		inside--
	})
	for range 100 {
		w.ok(b.Send(p.ID(), "x"))
	}
	w.until("its end", func() bool { return !p.Alive() })
	if most != 1 {
		t.Errorf("%d at once", most)
	}
}

func TestAPortEndsAndNothingReachesItAnyMore(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 2)
	r := n.recorder()
	fired := false
	n.do(func(self *kernel.Context) {
		p, err := self.NewPort()
		w.ok(err)
		self.HandleDefault(p, func(self *kernel.Context, _ codec.Message) {
			self.After(time.Second, func(*kernel.Context) { fired = true })
			w.ok(self.Send(self.ID(), "lost"))
			self.Die("done", 1)
			if self.Port() != p || self.ID() != p.ID() || self.Node() != n.Node {
				t.Error("the context isn't that of the port")
			}
		})
		self.Handle(p, "x", func(*kernel.Context, codec.Message) { r.got = append(r.got, "x") })
		w.ok(self.Send(p.ID(), "x"))
		w.ok(self.Send(p.ID(), "go"))
		_, err = self.MonitorSend(p.ID(), r.ID(), "gone:")
		w.ok(err)
	})
	r.gets("x", `["gone:", "done", 1]`)
	w.pass(2 * time.Second)
	if fired {
		t.Error("a timer of a dead port fired")
	}
}

func TestANamedPortIsFoundByItsNameAndTheNameIsTakenOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	p, err := a.NewNamedPort("desk")
	w.ok(err)
	r := b.recorder()
	p.OnDefault(func(self *kernel.Context, m codec.Message) { w.ok(self.Forward(r.ID(), m)) })
	w.ok(b.Send("a#desk", "hello"))
	r.gets(`["hello"]`)
	for _, name := range []string{"desk", "", "a#b", "a\nb", "a\x00", strings.Repeat("n", 256)} {
		_, err := a.NewNamedPort(name)
		var id *kernel.IDError
		if !errors.As(err, &id) || id.ID != name {
			t.Errorf("%.20q: %v", name, err)
		}
	}
	// A new port of an old name gets what is sent to that name.
	p.Kill()
	w.until("its death", func() bool { return !p.Alive() })
	p, err = a.NewNamedPort("desk")
	w.ok(err)
	p.OnDefault(func(self *kernel.Context, m codec.Message) { w.ok(self.Forward(r.ID(), m)) })
	w.ok(b.Send("a#desk", "again"))
	r.gets(`["again"]`)
}

func TestPortsAreBounded(t *testing.T) {
	w := newWorld(t)
	n := w.node("a", 1, func(o *kernel.Options) { o.MaxPorts = 3 }) // one is the node's own
	p := n.port(nil)
	n.port(nil)
	if _, err := n.NewPort(); !errors.Is(err, kernel.ErrTooMany) {
		t.Errorf("a third one: %v", err)
	}
	p.Kill()
	w.until("room", func() bool { return n.stats().Ports == 1 })
	n.port(nil)
}

func TestWhatIsSentToNoPortIsCounted(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	w.ok(a.Send("a#nobody", 1))
	w.ok(b.Send("a#nobody", 1))
	a.do(func(self *kernel.Context) { w.ok(self.Send("a#nobody", 1)) })
	w.until("three drops", func() bool { return a.drops().UnknownPort == 3 })
}

// A point is a message of a generated type, made by hand: a tuple.
type point struct{ x, y int64 }

func (p point) MarshalMsg(b []byte) ([]byte, error) {
	if p.x < 0 {
		return b, errors.New("negative")
	}
	m, err := codec.MessageOf(p.x, p.y)
	return append(append(b, 0x92), m.Raw()...), err
}

func TestGeneratedMessagesGoEverywhere(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	for _, to := range []*machine{a, b} {
		r := to.recorder()
		w.ok(a.SendMsg(r.ID(), point{1, 2}))
		a.do(func(self *kernel.Context) { w.ok(self.SendMsg(r.ID(), point{3, 4})) })
		r.gets("[1, 2]", "[3, 4]")
		if err := a.SendMsg(r.ID(), point{-1, 0}); err == nil {
			t.Error("a type that can't be encoded was sent")
		}
		a.do(func(self *kernel.Context) {
			if err := self.SendMsg(r.ID(), point{-1, 0}); err == nil {
				t.Error("a type that can't be encoded was sent")
			}
		})
		w.ok(a.SendMsg(r.ID(), point{5, 6}))
		r.gets("[5, 6]")
	}
	w.ok(a.SendMsg("a#nobody", point{1, 2}))
}

// How messages to a port with a tag begin is kept for some tags.
func TestGeneratedMessagesWithManyTags(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	r := b.recorder()
	long := strings.Repeat("long", 40)
	for _, tag := range []string{"t", "u", "t", "", long, "t"} {
		w.ok(a.SendTagged(r.ID(), tag, point{1, 2}))
		a.do(func(self *kernel.Context) { w.ok(self.SendTagged(r.ID(), tag, point{3, 4})) })
	}
	t2, u2, l2 := `["t", 1, 2]`, `["u", 1, 2]`, `["`+long+`", 1, 2]`
	t4, u4, l4 := `["t", 3, 4]`, `["u", 3, 4]`, `["`+long+`", 3, 4]`
	r.gets(t2, t4, u2, u4, t2, t4, "[1, 2]", "[3, 4]", l2, l4, t2, t4)

	r = b.recorder()
	w.ok(a.SendTagged(r.ID(), long, point{1, 2})) // too long to be kept
	w.ok(a.SendTagged(r.ID(), "t", point{1, 2}))
	r.gets(l2, t2)

	var want []string
	for i := range 40 {
		tag := string(rune('a' + i%20))
		w.ok(a.SendTagged(r.ID(), tag, point{1, int64(i)}))
		want = append(want, fmt.Sprintf(`["%s", 1, %d]`, tag, i))
	}
	r.gets(want...)
}

// A bomb is a message type whose method panics.
type bomb struct{}

func (bomb) MarshalMsg([]byte) ([]byte, error) { panic("bomb") }

func TestAMessageTypeThatPanicsLeavesNoLockBehind(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(2)
	for _, to := range []*machine{a, b} {
		r := to.recorder()
		for range 2 { // the second one goes a shorter way
			func() {
				defer func() {
					if recover() != "bomb" {
						t.Error("no panic")
					}
				}()
				_ = a.SendTagged(r.ID(), "t", bomb{})
			}()
			w.ok(a.SendTagged(r.ID(), "t", point{1, 2}))
			w.ok(a.Send(r.ID(), "t", 1))
		}
		r.gets(`["t", 1, 2]`, `["t", 1]`, `["t", 1, 2]`, `["t", 1]`)
	}
}
