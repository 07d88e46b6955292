package global

import (
	"iter"
	"time"

	"github.com/aemp-go/aemp/codec"
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
	// Wall is the time of day.
	Wall func() time.Time
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
	out    []Action
}

// A QueryKind is what a query asks for of a family.
type QueryKind uint8

const (
	QueryFamily QueryKind = iota // a map: its keys and values
	QueryKeys                    // a list
	QueryValues                  // a list, in the order of the keys that QueryKeys gives
)

// NewMachine makes a Machine of a node that isn't global.
func NewMachine(c Config) *Machine { return &Machine{config: c} }

// NodeUp says that there is a link with the node; ours: it has our extensions.
func (m *Machine) NodeUp(now time.Duration, node string, ours bool) []Action { return m.out }

// NodeDown says that the link is gone.
func (m *Machine) NodeDown(now time.Duration, node string) []Action { return m.out }

// Message is a message from a node to the node port whose tag begins with g_. It is
// borrowed. An error, a *MessageError, says that it is nonsense and that the link has
// to be ended; there may be actions all the same.
func (m *Machine) Message(now time.Duration, from string, msg codec.Message) ([]Action, error) {
	return m.out, nil
}

// SeedUp says that a node which answers at a seed's address is connected, before or
// after NodeUp. SeedDown says that this is over.
func (m *Machine) SeedUp(now time.Duration, node string) []Action   { return m.out }
func (m *Machine) SeedDown(now time.Duration, node string) []Action { return m.out }

// Promote makes the node global, if it isn't.
func (m *Machine) Promote(now time.Duration) []Action { return m.out }

// LocalChanged says that Local has something to take.
func (m *Machine) LocalChanged(now time.Duration) []Action { return m.out }

// Watch wants to know the contents of a family and its changes, by Changed actions, of
// which the first comes as soon as the contents are known (then First is set). It must not
// be watched already: who else wants to watch it too, can read it if it is Known.
func (m *Machine) Watch(now time.Duration, family string) []Action { return m.out }

// Unwatch ends that.
func (m *Machine) Unwatch(now time.Duration, family string) []Action { return m.out }

// Query asks for a family, which needn't be watched. It is answered once, as soon as
// somebody can answer, unless it is cancelled. No two queries may have the same number.
func (m *Machine) Query(now time.Duration, number uint64, kind QueryKind, family string) []Action {
	return m.out
}

// Cancel forgets a query.
func (m *Machine) Cancel(number uint64) {}

// Find asks for a node's addresses; Found answers, once, soon or late.
func (m *Machine) Find(now time.Duration, node string) []Action { return m.out }

// Room answers AwaitRoom.
func (m *Machine) Room(now time.Duration, node string) []Action { return m.out }

// Failed says that the i-th of the actions that the last input returned, a Send, can't
// be carried by that node's framing. It returns the whole list again, with more at its
// end: a message without what can't be carried. Go on with it after index i.
func (m *Machine) Failed(now time.Duration, i int, err error) []Action { return m.out }

// Tick answers SetTimer.
func (m *Machine) Tick(now time.Duration) []Action { return m.out }

// Flush ends a turn: it tells what has changed in it. Call it, at the end of the turn,
// if Dirty says so after an input.
func (m *Machine) Flush(now time.Duration) []Action { return m.out }

// Dirty says that there is something to Flush.
func (m *Machine) Dirty() bool { return false }

// Global says whether this node is global.
func (m *Machine) Global() bool { return false }

// Master is this node's master; "" if there is none, as in a global node.
func (m *Machine) Master() string { return "" }

// Known says whether a watched family's contents are known. On a global node they
// always are.
func (m *Machine) Known(family string) bool { return false }

// Get, Len and Entries read a family that is Known, as the last Changed told it. What
// they lend is valid until the next input. Entries come in no particular order.
func (m *Machine) Get(family, key string) (value codec.Value, ok bool) { return value, false }
func (m *Machine) Len(family string) int                              { return 0 }
func (m *Machine) Entries(family string) iter.Seq2[[]byte, codec.Value] {
	return func(func([]byte, codec.Value) bool) {}
}

// Stats counts what the Machine has refused so far.
type Stats struct {
	Unknown   uint64 // messages with a tag that it doesn't know
	Refused   uint64 // entries over a quota, or of somebody else
	Uncarried uint64 // values that a node's framing can't carry
}

// Stats reads the counts.
func (m *Machine) Stats() Stats { return Stats{} }
