package global

import (
	"log/slog"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

// A Config is what a Machine has to know.
type Config struct {
	// Node is this node's ID.
	Node string
	// Local is what this node itself holds in the database: with at least its own
	// addresses, in 'l. The Machine takes its changes and renews it.
	Local *Local
	// MonitorTimeout is after which time a node that nobody can find is unknown.
	MonitorTimeout time.Duration
	// Quotas bound what each node may hold at this one, if it is global.
	Quotas Quotas
	// Crowded says that no more should be sent to a node for now: its queue is
	// above high water. It is asked within an input.
	Crowded func(node string) bool
}

// A Machine is a node's part in the distributed database (protocol 6), of one that has
// a master as well as of a global one. It does no I/O and has no clock: each input says
// what happened when (in the loop's time, which never goes back), and returns what to do
// now. The actions and all that they lend are valid until the next input; only Failed
// may be called while they are worked off.
type Machine struct {
	config Config
	faults faults
	flaws  merge.Fault // of the store, once this node is global
	stats  Stats

	// store has, in a global node, what all nodes have published; in one with a
	// master, what that has told of the watched families.
	store   *merge.Store
	global  bool
	settle  settling
	peers   map[string]*peer
	watches map[string]*watch
	slave   slave
	hub     hub
	finder  finder
	flushed flushing

	now   time.Duration
	timer time.Duration // when Tick was last asked for; 0: not at all
	input uint64        // counts them

	// Of the running input's message.
	args, origins codec.Args

	// Of the running input. What they hold is lent to the driver.
	out  []Action
	buf  []byte // messages, keys and values
	diff []Difference
}

// NewMachine makes a Machine of a node that isn't global.
func NewMachine(c Config) *Machine {
	c.Quotas = c.Quotas.withDefaults()
	m := &Machine{
		config:  c,
		store:   merge.New(c.Node),
		peers:   make(map[string]*peer),
		watches: make(map[string]*watch),
	}
	m.slave.init()
	m.hub.init()
	m.finder.init()
	m.flushed.init(m)
	return m
}

// begin starts an input.
func (m *Machine) begin(now time.Duration) {
	m.now = now
	m.input++
	m.out, m.diff = m.out[:0], m.diff[:0]
	if m.buf = m.buf[:0]; cap(m.buf) > keptScratch {
		m.buf = nil
	}
}

// finish ends an input.
func (m *Machine) finish() []Action {
	if next := m.due(); next != 0 && next != m.timer {
		m.timer = next
		m.do(Action{Do: SetTimer, At: next})
	}
	return m.out
}

// due is when Tick has to be called next; 0: never.
func (m *Machine) due() time.Duration {
	var next time.Duration
	for _, at := range [...]time.Duration{m.finder.due(), m.hub.due(), m.settle.due()} {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	return next
}

func (m *Machine) do(a Action) { m.out = append(m.out, a) }

func (m *Machine) log(level slog.Level, text, node string, err error) {
	m.do(Action{Do: Log, Node: node, Line: Line{level, text, err}})
}

// Tick answers SetTimer.
func (m *Machine) Tick(now time.Duration) []Action {
	m.begin(now)
	m.timer = 0 // it fired; if it was early it has to be set again
	m.settleLate()
	m.releaseLost()
	m.findLate()
	return m.finish()
}

// NodeUp says that there is a link with the node; ours: it has our extensions.
func (m *Machine) NodeUp(now time.Duration, node string, ours bool) []Action {
	m.begin(now)
	if m.peers[node] == nil {
		p := &peer{node: node, ours: ours}
		m.peers[node] = p
		if m.global {
			m.send(p, m.compose("g_global").message())
		}
		m.seedIsUp(node)
	}
	return m.finish()
}

// NodeDown says that the link is gone.
func (m *Machine) NodeDown(now time.Duration, node string) []Action {
	m.begin(now)
	if p := m.peers[node]; p != nil {
		delete(m.peers, node)
		if m.global {
			m.part(p)
		}
		m.masterIsDown(p)
		m.settled(p)
	}
	return m.finish()
}

// Promote makes the node global, if it isn't.
func (m *Machine) Promote(now time.Duration) []Action {
	m.begin(now)
	m.promote()
	return m.finish()
}

// LocalChanged says that Local has something to take.
func (m *Machine) LocalChanged(now time.Duration) []Action {
	m.begin(now)
	m.slave.unpublished = true
	m.publish()
	return m.finish()
}

// publish passes on what this node itself has changed, a bounded part at a time.
func (m *Machine) publish() {
	switch {
	case m.global:
		m.publishHere(publishBatches)
	case m.slave.master != nil:
		m.pump(m.slave.master)
	}
}

// Room answers AwaitRoom.
func (m *Machine) Room(now time.Duration, node string) []Action {
	m.begin(now)
	if p := m.peers[node]; p != nil {
		p.awaits = false
		m.flush() // what is told is what was flushed
		m.pump(p)
	}
	return m.finish()
}

// Flush ends a turn: it tells what has changed in it. Call it at the end of the turn
// if Dirty says so, and once more in the next turn if Dirty says so again.
func (m *Machine) Flush(now time.Duration) []Action {
	m.begin(now)
	if m.global && m.slave.unpublished {
		m.publishHere(publishBatches)
	}
	m.flush()
	return m.finish()
}

// Dirty says that there is something to Flush.
func (m *Machine) Dirty() bool {
	return m.store.Dirty() || m.flushed.firsts > 0 || m.global && m.slave.unpublished
}

// Global says whether this node is global.
func (m *Machine) Global() bool { return m.global }

// Master is this node's master; "" if there is none, as in a global node.
func (m *Machine) Master() string {
	if m.slave.master == nil {
		return ""
	}
	return m.slave.master.node
}

// Stats counts what the Machine has refused so far.
type Stats struct {
	Unknown   uint64 // messages with a tag that it doesn't know
	Refused   uint64 // entries over a quota, or of somebody else
	Uncarried uint64 // values that a node's framing can't carry
}

// Stats reads the counts.
func (m *Machine) Stats() Stats { return m.stats }
