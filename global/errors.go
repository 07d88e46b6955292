package global

import (
	"fmt"
	"unicode/utf8"

	"github.com/aemp-go/aemp/codec"
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

// checkFamily says whether programs may use the name (protocol 6).
func checkFamily(name string) error {
	switch {
	case name == "":
		return &NameError{"family", name, "is empty"}
	case len(name) > MaxFamily:
		return &NameError{"family", name, fmt.Sprintf("has more than %d octets", MaxFamily)}
	case !letter(name[0]):
		return &NameError{"family", name, "doesn't begin with a letter"}
	}
	for _, c := range []byte(name) {
		if !letter(c) && c != '_' && c != ':' && (c < '0' || c > '9') {
			return &NameError{"family", name, fmt.Sprintf("has %q, which is none of A-Z a-z 0-9 _ :", c)}
		}
	}
	return nil
}

// checkReadable says whether a family may be read: programs' ones and the internal ones,
// whose names begin with an apostrophe.
func checkReadable(name string) error {
	if len(name) > 1 && name[0] == '\'' {
		name = name[1:]
	}
	return checkFamily(name)
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// checkKey says whether a program may use the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return &NameError{"key", key, "is empty"}
	case len(key) > MaxKey:
		return &NameError{"key", key, fmt.Sprintf("has more than %d octets", MaxKey)}
	case !utf8.ValidString(key):
		return &NameError{"key", key, "is not UTF-8"}
	}
	return nil
}

// appendValue appends a value's encoding, if it can be stored and sent to any node.
// After an error b comes back as it was.
func appendValue(b []byte, family, key string, value any) ([]byte, error) {
	at := len(b)
	b, err := codec.AppendArgs(b, []any{value})
	if err == nil {
		err = codec.Check(b[at:], valueLimits)
	}
	if err == nil {
		err = codec.Fits(b[at:], framings, codec.DefaultLimits)
	}
	if err != nil {
		return b[:at], &EntryError{family, key, err}
	}
	return b, nil
}
