package dataconn

import (
	"net/netip"
	"slices"
	"time"
)

// A Machine brings about raw connections with other nodes, those that were opened here
// and those that others have announced. It does no I/O and has no clock: each input
// says what happened, most of them when, and returns what to do now. An end
// is over with Take, Fail or Cancel; then nothing more is asked for it.
type Machine struct {
	// Yield makes it behave like the original, which decides nothing: it proves
	// itself at once.
	Yield bool

	ends    map[Name]*end
	awaited map[string]int // how many, by node
	conns   map[int]*conn
	last    int
	out     []Action // of the running input
}

// stage is what an end waits for.
type stage uint8

const (
	announcing stage = iota // opened here, and the announcement is on its way
	awaiting                // the other side is to dial
	finding                 // the other side's addresses are looked up
	dialling
)

// end is one of the two sides of a raw connection that is being made.
type end struct {
	name    Name
	opened  bool // here; otherwise it was announced to us
	stage   stage
	timeout time.Duration
	until   time.Duration
	addrs   []netip.AddrPort // still to be dialled
	dialAt  time.Duration    // when the next one is due
	dials   []int            // those that run
	tried   int
	last    error // of a dial
	lost    error // of the link
}

// conn is a connection in its handshake.
type conn struct {
	name     Name
	dialled  bool
	decides  bool // our proof comes second
	original bool // an original knows of it
}

// NewMachine makes a machine that knows of no connection.
func NewMachine() *Machine {
	return &Machine{ends: map[Name]*end{}, awaited: map[string]int{}, conns: map[int]*conn{}}
}

// Len is how many ends wait for their connection, and how many connections are in their
// handshakes.
func (m *Machine) Len() (ends, conns int) { return len(m.ends), len(m.conns) }

// Open begins a connection with a node. The ID is new.
func (m *Machine) Open(now time.Duration, name Name, timeout time.Duration) []Action {
	m.add(now, &end{name: name, opened: true, stage: announcing, timeout: timeout})
	m.do(Action{Do: Announce, Name: name})
	return m.finish()
}

// Await begins the other end: the node has announced the connection. The error, an *Error, refuses it.
func (m *Machine) Await(now time.Duration, name Name, timeout time.Duration) ([]Action, error) {
	switch {
	case m.ends[name] != nil:
		return nil, &Error{Kind: InUse, Node: name.Node}
	case m.awaited[name.Node] >= MaxAwaited:
		return nil, &Error{Kind: TooMany, Node: name.Node}
	}
	m.awaited[name.Node]++
	m.add(now, &end{name: name, stage: awaiting, timeout: timeout})
	return m.finish(), nil
}

func (m *Machine) add(now time.Duration, e *end) {
	e.until = now + e.timeout
	m.ends[e.name] = e
	m.setTimer(e)
}

// Arrived: what was sent behind the announcement has come back.
func (m *Machine) Arrived(name Name) []Action {
	if e := m.ends[name]; e != nil && e.stage == announcing {
		m.find(e)
	}
	return m.finish()
}

// DialBack: the node asks us to dial it.
func (m *Machine) DialBack(name Name) []Action {
	if e := m.ends[name]; e != nil && !e.opened && e.stage == awaiting {
		m.find(e)
	}
	return m.finish()
}

func (m *Machine) find(e *end) {
	e.stage = finding
	m.do(Action{Do: Find, Name: e.name})
}

// Found answers Find; no addresses: the node has no listeners, or nobody knows them.
func (m *Machine) Found(now time.Duration, name Name, addrs []netip.AddrPort) []Action {
	e := m.ends[name]
	if e == nil || e.stage != finding {
		return nil
	}
	if len(addrs) == 0 {
		m.exhausted(e, &Error{Kind: NoListeners, Node: name.Node})
		return m.finish()
	}
	e.stage = dialling
	e.addrs = slices.Clone(addrs[:min(len(addrs), MaxAddresses)])
	m.dial(now, e)
	return m.finish()
}

// dial tries the next address.
func (m *Machine) dial(now time.Duration, e *end) {
	addr := e.addrs[0]
	e.addrs = e.addrs[1:]
	e.tried++
	e.dialAt = now + DialInterval
	number := m.newConn(&conn{name: e.name, dialled: true})
	e.dials = append(e.dials, number)
	m.do(Action{Do: Dial, Name: e.name, Addr: addr, Conn: number})
	m.setTimer(e)
}

func (m *Machine) setTimer(e *end) {
	at := e.until
	if len(e.addrs) > 0 {
		at = min(at, e.dialAt)
	}
	m.do(Action{Do: SetTimer, Name: e.name, At: at})
}

func (m *Machine) newConn(c *conn) (number int) {
	m.last++
	m.conns[m.last] = c
	return m.last
}

