package kernel

import (
	"fmt"
	"math/big"
	"strings"
)

// maxNodeID bounds a node ID (octets), our own as well as a peer's (protocol 1).
const maxNodeID = 255

// uniqueOctets is the least randomness in a unique string: 96 bits.
const uniqueOctets = 12

// A NodeIDError says why a configured node ID can't be ours.
type NodeIDError struct {
	ID       string // as configured
	Expanded string // what became of it
	Reason   string
}

func (e *NodeIDError) Error() string {
	if e.ID == e.Expanded {
		return fmt.Sprintf("node ID %q: %s", e.ID, e.Reason)
	}
	return fmt.Sprintf("node ID %q, expanded to %q: %s", e.ID, e.Expanded, e.Reason)
}

// ExpandNodeID makes a configured node ID our node ID: %n becomes the host's name,
// every %u and a slash at the end get the unique string (protocol 1). We are
// strict about our own ID: only letters, digits and _ - . : / are allowed.
func ExpandNodeID(id, hostname, unique string) (string, error) {
	pattern := id
	if strings.HasSuffix(pattern, "/") {
		pattern += "%u"
	}
	expanded := strings.NewReplacer("%n", hostname, "%u", unique).Replace(pattern)
	if reason := faultOfOwnID(expanded); reason != "" {
		return "", &NodeIDError{ID: id, Expanded: expanded, Reason: reason}
	}
	return expanded, nil
}

func faultOfOwnID(id string) string {
	if id == "" {
		return "it is empty"
	}
	if len(id) > maxNodeID {
		return fmt.Sprintf("%d octets, more than %d", len(id), maxNodeID)
	}
	for _, c := range id {
		if !allowedInOwnID(c) {
			return fmt.Sprintf("%q isn't allowed, only letters, digits and _ - . : /", c)
		}
	}
	return ""
}

func allowedInOwnID(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		strings.ContainsRune("_-.:/", c)
}

// Unique writes random octets in base 62: all strings of so many octets have the
// same length and hold all of their randomness. It takes at least 12 octets and
// panics with fewer, since two nodes might then get one name.
func Unique(random []byte) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if len(random) < uniqueOctets {
		panic(fmt.Sprintf("kernel: a unique string of %d octets, fewer than %d", len(random), uniqueOctets))
	}
	base := big.NewInt(int64(len(digits)))
	limit := new(big.Int).Lsh(big.NewInt(1), uint(8*len(random))) // one above the greatest
	rest, digit := new(big.Int).SetBytes(random), new(big.Int)
	var text []byte
	for reach := big.NewInt(1); reach.Cmp(limit) < 0; reach.Mul(reach, base) {
		rest.DivMod(rest, base, digit)
		text = append(text, digits[digit.Int64()])
	}
	return string(text)
}
