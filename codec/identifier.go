package codec

import (
	"fmt"
	"strings"
)

// maxID is the greatest length in octets of a node ID (protocol 1).
const maxID = 255

// An IDError says what is wrong with a node ID.
type IDError struct{ ID, What string }

func (e *IDError) Error() string { return fmt.Sprintf("node ID %q %s", e.ID, e.What) }

// ValidNodeID says whether s may be the ID of a node of ours: 1 to 255 of the
// characters A-Z a-z 0-9 _ - . : /
func ValidNodeID(s string) error {
	if err := validLength(s); err != nil {
		return err
	}
	for i := range len(s) {
		switch c := s[i]; {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9':
		case c == '_', c == '-', c == '.', c == ':', c == '/':
		default:
			return &IDError{s, fmt.Sprintf("has %q, which is none of A-Z a-z 0-9 _ - . : /", c)}
		}
	}
	return nil
}

// ValidPeerID says whether s can be the ID of some node: 1 to 255 octets other
// than the ones that would make it ambiguous.
func ValidPeerID(s string) error {
	if err := validLength(s); err != nil {
		return err
	}
	if i := strings.IndexAny(s, "#;\r\n\x00"); i >= 0 {
		return &IDError{s, fmt.Sprintf("has %q", s[i])}
	}
	return nil
}

func validLength(s string) error {
	if s == "" {
		return &IDError{s, "is empty"}
	}
	if len(s) > maxID {
		return &IDError{s[:maxID], fmt.Sprintf("has more than %d octets", maxID)}
	}
	return nil
}

// SplitPortID takes a port ID apart at its first '#'. A node ID alone is the
// node's own port, whose name is "".
func SplitPortID(id string) (node, port string) {
	node, port, _ = strings.Cut(id, "#")
	return node, port
}
