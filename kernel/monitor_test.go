package kernel_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
)

// places lets a test run with its target on the own node and on another one.
func places(t *testing.T, run func(t *testing.T, here, there *machine)) {
	t.Run("here", func(t *testing.T) {
		n := newWorld(t).node("a", 2)
		run(t, n, n)
	})
	t.Run("there", func(t *testing.T) {
		a, b := newWorld(t).linked(2)
		run(t, a, b)
	})
	t.Run("not yet linked", func(t *testing.T) {
		a, b := newWorld(t).pair(2)
		run(t, a, b)
	})
}

// settle lets a monitor reach its target.
func (w *world) settle() { w.pass(time.Second) }

func TestAMonitorCallsBackWithTheReason(t *testing.T) {
	for _, c := range []struct {
		reason []any
		text   string
		normal bool
	}{
		{nil, "normal", true},
		{[]any{"why", 5, nil, []any{1.5}}, `["why", 5, null, [1.5]]`, false},
		{[]any{"die", "text"}, `["die", "text"]`, false},
		{[]any{make(chan int)}, `["die", "reason can't be encoded: `, false},
	} {
		places(t, func(t *testing.T, here, there *machine) {
			w := here.w
			p := there.port(nil)
			v, mon := here.monitor(p.ID())
			w.settle()
			p.Kill(c.reason...)
			w.until("the monitor", func() bool { return v.fired == 1 })
			w.settle()
			if v.fired != 1 || v.text[:min(len(v.text), len(c.text))] != c.text {
				t.Errorf("fired %d times with %s, not %s", v.fired, v.text, c.text)
			}
			if mon.Cancel() {
				t.Error("a monitor was cancelled after it had fired")
			}
		})
	}
}

func TestAMonitorKillsOnlyForAnAbnormalDeath(t *testing.T) {
	forms := map[string]func(self *kernel.Context, n *machine, target string, victim *kernel.Port) (*kernel.Monitor, error){
		"MonitorSelf": func(self *kernel.Context, _ *machine, target string, _ *kernel.Port) (*kernel.Monitor, error) {
			return self.MonitorSelf(target)
		},
		"Context.MonitorKill": func(self *kernel.Context, _ *machine, target string, victim *kernel.Port) (*kernel.Monitor, error) {
			return self.MonitorKill(target, victim)
		},
		"Node.MonitorKill": func(_ *kernel.Context, n *machine, target string, victim *kernel.Port) (*kernel.Monitor, error) {
			return n.MonitorKill(target, victim)
		},
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			places(t, func(t *testing.T, here, there *machine) {
				w := here.w
				for _, abnormal := range []bool{false, true} {
					target := there.port(nil)
					victim := here.port(func(self *kernel.Context, _ codec.Message) {
						_, err := form(self, here, target.ID(), self.Port())
						w.ok(err)
					})
					v, _ := here.monitor(victim.ID())
					w.ok(here.Send(victim.ID(), "arm"))
					w.settle()
					if !abnormal {
						target.Kill()
						w.settle()
						if !victim.Alive() || v.fired > 0 {
							t.Error("a normal death kills")
						}
						continue
					}
					target.Kill("bad", "luck")
					v.is(`["bad", "luck"]`)
				}
			})
		})
	}
}

func TestAMonitorThatKillsAnotherPortOutlivesWhoeverSetIt(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		target, victim := there.port(nil), here.port(nil)
		setter := here.port(func(self *kernel.Context, _ codec.Message) {
			_, err := self.MonitorKill(target.ID(), victim)
			w.ok(err)
			self.Die()
		})
		w.ok(here.Send(setter.ID()))
		w.settle()
		v, _ := here.monitor(victim.ID())
		target.Kill("bad")
		v.is(`["bad"]`)
	})
}

func TestAMonitorSendsAMessageWithTheReasonBehindIt(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		target := there.port(nil)
		r := here.recorder()
		_, err := here.MonitorSend(target.ID(), r.ID(), "gone", 1)
		w.ok(err)
		setter := here.port(func(self *kernel.Context, _ codec.Message) {
			_, err := self.MonitorSend(target.ID(), r.ID(), "gone", 2)
			w.ok(err)
			self.Die() // it stays
		})
		w.ok(here.Send(setter.ID()))
		w.settle()
		target.Kill("bad", 7)
		w.until("both", func() bool { return len(r.got) == 2 })
		if r.got[0] > r.got[1] {
			r.got[0], r.got[1] = r.got[1], r.got[0]
		}
		r.gets(`["gone", 1, "bad", 7]`, `["gone", 2, "bad", 7]`)
	})
}

