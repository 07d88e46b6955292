package kernel_test

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/loop/sim"
)

// A notebook is a database that writes down what it is told.
type notebook struct {
	node    *kernel.Node
	heard   []string
	finds   []string
	answer  func(node string) []netip.AddrPort // nil: no answer
	verdict error                              // on each request
}

func (b *notebook) note(format string, args ...any) {
	b.heard = append(b.heard, fmt.Sprintf(format, args...))
}

func (b *notebook) NodeUp(node string, ours bool) { b.note("up %s %t", node, ours) }
func (b *notebook) NodeDown(node string)          { b.note("down %s", node) }
func (b *notebook) Request(from string, m codec.Message) error {
	b.note("%s: %v", from, m)
	return b.verdict
}
func (b *notebook) Find(node string) {
	b.finds = append(b.finds, node)
	if b.answer != nil {
		b.node.Found(node, b.answer(node))
	}
}

// kept starts a node with a notebook.
func (w *world) kept(id string, loops int, set ...func(*kernel.Options)) (*machine, *notebook) {
	w.t.Helper()
	m := w.node(id, loops, set...)
	b := &notebook{node: m.Node}
	m.SetDatabase(b)
	return m, b
}

func (b *notebook) is(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(b.heard, want) {
		t.Fatalf("the database was told\n%s\nnot\n%s", strings.Join(b.heard, "\n"), strings.Join(want, "\n"))
	}
}

func message(t testing.TB, args ...any) codec.Message {
	t.Helper()
	m, err := codec.MessageOf(args...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// tell has the machine say something to a linked node's database.
func (m *machine) tell(node string, args ...any) (err error) {
	m.w.t.Helper()
	m.do(func(*kernel.Context) { err = m.Tell(node, message(m.w.t, args...)) })
	return err
}

func TestADatabaseHearsOfANodeThenFromItThenOfItsEnd(t *testing.T) {
	for loops := 1; loops <= 4; loops++ {
		w := newWorld(t)
		a, _ := w.kept("a", loops)
		b, heard := w.kept("b", loops)
		w.link(a, b)
		for i := range 3 {
			w.ok(a.tell("b", "g_upd", i))
		}
		w.ok(a.Send("b", "g_find", "x"))
		w.until("four requests", func() bool { return len(heard.heard) == 5 })
		a.crash()
		w.until("the end", func() bool { return len(heard.heard) == 6 })
		heard.is(t, "up a true", `a: ["g_upd", 0]`, `a: ["g_upd", 1]`, `a: ["g_upd", 2]`, `a: ["g_find", "x"]`, "down a")
	}
}

func TestADatabaseKnowsANodeOfTheOriginal(t *testing.T) {
	w := newWorld(t)
	a, heard := w.kept("a", 1)
	p, _ := w.kept("p", 1, func(o *kernel.Options) { o.Links.Extensions = false })
	w.link(p, a)
	heard.is(t, "up p false")
}

// A sized database remembers how large the requests were.
type sized struct {
	notebook
	octets []int
}

func (d *sized) Request(_ string, m codec.Message) error {
	d.octets = append(d.octets, len(m.Raw()))
	return nil
}

// The original doesn't cut what it says into parts, and can't put any together.
func TestAnOriginalSaysAndIsToldAWholeDatabaseInOneMessage(t *testing.T) {
	large := message(t, "g_slave", strings.Repeat("x", codec.DefaultLimits.Message))
	many := message(t, "g_slave", make([]any, codec.DefaultLimits.Items+1))
	for _, framing := range []codec.Framing{codec.CBOR, codec.JSON} {
		t.Run(framing.String(), func(t *testing.T) {
			w := newWorld(t)
			a, p := w.node("a", 2), w.node("p", 1, func(o *kernel.Options) {
				o.Links.Extensions, o.Links.Framings = false, []codec.Framing{framing}
			})
			var toA, toP sized
			a.SetDatabase(&toA)
			p.SetDatabase(&toP)
			w.link(p, a)
			for _, m := range []codec.Message{large, many} {
				p.do(func(*kernel.Context) { w.ok(p.Tell("a", m)) })
				a.do(func(*kernel.Context) { w.ok(a.Tell("p", m)) })
			}
			w.until("both messages on both sides", func() bool { return len(toA.octets) == 2 && len(toP.octets) == 2 })
			if want := []int{len(large.Raw()), len(many.Raw())}; !slices.Equal(toA.octets, want) || !slices.Equal(toP.octets, want) {
				t.Errorf("%v and %v octets instead of %v", toA.octets, toP.octets, want)
			}
		})
	}
}

func TestNonsenseForTheDatabaseEndsTheLinkAndNothingElse(t *testing.T) {
	w := newWorld(t)
	a, heard := w.kept("a", 2)
	b := w.node("b", 1)
	w.link(b, a)
	check := a.healthy()
	heard.heard, heard.verdict = nil, errors.New("a family is not a number")
	died, _ := b.monitor(a.recorder().ID())
	w.pass(time.Second)
	w.ok(b.Send("a", "g_upd", 1))
	w.ok(b.Send("a", "g_upd", 2))
	if why := died.fires(); !strings.Contains(why, "transport_error") {
		t.Fatalf("the monitor fired with %s", why)
	}
	w.until("the end", func() bool { return len(heard.heard) == 2 })
	heard.is(t, `b: ["g_upd", 1]`, "down b")
	if len(a.log.find("node down", "malformed data: a family is not a number")) != 1 {
		t.Error("the log doesn't say why")
	}
	check()
}

func TestWhatTheDatabaseTellsReachesNoLaterLink(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 3)
	b, heard := w.kept("b", 3)
	w.link(a, b)
	w.until("both know", func() bool { return len(notes.heard) == 1 && len(heard.heard) == 1 })
	w.Reset(a.host, b.host, sim.BothEnds)
	// Told in each turn from the cut to the next link, under the old one's title.
	told := 0
	w.RunUntil(time.Minute, func() bool {
		if len(notes.heard) == 1 {
			told++
			w.ok(a.tell("b", "g_upd", told))
			return false
		}
		return true
	})
	w.link(b, a)
	w.until("a second link", func() bool { return len(heard.heard) >= 3 })
	w.ok(a.tell("b", "g_upd", "new"))
	w.until("news", func() bool { return strings.Contains(heard.heard[len(heard.heard)-1], "new") })
	last := heard.heard[slices.Index(heard.heard, "down a"):]
	if want := []string{"down a", "up a true", `a: ["g_upd", "new"]`}; !slices.Equal(last, want) {
		t.Fatalf("after the cut %q, not %q", last, want)
	}
}

func TestTellingANodeThatIsNotLinkedDoesNothing(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 1)
	w.ok(a.tell("nobody", "g_upd"))
	w.pass(time.Minute)
	if notes.is(t); len(notes.finds) > 0 {
		t.Errorf("looked for %q", notes.finds)
	}
}