// exhausted: there is no way to the other node. Perhaps there is one from it.
func (m *Machine) exhausted(e *end, err error) {
	switch {
	case !e.opened:
		m.fail(e, err)
	case e.lost != nil:
		m.fail(e, &Error{Kind: LinkLost, Node: e.name.Node, Err: e.lost})
	default:
		e.stage = awaiting
		m.do(Action{Do: AskBack, Name: e.name})
	}
}

// LinkLost: the link with the node is gone, and perhaps what an end that was opened here
// has sent on it.
func (m *Machine) LinkLost(name Name, err error) []Action {
	e := m.ends[name]
	if e == nil || !e.opened {
		return nil
	}
	e.lost = err
	if e.stage == announcing || e.stage == awaiting {
		m.fail(e, &Error{Kind: LinkLost, Node: name.Node, Err: err})
	}
	return m.finish()
}

// Tick answers SetTimer.
func (m *Machine) Tick(now time.Duration, name Name) []Action {
	e := m.ends[name]
	switch {
	case e == nil:
		return nil
	case now >= e.until:
		m.fail(e, &Error{Kind: TimedOut, Node: name.Node, After: e.timeout, Tried: e.tried, Err: e.last})
	case len(e.addrs) > 0 && now >= e.dialAt:
		m.dial(now, e)
	default: // it was early
		m.setTimer(e)
	}
	return m.finish()
}

// Accepted gives a number to a connection whose greeting has this name.
func (m *Machine) Accepted(name Name) (number int) { return m.newConn(&conn{name: name}) }

// Ready: our proof could be sent on the connection. ours says that the peer has our
// extensions of the protocol.
func (m *Machine) Ready(number int, ours bool) []Action {
	c := m.conns[number]
	if c == nil {
		return nil
	}
	c.decides = !m.Yield && !(c.dialled && ours)
	c.original = !ours
	if !c.decides {
		m.do(Action{Do: Prove, Name: c.name, Conn: number})
	}
	return m.finish()
}

// Verified: the peer has proved itself on the connection, which is taken or closed.
func (m *Machine) Verified(number int) []Action {
	c := m.conns[number]
	if c == nil {
		return nil
	}
	delete(m.conns, number)
	e := m.ends[c.name]
	if e == nil || !c.dialled && e.stage != awaiting {
		m.do(Action{Do: Close, Name: c.name, Conn: number, Err: ErrUnknown})
		return m.finish()
	}
	if c.decides {
		m.do(Action{Do: Prove, Name: c.name, Conn: number})
	}
	m.do(Action{Do: Take, Name: c.name, Conn: number})
	m.spare(e)
	m.remove(e)
	return m.finish()
}

// Ended: a connection that wasn't taken has ended.
func (m *Machine) Ended(now time.Duration, number int, err error) []Action {
	c := m.conns[number]
	if c == nil {
		return nil
	}
	delete(m.conns, number)
	if c.dialled {
		m.dialFailed(now, m.ends[c.name], number, err)
	}
	return m.finish()
}

// dialFailed: when no dial is left there is nothing to wait for.
func (m *Machine) dialFailed(now time.Duration, e *end, number int, err error) {
	e.dials = slices.DeleteFunc(e.dials, func(n int) bool { return n == number })
	e.last = err
	switch {
	case len(e.dials) > 0:
	case len(e.addrs) > 0:
		m.dial(now, e)
	default:
		m.exhausted(e, &Error{Kind: Unreachable, Node: e.name.Node, Tried: e.tried, Err: err})
	}
}

// Cancel: nobody wants the connection any more.
func (m *Machine) Cancel(name Name) []Action {
	if e := m.ends[name]; e != nil {
		m.remove(e)
	}
	return m.finish()
}

func (m *Machine) fail(e *end, err error) {
	m.remove(e)
	m.do(Action{Do: Fail, Name: e.name, Err: err})
}

// spare leaves an original the connections that it knows of: to it the end of any of them is that of the
// attempt, and it might see it before our proof on the one that is taken. They
// run into the time-out of the handshake.
func (m *Machine) spare(e *end) {
	for _, number := range e.dials {
		if c := m.conns[number]; c != nil && c.original {
			delete(m.conns, number)
		}
	}
}

// remove forgets an end, and closes what was dialled for it.
func (m *Machine) remove(e *end) {
	delete(m.ends, e.name)
	if !e.opened {
		if m.awaited[e.name.Node]--; m.awaited[e.name.Node] == 0 {
			delete(m.awaited, e.name.Node)
		}
	}
	for _, number := range e.dials {
		if m.conns[number] != nil {
			delete(m.conns, number)
			m.do(Action{Do: Close, Name: e.name, Conn: number, Err: ErrNotNeeded})
		}
	}
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

// finish hands over what is to be done.
func (m *Machine) finish() []Action {
	out := m.out
	m.out = nil
	return out
}
