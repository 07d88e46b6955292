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