// A valve counts how often it is closed.
type valve struct {
	closed int
	err    error
}

func (v *valve) Close() error { v.closed++; return v.err }

func TestAGuardClosesItsResourceOnce(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		target := there.port(nil)
		sound, broken, cancelled := &valve{}, &valve{err: errors.New("stuck")}, &valve{}
		_, err := here.Guard(target.ID(), sound)
		w.ok(err)
		mon, err := here.Guard(target.ID(), cancelled)
		w.ok(err)
		setter := here.port(func(self *kernel.Context, _ codec.Message) {
			_, err := self.Guard(target.ID(), broken)
			w.ok(err)
			self.Die()
		})
		w.ok(here.Send(setter.ID()))
		w.settle()
		if !mon.Cancel() {
			t.Error("a guard can't be cancelled")
		}
		target.Kill()
		w.until("the guards", func() bool { return sound.closed > 0 && broken.closed > 0 })
		w.settle()
		if sound.closed != 1 || broken.closed != 1 || cancelled.closed != 0 {
			t.Errorf("closed %d, %d, %d times", sound.closed, broken.closed, cancelled.closed)
		}
		if lines := here.log.find("guarded resource", "stuck"); len(lines) != 1 || lines[0].attrs["port"] != target.ID() {
			t.Errorf("logged %v", lines)
		}
	})
}

func TestACancelledMonitorNeverFires(t *testing.T) {
	for _, when := range []string{"at once", "later"} {
		t.Run(when, func(t *testing.T) {
			places(t, func(t *testing.T, here, there *machine) {
				w := here.w
				target := there.port(nil)
				v, mon := here.monitor(target.ID())
				if when == "later" {
					w.settle()
				}
				if !mon.Cancel() || mon.Cancel() {
					t.Error("Cancel must report true once")
				}
				fired := false
				var own *kernel.Monitor
				owner := here.port(nil)
				owner.On("set", func(self *kernel.Context, m codec.Message) {
					var err error
					own, err = self.Monitor(target.ID(), func(*kernel.Context, kernel.Reason) { fired = true })
					w.ok(err)
					w.ok(self.Forward(self.ID(), m))
				})
				owner.On("cancel", func(*kernel.Context, codec.Message) {
					if !own.Cancel() || own.Cancel() {
						t.Error("Cancel must report true once")
					}
				})
				w.ok(here.Send(owner.ID(), "set", "cancel"))
				w.settle()
				target.Kill("bad")
				w.settle()
				if v.fired > 0 || fired {
					t.Error("it fired")
				}
			})
		})
	}
}

func TestAMonitorEndsWithThePortInWhoseContextItWasSet(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		target := there.port(nil)
		fired := false
		owner := here.port(func(self *kernel.Context, _ codec.Message) {
			_, err := self.Monitor(target.ID(), func(*kernel.Context, kernel.Reason) { fired = true })
			w.ok(err)
		})
		w.ok(here.Send(owner.ID()))
		w.settle()
		owner.Kill()
		w.settle()
		target.Kill()
		w.settle()
		if fired {
			t.Error("it fired")
		}
	})
}

func TestAMonitorOfAPortThatDoesntExistFiresAtOnce(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		v, _ := here.monitor(there.ID() + "#nobody")
		v.is(fmt.Sprintf(`["no_such_port", "cannot monitor nonexistent port", "%s#nobody"]`, there.ID()))
	})
}

func TestAMonitorComesAfterTheMessagesOfThePort(t *testing.T) {
	places(t, func(t *testing.T, here, there *machine) {
		w := here.w
		r := here.recorder()
		const count = 50
		p := there.port(func(self *kernel.Context, _ codec.Message) {
			for i := range count {
				w.ok(self.Send(r.ID(), i))
			}
			self.Die("done")
		})
		var want []string
		for i := range count {
			want = append(want, fmt.Sprintf("[%d]", i))
		}
		owner := here.port(func(self *kernel.Context, _ codec.Message) {
			_, err := self.MonitorSend(p.ID(), r.ID())
			w.ok(err)
			w.ok(self.Send(p.ID(), "go"))
		})
		if here == there {
			r.OnDefault(func(_ *kernel.Context, m codec.Message) { r.got = append(r.got, m.String()) })
		}
		w.ok(here.Send(owner.ID()))
		r.gets(append(want, `["done"]`)...)
	})
}

