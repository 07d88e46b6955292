package kernel

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestANodeIDIsExpanded(t *testing.T) {
	for id, want := range map[string]string{
		"db":         "db",
		"%n":         "host.example",
		"aemp/%n/":   "aemp/host.example/U7",
		"aemp/%n/%u": "aemp/host.example/U7",
		"%u-%u/":     "U7-U7/U7",
		"a:1_b.c-d":  "a:1_b.c-d",
		"/":          "/U7",
		"%n%n":       "host.examplehost.example",
	} {
		got, err := ExpandNodeID(id, "host.example", "U7")
		if err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", id, got, err, want)
		}
	}
}

func TestANodeIDThatCannotBeOursIsRefused(t *testing.T) {
	for _, c := range []struct{ id, hostname, reason string }{
		{"", "h", "empty"},
		{"%n", "", "empty"},
		{"%x", "h", `'%' isn't allowed`},
		{"a#b", "h", `'#' isn't allowed`},
		{"a;b", "h", `';' isn't allowed`},
		{"a\n", "h", `'\n' isn't allowed`},
		{"Zoë", "h", `'ë' isn't allowed`},
		{"%n", "my host", `' ' isn't allowed`},
		{"%n", "%u", `'%' isn't allowed`}, // what is put in isn't expanded again
		{strings.Repeat("a", 256), "h", "256 octets"},
	} {
		_, err := ExpandNodeID(c.id, c.hostname, "U7")
		var bad *NodeIDError
		if !errors.As(err, &bad) || bad.ID != c.id || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%q on %q: %v; want it to say %q", c.id, c.hostname, err, c.reason)
		}
	}
	if _, err := ExpandNodeID(strings.Repeat("a", 255), "h", "U7"); err != nil {
		t.Errorf("255 octets: %v", err)
	}
}

func TestUniqueStringsKeepAllTheirRandomness(t *testing.T) {
	shape := regexp.MustCompile(`^[0-9A-Za-z]{17}$`)
	for _, octet := range []byte{0x00, 0xff} {
		if text := Unique(bytes.Repeat([]byte{octet}, 12)); !shape.MatchString(text) {
			t.Errorf("12 octets %#x gave %q", octet, text)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOfN(rapid.Byte(), 12, 32)
		a := octets.Draw(t, "a")
		b := rapid.SliceOfN(rapid.Byte(), len(a), len(a)).Draw(t, "b")
		ua, ub := Unique(a), Unique(b)
		if len(ua) != len(ub) || (ua == ub) != bytes.Equal(a, b) {
			t.Fatalf("%x gave %q, %x gave %q", a, ua, b, ub)
		}
	})
}

func TestAUniqueStringOfTooFewOctetsPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two nodes might get one name")
		}
	}()
	Unique(make([]byte, 11))
}
