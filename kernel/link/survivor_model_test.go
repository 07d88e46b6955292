package link

import "fmt"

// The model: two nodes, a and b, with a Survivor each (or the original instead of
// b), and connections between them that deliver in order, each at its own pace.
// Whatever happens is one event chosen from those that could happen next.
// Connections break with or without notice, nodes restart, probes time out too
// early; but only so often. In the end exactly one connection must be the link of
// both, and at no time may a rule be broken.

// parcel is what a connection carries.
type parcel string

const (
	greet parcel = "greeting"
	proof parcel = "proof"
	ping  parcel = "ping"
	pong  parcel = "pong"
	fin   parcel = "end"
)

// wire is a connection. Each array is indexed by the side.
type wire struct {
	to       [2][]parcel // on the way to the side
	open     [2]bool
	instance [2]int
	dead     bool // loses everything; an open end notices some time
	proved   [2]bool
	known    [2]bool // Ready was called
	held     [2]bool // verified, and not read
}

// peerModel is one of the two nodes.
type peerModel interface {
	greeted(conn int)
	verified(conn int)
	lost(conn int)
	link() int // -1: none
	restart()
}

type model struct {
	pick    func(n int) int
	wires   []*wire
	node    [2]peerModel
	ours    [2]*ourModel // nil where the original is
	process [2]int       // instance
	extends bool         // both are ours
	ups     [2]int
	breaks  int // how many times may a connection break or a node restart
	dials   int
	hasty   int // how many probes may fail without reason
	log     func(format string, args ...any)
}

// broken is what a run panics with when a rule is broken.
type broken string

func (m *model) check(ok bool, format string, args ...any) {
	if !ok {
		panic(broken(fmt.Sprintf(format, args...)))
	}
}

func (m *model) send(conn, from int, p parcel) {
	w := m.wires[conn]
	if w.open[from] && !w.dead && w.open[1-from] {
		w.to[1-from] = append(w.to[1-from], p)
	}
}

// hangUp closes a side's end.
func (m *model) hangUp(conn, side int) {
	m.send(conn, side, fin)
	w := m.wires[conn]
	w.open[side], w.to[side] = false, nil
}

func (m *model) dial() {
	m.wires = append(m.wires, &wire{
		to:       [2][]parcel{{greet}, {greet}},
		open:     [2]bool{true, true},
		instance: m.process,
	})
	m.log("dial %d", len(m.wires)-1)
}

// ourModel executes what a Survivor wants.
type ourModel struct {
	m       *model
	side    int
	yield   bool
	s       *Survivor
	barrier bool // monitors are firing
	probing bool
}

func (o *ourModel) restart() {
	names := [2]string{"a", "b"}
	o.s = NewSurvivor(names[o.side], names[1-o.side])
	o.s.Yield = o.yield
	o.barrier, o.probing = false, false
}

func (o *ourModel) link() int {
	if conn, ok := o.s.Link(); ok {
		return conn
	}
	return -1
}

func (o *ourModel) greeted(conn int) {
	w := o.m.wires[conn]
	w.known[o.side] = true
	instance := ""
	if o.m.extends {
		instance = fmt.Sprint(w.instance[1-o.side])
	}
	o.do(o.s.Ready(conn, o.m.extends, instance))
}

func (o *ourModel) verified(conn int) {
	o.m.wires[conn].held[o.side] = true
	o.do(o.s.Verified(conn))
}

func (o *ourModel) lost(conn int) {
	if !o.m.wires[conn].known[o.side] {
		return
	}
	if o.link() == conn {
		o.barrier, o.probing = true, false
	}
	o.do(o.s.Lost(conn))
}

func (o *ourModel) do(actions []Action) {
	m := o.m
	for i, a := range actions {
		m.log("    %c: %s", 'a'+o.side, describe(a))
		w := m.wires[a.Conn]
		m.check(w.open[o.side], "%v on a closed connection %d", a.Do, a.Conn)
		switch a.Do {
		case SendProof:
			m.check(!w.proved[o.side], "second proof on %d", a.Conn)
			if link := o.link(); link >= 0 && link != a.Conn {
				m.check(w.instance[1-o.side] == m.wires[link].instance[1-o.side] || !m.extends,
					"proved to another process on %d while %d is the link", a.Conn, link)
			}
			if o.decides() {
				m.check(i+1 < len(actions) && actions[i+1] == Action{Do: Up, Conn: a.Conn}, "the decider proved itself on %d without taking it", a.Conn)
			}
			w.proved[o.side] = true
			m.send(a.Conn, o.side, proof)
		case Up:
			m.check(!o.barrier, "%d up while monitors fire", a.Conn)
			m.check(w.held[o.side] && w.proved[o.side], "%d up without proofs", a.Conn)
			w.held[o.side] = false
			m.ups[o.side]++
		case Close:
			m.check(a.Conn != o.link(), "the link %d closed as a candidate", a.Conn)
			m.hangUp(a.Conn, o.side)
		case TakeDown:
			o.barrier, o.probing = true, false
			m.hangUp(a.Conn, o.side)
		case Probe:
			m.check(a.Conn == o.link(), "probe on %d, which isn't the link", a.Conn)
			o.probing = true
			m.send(a.Conn, o.side, ping)
		}
	}
	for conn, w := range m.wires {
		waits := w.held[o.side] || w.known[o.side] && !w.proved[o.side] && !o.decides()
		m.check(!waits || o.link() >= 0 || o.barrier || !w.open[o.side], "%d waits for nothing", conn)
	}
}

