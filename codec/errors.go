package codec

import "fmt"

// A SyntaxError says that octets are not what a framing allows. The stream they
// came from can't be read any further.
type SyntaxError struct {
	Framing Framing
	Offset  int // of the offending octet: in the value that was checked, or in the Decoder's stream
	What    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("malformed %s at octet %d: %s", e.Framing, e.Offset, e.What)
}

// A LimitError says that something would be, or claims to be, larger than allowed.
type LimitError struct {
	What  string // what was counted, with its unit
	Limit int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("more %s than the limit of %d", e.What, e.Limit)
}

// A ValueError says that a value can't be carried: by one framing, or by none
// (then Framing is Msgpack, the form of a message in memory).
type ValueError struct {
	What    string // e.g. "float NaN", "Go type chan int"
	Framing Framing
}

func (e *ValueError) Error() string {
	return fmt.Sprintf("%s can't be carried by %s", e.What, e.Framing)
}

// An AccessError says that a message or value isn't what its reader asked for.
type AccessError struct {
	Index int       // which element of the list, from 0; -1 for a value by itself
	Want  string    // what was asked for
	Have  ValueKind // what is there; Missing if the list ended before
}

func (e *AccessError) Error() string {
	if e.Index < 0 {
		return fmt.Sprintf("want %s, have %s", e.Want, e.Have)
	}
	return fmt.Sprintf("element %d: want %s, have %s", e.Index, e.Want, e.Have)
}

func valueError(v Value, want string) error {
	return &AccessError{Index: -1, Want: want, Have: v.Kind()}
}
