package kernel

import (
	"strconv"
	"testing"
)

func TestOnlyTheLastSpawnedPortsThatDiedAreRemembered(t *testing.T) {
	n := &Node{id: "n"}
	for i := range 3 * maxObituaries {
		n.obituaries.bury(strconv.Itoa(i), NewReason("die", i))
	}
	if got := len(n.obituaries.reasons); got != maxObituaries {
		t.Errorf("%d are remembered, not %d", got, maxObituaries)
	}
	for i, want := range map[int]string{
		3*maxObituaries - 1: "die",
		2 * maxObituaries:   "die",
		2*maxObituaries - 1: ReasonNoPort,
		0:                   ReasonNoPort,
	} {
		if got := n.fate(strconv.Itoa(i)).Kind(); got != want {
			t.Errorf("port %d: %s, not %s", i, got, want)
		}
	}
}

func TestTheFirstObituaryOfAPortCounts(t *testing.T) {
	n := &Node{id: "n"}
	n.obituaries.bury("p", NewReason("first"))
	n.obituaries.bury("p", NewReason("second"))
	if got := n.fate("p").Kind(); got != "first" {
		t.Error(got)
	}
}
