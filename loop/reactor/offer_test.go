package reactor

import (
	"testing"
	"time"
)

func TestWhoOffersLittleToOneConnectionAfterAnotherIsReferredToTheLoop(t *testing.T) {
	a, b := new(conn), new(conn)
	var o offers
	steps := []struct {
		to    *conn
		pause time.Duration // since the step before
		want  bool
	}{
		{a, time.Second, true},
		{a, 1, true}, // how often one connection is written to, its user decides
		{b, 1, false},
		{b, offerPause, false}, // attempts count
		{b, offerPause + 1, true},
		{b, 1, true},
		{a, 1, false},
		{b, 1, true},
	}
	now := time.Duration(0)
	for i, s := range steps {
		now += s.pause
		if got := o.allow(s.to, now); got != s.want {
			t.Errorf("step %d: %v, want %v", i, got, s.want)
		}
	}
}