func (o *ourModel) decides() bool { return !o.yield && (o.side == 0 || !o.m.extends) }

// perlModel does what the original does (protocol 2.4, 2.5): it proves itself at
// once, refuses a node that it is connected to, and is connected to whoever has
// proved itself last.
type perlModel struct {
	m    *model
	conn int
}

func (p *perlModel) restart()  { p.conn = -1 }
func (p *perlModel) link() int { return p.conn }

func (p *perlModel) greeted(conn int) {
	if p.conn >= 0 {
		p.m.hangUp(conn, 1)
		return
	}
	p.m.wires[conn].proved[1] = true
	p.m.send(conn, 1, proof)
}

func (p *perlModel) verified(conn int) {
	if p.conn >= 0 {
		p.m.hangUp(p.conn, 1)
	}
	p.conn = conn
	p.m.ups[1]++
}

func (p *perlModel) lost(conn int) {
	if conn == p.conn {
		p.conn = -1
	}
}

// deliver gives a side the next parcel of a connection.
func (m *model) deliver(conn, side int) {
	w := m.wires[conn]
	p := w.to[side][0]
	w.to[side] = w.to[side][1:]
	m.log("%s arrives at %c on %d", p, 'a'+side, conn)
	switch p {
	case greet:
		m.node[side].greeted(conn)
	case proof:
		m.node[side].verified(conn)
	case ping:
		m.send(conn, side, pong)
	case pong:
		if o := m.ours[side]; o.probing && o.link() == conn {
			o.probing = false
			o.do(o.s.ProbeAnswered())
		}
	case fin:
		m.hangUp(conn, side)
		m.node[side].lost(conn)
	}
}

// events are all that could happen next. must are those that happen some time,
// may those that happen only so often.
func (m *model) events() (must, may []func()) {
	for conn, w := range m.wires {
		for side := range 2 {
			if !w.open[side] || w.held[side] {
				continue // closed, or not read
			}
			if len(w.to[side]) > 0 {
				must = append(must, func() { m.deliver(conn, side) })
			}
			if w.dead {
				must = append(must, func() { m.notice(conn, side) })
			}
		}
		if m.breaks > 0 && !w.dead && w.open[0] && w.open[1] {
			may = append(may, func() { m.breakOff(conn) })
		}
	}
	for side, o := range m.ours {
		if o != nil && o.barrier {
			must = append(must, func() { m.idle(side) })
		}
		if o != nil && o.probing && m.hasty > 0 {
			may = append(may, func() { m.hasty--; m.unanswered(side) })
		}
		if m.breaks > 0 {
			may = append(may, func() { m.restart(side) })
		}
	}
	if m.dials > 0 {
		may = append(may, func() { m.dials--; m.dial() })
	}
	return must, may
}

func (m *model) notice(conn, side int) {
	m.log("%c notices that %d is dead", 'a'+side, conn)
	m.hangUp(conn, side)
	m.node[side].lost(conn)
}

func (m *model) breakOff(conn int) {
	m.log("%d dies", conn)
	m.breaks--
	w := m.wires[conn]
	w.dead, w.to = true, [2][]parcel{}
}

func (m *model) idle(side int) {
	m.log("%c is idle", 'a'+side)
	o := m.ours[side]
	o.barrier = false
	o.do(o.s.Idle())
}

func (m *model) unanswered(side int) {
	m.log("%c waits no longer for an answer", 'a'+side)
	o := m.ours[side]
	o.probing = false
	o.do(o.s.ProbeFailed())
}

// restart ends a node's process. Its system may close the connections, or the
// machine may be gone.
func (m *model) restart(side int) {
	crash := m.pick(2) == 0
	m.log("%c restarts (crash: %v)", 'a'+side, crash)
	m.breaks--
	for conn, w := range m.wires {
		if !w.open[side] {
			continue
		}
		m.hangUp(conn, side)
		if crash {
			w.dead, w.to = true, [2][]parcel{}
		}
	}
	m.process[side]++
	m.node[side].restart()
}

// run lets things happen until nothing happens any more, and then checks that
// the two are linked.
func (m *model) run() {
	for range 12 { // dials that the end takes at most
		for {
			must, may := m.events()
			all := append(must, may...)
			if len(all) == 0 && !m.timeOut() {
				break
			}
			if len(all) > 0 {
				all[m.pick(len(all))]()
			}
		}
		if m.linked() {
			return
		}
		m.dial()
	}
	m.check(false, "never linked: a has %d, b has %d", m.node[0].link(), m.node[1].link())
}

// timeOut lets a probe fail that nothing can answer any more.
func (m *model) timeOut() bool {
	for side, o := range m.ours {
		if o != nil && o.probing {
			m.unanswered(side)
			return true
		}
	}
	return false
}

func (m *model) linked() bool {
	conn := m.node[0].link()
	if conn < 0 || m.node[1].link() != conn {
		return false
	}
	w := m.wires[conn]
	m.check(!w.dead && w.open[0] && w.open[1], "linked by a dead connection %d", conn)
	for other, w := range m.wires {
		m.check(other == conn || !w.open[0] && !w.open[1], "%d is left over", other)
	}
	for side, o := range m.ours {
		m.check(o == nil || len(o.s.candidates) == 0, "%c has candidates left", 'a'+side)
	}
	return true
}