func TestTellingSaysWhatANodesFramingCannotCarry(t *testing.T) {
	w := newWorld(t)
	a, _ := w.kept("a", 1)
	b, heard := w.kept("b", 1, func(o *kernel.Options) { o.Links.Framings = []codec.Framing{codec.JSON} })
	w.link(a, b)
	w.until("both know", func() bool { return len(heard.heard) == 1 })
	nan := 0.0
	nan /= nan
	var wrong *codec.ValueError
	if err := a.tell("b", "g_upd", nan); !errors.As(err, &wrong) {
		t.Errorf("telling a number that json has no word for: %v", err)
	}
	w.ok(a.tell("b", "g_upd", 1.5))
	w.until("the next", func() bool { return len(heard.heard) == 2 })
}

func TestAnUnknownNodeIsLookedUp(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 2)
	b := w.node("b", 1)
	r := b.recorder()
	notes.answer = func(string) []netip.AddrPort { return []netip.AddrPort{b.addr} }
	w.ok(a.Send(r.ID(), "hello"))
	r.gets(`["hello"]`)
	if !slices.Equal(notes.finds, []string{"b"}) {
		t.Errorf("looked for %q", notes.finds)
	}
}

func TestANodeIsLookedUpAgainWhenItsAddressesFail(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 1)
	b := w.node("b", 1)
	r := b.recorder()
	a.SetAddresses("b", netip.AddrPortFrom(b.addr.Addr(), 1))
	notes.answer = func(string) []netip.AddrPort {
		return []netip.AddrPort{netip.AddrPortFrom(b.addr.Addr(), 1), b.addr}
	}
	w.ok(a.Send(r.ID(), "hello"))
	r.gets(`["hello"]`)
}

func TestANodeThatNobodyKnowsIsGivenUp(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 2)
	notes.answer = func(string) []netip.AddrPort { return nil }
	v, _ := a.monitor("nowhere#port")
	v.is(`["transport_error", "nowhere", "no known address"]`)
}

func TestALookUpThatNobodyAnswersEndsWithTheAttempt(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 2)
	start := w.Now()
	v, _ := a.monitor("nowhere#port")
	v.is(`["transport_error", "nowhere", "no answer in time to where the node is"]`)
	if took := w.Now() - start; took < kernel.DefaultMonitorTimeout || took > kernel.DefaultMonitorTimeout+time.Second {
		t.Errorf("after %v", took)
	}
	again, _ := a.monitor("nowhere#port")
	w.pass(time.Second)
	if len(notes.finds) != 1 {
		t.Errorf("looked for %q while the first answer is still to come", notes.finds)
	}
	a.do(func(*kernel.Context) { a.Found("nowhere", nil) })
	again.is(`["transport_error", "nowhere", "no known address"]`)
}

func TestANodeThatComesWhileItIsLookedForIsConnected(t *testing.T) {
	w := newWorld(t)
	a, _ := w.kept("a", 2)
	b := w.node("b", 1)
	r := b.recorder()
	w.ok(a.Send(r.ID(), "hello"))
	w.pass(time.Second)
	w.link(b, a)
	r.gets(`["hello"]`)
}

func TestConnectMakesALinkAndNothingElse(t *testing.T) {
	w := newWorld(t)
	a, notes := w.kept("a", 2)
	b := w.node("b", 1)
	notes.answer = func(node string) []netip.AddrPort {
		if node == "b" {
			return []netip.AddrPort{b.addr}
		}
		return nil
	}
	a.Connect("a")
	a.Connect("b")
	a.Connect("nowhere")
	w.until("a link", func() bool { return a.NodeIsUp("b") })
	if !slices.Equal(notes.finds, []string{"b", "nowhere"}) && !slices.Equal(notes.finds, []string{"nowhere", "b"}) {
		t.Errorf("looked for %q", notes.finds)
	}
}
