package dataconn

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The model: nodes a and b, a machine each, a link between them, and connections that
// deliver in order, each at its own pace. Whatever happens is one event chosen from those
// that could happen next: also that connections or the link break, that time is
// up, that somebody loses interest. In the end both have taken the same
// connection, or one has been told why not; and nothing is left.

// wire is a connection that side dialler has dialled.
type wire struct {
	name    [2]Name // as each side knows it
	dialler int
	number  [2]int      // at each side; 0: it hasn't got that far
	to      [2][]string // on the way to each side: greeting, proof, end
	open    [2]bool
	proved  [2]bool
}

type model struct {
	t     *rapid.T
	m     [2]*Machine
	ours  bool // both
	wires []*wire
	link  [2][]Action // on the way over the link to each side
	names int
	due   [2]map[Name]bool // a timer is set
	taken [2]map[string]*wire
	ended [2]map[string]bool // the end was told
	now   time.Duration
}

// id is the same for both sides.
func id(n Name) string { return n.ID }

func nodeOf(side int) string { return string(rune('a' + side)) }

func (m *model) do(side int, actions []Action) {
	for _, a := range actions {
		other := 1 - side
		mirror := Name{nodeOf(side), a.Name.ID}
		switch a.Do {
		case Announce, AskBack:
			m.link[other] = append(m.link[other], Action{Do: a.Do, Name: mirror})
		case Find:
			var addrs []netip.AddrPort
			for i := range rapid.IntRange(0, 3).Draw(m.t, "addresses") {
				addrs = append(addrs, netip.AddrPortFrom(netip.IPv6Loopback(), uint16(i+1)))
			}
			defer func() { m.do(side, m.m[side].Found(m.now, a.Name, addrs)) }()
		case Dial:
			w := &wire{dialler: side, open: [2]bool{true, true}}
			w.name[side], w.name[other] = a.Name, mirror
			w.number[side] = a.Conn
			w.to = [2][]string{{"greeting"}, {"greeting"}}
			m.wires = append(m.wires, w)
		case Prove:
			w := m.wire(side, a.Conn)
			if w.proved[side] {
				m.t.Fatalf("%d proves twice", a.Conn)
			}
			w.proved[side] = true
			m.send(w, other, "proof")
		case Close:
			m.hangUp(m.wire(side, a.Conn), side)
		case Take:
			if m.ended[side][id(a.Name)] {
				m.t.Fatalf("%v ends twice", a.Name)
			}
			w := m.wire(side, a.Conn)
			if !w.proved[side] {
				m.t.Fatalf("%v is taken without a proof", a.Name)
			}
			m.ended[side][id(a.Name)] = true
			m.taken[side][id(a.Name)] = w
			delete(m.due[side], a.Name)
		case Fail:
			if m.ended[side][id(a.Name)] {
				m.t.Fatalf("%v ends twice", a.Name)
			}
			m.ended[side][id(a.Name)] = true
			delete(m.due[side], a.Name)
		case SetTimer:
			m.due[side][a.Name] = true
		}
	}
}

func (m *model) wire(side, number int) *wire {
	for _, w := range m.wires {
		if w.number[side] == number {
			return w
		}
	}
	m.t.Fatalf("no connection %d", number)
	return nil
}

func (m *model) send(w *wire, side int, what string) {
	if w.open[0] && w.open[1] {
		w.to[side] = append(w.to[side], what)
	}
}

func (m *model) hangUp(w *wire, side int) {
	m.send(w, 1-side, "end")
	w.open[side], w.to[side] = false, nil
}

// arrive delivers the next thing on a wire to a side.
func (m *model) arrive(w *wire, side int) {
	what := w.to[side][0]
	w.to[side] = w.to[side][1:]
	x := m.m[side]
	switch what {
	case "greeting":
		if w.number[side] == 0 {
			w.number[side] = x.Accepted(w.name[side])
		}
		m.do(side, x.Ready(w.number[side], m.ours))
	case "proof":
		m.do(side, x.Verified(w.number[side]))
	case "end":
		w.open[side] = false
		m.ends(w, side)
	}
}

// ends tells the machine, unless the program has the connection.
func (m *model) ends(w *wire, side int) {
	if w.number[side] != 0 && m.taken[side][id(w.name[side])] != w {
		m.do(side, m.m[side].Ended(m.now, w.number[side], errors.New("broken")))
	}
}

// step lets one of the things happen that can happen, and says whether there was one.
func (m *model) step(faults bool) bool {
	var can []func()
	for _, w := range m.wires {
		for side := range 2 {
			if len(w.to[side]) > 0 {
				can = append(can, func() { m.arrive(w, side) })
			}
		}
		if faults && w.open[0] && w.open[1] {
			can = append(can, func() { m.breaks(w, 0); m.breaks(w, 1) })
			can = append(can, func() { m.breaks(w, 0) }, func() { m.breaks(w, 1) })
		}
	}
	for side := range 2 {
		if len(m.link[side]) > 0 {
			can = append(can, func() { m.message(side) })
		}
		if faults {
			for name := range ordered(m.due[side]) {
				can = append(can, func() { m.tick(side, name) })
			}
		}
	}
	if faults {
		can = append(can, m.linkLost)
	}
	if len(can) == 0 {
		return false
	}
	can[rapid.IntRange(0, len(can)-1).Draw(m.t, "event")]()
	return true
}

