package aemp

import (
	"errors"
	"fmt"

	"github.com/aemp-go/aemp/global"
)

// The words of the distributed database. Each is documented where it is defined.
type (
	// DB is the database as this node sees it: Node.DB.
	DB = global.DB
	// Change is what has become different in a family.
	Change = global.Change
	// View is the contents of a family.
	View = global.View
	// Watch is what DB.Watch returns, to be stopped.
	Watch = global.Watch
	// Group sends to one of the ports in a family.
	Group = global.Group
	// GroupOptions is how it chooses among them.
	GroupOptions = global.GroupOptions
	// Pick is that choice: PickRandom, PickRoundRobin, PickLeastRecent.
	Pick = global.Pick
	// DBStatus is what DB.Status tells.
	DBStatus = global.Status
	// QueryKind is what DB.StartQuery asks for: QueryFamily, QueryKeys, QueryValues.
	QueryKind = global.QueryKind
	// Quotas bound what a node may hold in the database.
	Quotas = global.Quotas
)

// How a Group chooses.
const (
	// PickRandom: each member with the same probability.
	PickRandom = global.Random
	// PickRoundRobin: one after the other.
	PickRoundRobin = global.RoundRobin
	// PickLeastRecent: who has the fewest unanswered calls, and hasn't been chosen for longest.
	PickLeastRecent = global.LeastRecent
)

// What a query asks for.
const (
	// QueryFamily: a map of the keys and their values.
	QueryFamily = global.QueryFamily
	// QueryKeys: a list of the keys, in any order.
	QueryKeys = global.QueryKeys
	// QueryValues: a list of the values, in the order in which QueryKeys lists the keys.
	QueryValues = global.QueryValues
)

// ErrNoMember: a group has nobody to send to.
var ErrNoMember = global.ErrNoMember

type (
	// NameError says what is wrong with the name of a family or with a key.
	NameError = global.NameError
	// EntryError says which entry can't be set because of its value.
	EntryError = global.EntryError
	// QuotaError says that this node would hold too much in the database.
	QuotaError = global.QuotaError
	// NoMasterError: no global node was in reach. It is ErrTimeout, too.
	NoMasterError = global.NoMasterError
)

// DB is the distributed database, in which the nodes of the network tell each other what
// there is.
func (n *Node) DB() *DB { return n.db }

func (c *Config) validateQuotas() error {
	q := c.Quotas
	if q.Families < 0 || q.Keys < 0 || q.Octets < 0 {
		return wrong("Quotas", fmt.Sprintf("%+v", q), errors.New("a quota can't be negative"))
	}
	return nil
}