func TestANodeMonitorConnectsAndFiresWhenTheLinkIsLost(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	v, _ := a.monitor("b")
	w.until("a link", func() bool { return a.NodeIsUp("b") })
	w.pass(10 * time.Second)
	if v.fired > 0 {
		t.Fatal(v.text)
	}
	b.crash()
	w.until("its end", func() bool { return v.fired > 0 })
	if v.kind != kernel.ReasonTransport {
		t.Error(v.text)
	}
}

func TestANodeMonitorFiresWhenTheNodeCantBeReached(t *testing.T) {
	w := newWorld(t)
	a, b := w.pair(2)
	b.crash()
	v, _ := a.monitor("b")
	v.is(`["transport_error", "b", "unable to connect (1 of its addresses tried): dial tcp 10.0.0.2:4040: connect: connection refused"]`)
	v, _ = a.monitor("unheard-of")
	v.is(`["transport_error", "unheard-of", "no known address"]`)
	if len(a.events) > 0 {
		t.Errorf("a failed attempt is no event: %v", a.events)
	}
}

func TestAMonitorOfTheOwnNodeOrItsPortFiresOnlyAtItsEnd(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	v, _ := a.monitor("a")
	v.silent()
	a.close()
	v.is(`["node_closed"]`)
}

func TestAllMonitorsOfANodesPortsFireWhenTheLinkIsLostAndOnce(t *testing.T) {
	w := newWorld(t)
	a, b := w.linked(4)
	var all []*verdict
	for range 10 {
		p := b.port(nil)
		for range 3 {
			v, _ := a.monitor(p.ID())
			all = append(all, v)
		}
	}
	w.settle()
	b.crash()
	for _, v := range all {
		w.until("all of them", func() bool { return v.fired > 0 })
	}
	w.settle()
	for _, v := range all {
		if v.fired != 1 || v.kind != kernel.ReasonTransport {
			t.Errorf("fired %d times, %s", v.fired, v.text)
		}
	}
}

func TestMonitorsOfBadIDsAreRefused(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	for _, id := range []string{"", "#x", "no;de", "no\nde#x", string(make([]byte, 300))} {
		_, err := a.Monitor(id, func(*kernel.Context, kernel.Reason) {})
		var bad *kernel.IDError
		if !errors.As(err, &bad) || bad.ID != id {
			t.Errorf("%.20q: %v", id, err)
		}
		if _, err := a.MonitorSend("a#x", id); err == nil {
			t.Errorf("a message to %.20q can't be sent", id)
		}
		a.do(func(self *kernel.Context) {
			if _, err := self.Monitor(id, func(*kernel.Context, kernel.Reason) {}); !errors.As(err, &bad) {
				t.Errorf("%.20q: %v", id, err)
			}
		})
	}
	if _, err := a.MonitorSend("a#x", "a#y", make(chan int)); err == nil {
		t.Error("a channel can't be sent")
	}
}

// What goes over the wire.

func TestTwoMon1GiveTwoKil0(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	p := a.port(nil)
	_, name := codec.SplitPortID(p.ID())
	r := a.raw().perl("b")
	r.send("", "mon1", name)
	r.send("", "mon1", name)
	r.expectNothing("b")
	p.Kill("why")
	r.expect(fmt.Sprintf(` ["kil0", "%s", "why"]`, name), fmt.Sprintf(` ["kil0", "%s", "why"]`, name))
	r.expectNothing("b")
}

func TestAMon0TakesOneMon1Back(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	p := a.port(nil)
	_, name := codec.SplitPortID(p.ID())
	r := a.raw().perl("b")
	r.send("", "mon1", name)
	r.send("", "mon1", name)
	r.send("", "mon0", name)
	r.send("", "mon0", nil) // as the original says of a node
	r.send("", "mon0")
	r.send("", "mon0", "never monitored")
	r.expectNothing("b")
	p.Kill()
	r.expect(fmt.Sprintf(` ["kil0", "%s"]`, name))
	r.expectNothing("b")
}

