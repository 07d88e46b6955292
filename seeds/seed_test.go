package seeds

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSeedsAreReadWithTheirDefaultPortAndOnce(t *testing.T) {
	got, err := Parse([]string{"a, b:1", "[::1]", "5000,*", "a:4040", "b:*", ""})
	if want := "[a:4040 b:1 [::1]:4040 *:5000 *:4040 b:4040]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("got %v, %v; want %s", got, err, want)
	}
}

// Protocol 1, row "seed ID" and, for the forms of hosts and ports, row "bind".
func TestSeedsHaveTheFormsOfTheProtocol(t *testing.T) {
	for text, want := range map[string]string{
		"db.example:4041":  "[db.example:4041]",
		"db.example":       "[db.example:4040]",
		"db.example:*":     "[db.example:4040]",
		"10.0.0.1:4041":    "[10.0.0.1:4041]",
		"[fd00::1]:4041":   "[[fd00::1]:4041]",
		"[fd00::1]":        "[[fd00::1]:4040]",
		"4041":             "[*:4041]", // this host
		"*":                "[*:4040]",
		"*:4041":           "[*:4041]",
		"a,b:1 , 4041,,c":  "[a:4040 b:1 *:4041 c:4040]",
		"":                 "[]",
		" , ":              "[]",
		"a,a:4040,a:*,A:1": "[a:4040 A:1]",
	} {
		if got, err := Parse([]string{text}); err != nil || fmt.Sprint(got) != want {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"unix/:/tmp/socket", "fd00::1", "a:", "a:0x10", "a:65536", ":4040", "a b"} {
		if got, err := Parse([]string{text}); err == nil {
			t.Errorf("%q is read as %v", text, got)
		}
	}
}

func TestEachBadSeedIsNamed(t *testing.T) {
	_, err := Parse([]string{"a", "::1,b:x"})
	var bad *Error
	if !errors.As(err, &bad) || bad.Seed != "::1" || !strings.Contains(err.Error(), `seed "b:x": port "x" is not a number`) {
		t.Errorf("got %v", err)
	}
}

func TestTooManySeedsAreRefused(t *testing.T) {
	var list []string
	for i := range MaxSeeds {
		list = append(list, fmt.Sprint(i+1))
	}
	if _, err := Parse(list); err != nil {
		t.Errorf("%d: %v", len(list), err)
	}
	if _, err := Parse(append(list, "a")); err == nil || !strings.Contains(err.Error(), "257 of them, more than 256") {
		t.Errorf("one more: %v", err)
	}
}
