package global

import (
	"fmt"

	"github.com/aemp-go/aemp/kernel"
)

// A NameError says what is wrong with the name of a family or with a key.
type NameError struct {
	What string // "family" or "key"
	Name string
	Why  string
}

func (e *NameError) Error() string { return fmt.Sprintf("%s %.80q %s", e.What, e.Name, e.Why) }

// A QuotaError says that this node would hold more in the database than it may.
type QuotaError struct {
	Family string // in which something was to be set
	What   string // "families", "keys", or "octets"
	Limit  int
}

func (e *QuotaError) Error() string {
	return fmt.Sprintf("family %s: more %s in the database than the quota of %d", e.Family, e.What, e.Limit)
}

// An EntryError says which entry can't be set because of its value: Err is a
// *codec.ValueError, *codec.LimitError or *codec.SyntaxError.
type EntryError struct {
	Family, Key string
	Err         error
}

func (e *EntryError) Error() string {
	return fmt.Sprintf("value of %s %.80q: %v", e.Family, e.Key, e.Err)
}
func (e *EntryError) Unwrap() error { return e.Err }

// A NoMasterError says that nobody could answer in time: the node has no master,
// since no seed of it is connected, and isn't global itself. It is ErrTimeout, too.
type NoMasterError struct {
	Family string // what was asked for
}

func (e *NoMasterError) Error() string {
	return fmt.Sprintf("family %s: no global node in reach: %v", e.Family, kernel.ErrTimeout)
}
func (e *NoMasterError) Unwrap() error { return kernel.ErrTimeout }