// breaks lets a side's end break. What it has sent may still arrive.
func (m *model) breaks(w *wire, side int) {
	if w.open[side] {
		w.open[side], w.to[side] = false, nil
		m.ends(w, side)
	}
}

func (m *model) message(side int) {
	a := m.link[side][0]
	m.link[side] = m.link[side][1:]
	if a.Do == AskBack {
		m.do(side, m.m[side].DialBack(a.Name))
		return
	}
	actions, err := m.m[side].Await(m.now, a.Name, time.Minute)
	if err != nil {
		m.t.Fatalf("%v is refused: %v", a.Name, err)
	}
	m.do(side, actions)
	other := 1 - side // the echo
	m.do(other, m.m[other].Arrived(Name{nodeOf(side), a.Name.ID}))
}

func (m *model) linkLost() {
	m.link = [2][]Action{}
	for side := range 2 {
		for i := range m.names {
			m.do(side, m.m[side].LinkLost(Name{nodeOf(1 - side), fmt.Sprint(i)}, errors.New("link")))
		}
	}
}

// tick lets a timer fire, or the program lose interest.
func (m *model) tick(side int, name Name) {
	switch rapid.IntRange(0, 4).Draw(m.t, "timer") {
	case 0:
		m.now += time.Hour
	case 1:
		delete(m.due[side], name)
		m.ended[side][id(name)] = true
		m.do(side, m.m[side].Cancel(name))
		return
	default:
		m.now += DialInterval
	}
	m.do(side, m.m[side].Tick(m.now, name))
}

// ordered yields the keys in a fixed order.
func ordered(set map[Name]bool) func(func(Name) bool) {
	return func(yield func(Name) bool) {
		for _, node := range []string{"a", "b"} {
			for i := range 8 {
				if n := (Name{node, fmt.Sprint(i)}); set[n] && !yield(n) {
					return
				}
			}
		}
	}
}

func TestBothSidesTakeTheSameConnectionOrNone(t *testing.T) {
	met := map[string]int{}
	check := func(t *rapid.T) {
		m := &model{t: t, ours: rapid.Bool().Draw(t, "both ours")}
		for side := range 2 {
			m.m[side] = NewMachine()
			m.due[side], m.taken[side], m.ended[side] = map[Name]bool{}, map[string]*wire{}, map[string]bool{}
		}
		m.m[1].Yield = !m.ours // b plays the original
		for range rapid.IntRange(1, 3).Draw(t, "connections") {
			side := rapid.IntRange(0, 1).Draw(t, "initiator")
			m.do(side, m.m[side].Open(m.now, Name{nodeOf(1 - side), fmt.Sprint(m.names)}, 20*time.Second))
			m.names++
		}
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			m.step(rapid.IntRange(0, 5).Draw(t, "fault") == 0)
		}
		for m.step(false) {
		}
		for side := range 2 { // what still waits has its time-out
			m.now += 2 * time.Hour
			for name := range ordered(m.due[side]) {
				m.do(side, m.m[side].Tick(m.now, name))
			}
		}
		for m.step(false) {
		}
		for i := range m.names {
			a, b := m.taken[0][fmt.Sprint(i)], m.taken[1][fmt.Sprint(i)]
			switch {
			case a != nil && b != nil && a != b:
				t.Fatalf("connection %d: the two sides have taken different ones", i)
			case a != nil && a == b:
				met["both"]++
			case a != nil || b != nil:
				if w := cmpWire(a, b); w.open[0] && w.open[1] {
					t.Fatalf("connection %d: one side has taken what the other one hasn't, and isn't told", i)
				}
				met["one, and it has ended"]++
			default:
				met["none"]++
			}
		}
		for side := range 2 {
			for _, w := range m.wires {
				if w.open[side] && w.open[1-side] && m.taken[side][id(w.name[side])] != w && w.number[side] != 0 && !m.waits(w) {
					t.Fatalf("a connection is left open at %s", nodeOf(side))
				}
			}
			if ends, _ := m.m[side].Len(); ends > 0 {
				t.Fatalf("%d ends are left at %s", ends, nodeOf(side))
			}
			if n := len(m.m[side].awaited); n > 0 {
				t.Fatalf("%d nodes are awaited at %s", n, nodeOf(side))
			}
		}
	}
	outcomes := []string{"both", "one, and it has ended", "none"}
	isMissing := func(what string) bool { return met[what] == 0 }
	for range 50 { // few cases, as with -short, seldom have all
		rapid.Check(t, check)
		if t.Failed() || !slices.ContainsFunc(outcomes, isMissing) {
			return
		}
	}
	t.Errorf("never met one of %q, but only %v", outcomes, met)
}

// waits: both sides wait for the other one's proof, until the handshake's time is up.
func (m *model) waits(w *wire) bool { return !w.proved[0] || !w.proved[1] }

func cmpWire(a, b *wire) *wire {
	if a != nil {
		return a
	}
	return b
}