func TestAKil0ForAPortThatIsntMonitoredIsIgnored(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b")
	v, _ := a.monitor("b#watched")
	r.expect(` ["mon1", "watched"]`)
	r.send("", "kil0", "other", "bad")
	r.send("", "kil0", "")
	r.send("", "kil0")
	r.send("", "kil0", []any{})
	r.expectNothing("b")
	if v.fired > 0 {
		t.Fatal(v.text)
	}
	r.send("", "kil0", "watched", "bad", 5)
	r.send("", "kil0", "watched", "bad", 6)
	v.is(`["bad", 5]`)
}

func TestOneMon1ServesAllMonitorsOfHandlersAndMon0FollowsTheLast(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 1)
	r := a.raw().perl("b")
	var first, second *kernel.Monitor
	a.do(func(self *kernel.Context) {
		var err error
		first, err = self.Monitor("b#p", func(*kernel.Context, kernel.Reason) {})
		w.ok(err)
		second, err = self.Monitor("b#p", func(*kernel.Context, kernel.Reason) {})
		w.ok(err)
	})
	r.expect(` ["mon1", "p"]`)
	r.expectNothing("b")
	first.Cancel()
	r.expectNothing("b")
	second.Cancel()
	r.expect(` ["mon0", "p"]`)
	// A goroutine's monitors have a mon1 and a mon0 each, in order with what it sends.
	_, third := a.monitor("b#p")
	_, fourth := a.monitor("b#p")
	r.expect(` ["mon1", "p"]`)
	r.expect(` ["mon1", "p"]`)
	third.Cancel()
	fourth.Cancel()
	r.expect(` ["mon0", "p"]`)
	r.expect(` ["mon0", "p"]`)
	// Again, and now the port dies: no mon0.
	v, _ := a.monitor("b#p")
	r.expect(` ["mon1", "p"]`)
	r.send("", "kil0", "p")
	v.is("normal")
	r.expectNothing("b")
	// A node is monitored without a word.
	_, node := a.monitor("b")
	node.Cancel()
	r.expectNothing("b")
}

func TestAMonitorThatIsCancelledBeforeItArrivesLeavesNothingBehind(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	r := a.raw().perl("b")
	_, mon := a.monitor("b#p")
	mon.Cancel()
	r.expect(` ["mon1", "p"]`)
	r.expect(` ["mon0", "p"]`)
	// A call's monitor is announced ahead of its message; if that can't be sent it is
	// taken back.
	a.do(func(self *kernel.Context) {
		if err := self.Call("b#p", []any{make(chan int)}, 0, nil); err == nil {
			t.Error("a channel was sent")
		}
	})
	w.settle()
	r.send("", "snd", "b#marker")
	monitors := 0
	for {
		got, err := r.next()
		w.ok(err)
		switch got {
		case ` ["mon1", "p"]`:
			monitors++
		case ` ["mon0", "p"]`:
			monitors--
		case "marker []":
			if monitors != 0 {
				t.Errorf("%d monitors are left", monitors)
			}
			return
		default:
			t.Fatal(got)
		}
	}
}

func TestMonitorsOfAPeerEndWithItsLink(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 2)
	p := a.port(nil)
	_, name := codec.SplitPortID(p.ID())
	r := a.raw().perl("b")
	r.send("", "mon1", name)
	r.expectNothing("b")
	w.ok(r.Close())
	w.until("the link's end", func() bool { return !a.NodeIsUp("b") })
	r = a.raw().perl("b")
	p.Kill("why")
	r.expectNothing("b")
}

func TestAKilledPortsLastMessagesComeBeforeItsKil0(t *testing.T) {
	w := newWorld(t)
	a := w.node("a", 4)
	r := a.raw().perl("b")
	p := a.port(func(self *kernel.Context, _ codec.Message) {
		w.ok(self.Send("b#x", "last words"))
		self.Die("done")
	})
	_, name := codec.SplitPortID(p.ID())
	r.send("", "mon1", name)
	r.send(name, "go")
	r.expect(`x ["last words"]`, fmt.Sprintf(` ["kil0", "%s", "done"]`, name))
}
