package merge

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

func TestAStampIsMicrosecondsOfTheWallClock(t *testing.T) {
	var c Clock
	if got, want := c.Now(noon), Stamp(noon.UnixMicro()); got != want {
		t.Errorf("Now is %d, want %d", got, want)
	}
}

func TestStampsIncreaseThoughTheWallClockGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c Clock
		var last Stamp
		for range 50 {
			wall := noon.Add(time.Duration(rapid.Int64Range(-1e6, 1e6).Draw(t, "µs")) * time.Microsecond)
			if rapid.Bool().Draw(t, "see") {
				seen := Stamp(rapid.Int64Range(-1e6, 1e6).Draw(t, "seen") + noon.UnixMicro())
				c.See(seen, wall)
				last = max(last, seen)
			}
			now := c.Now(wall)
			if now <= last {
				t.Fatalf("%d after %d", now, last)
			}
			last = now
		}
	})
}

func TestAStampFromTooFarAheadIsIgnored(t *testing.T) {
	for _, tt := range []struct {
		name  string
		ahead time.Duration
		want  time.Duration
	}{
		{"behind", -time.Second, 0},
		{"a little ahead", time.Second, time.Second + time.Microsecond},
		{"an hour ahead", time.Hour, time.Hour + time.Microsecond},
		{"more than an hour ahead", time.Hour + time.Microsecond, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var c Clock
			c.See(Stamp(noon.Add(tt.ahead).UnixMicro()), noon)
			if got, want := c.Now(noon), Stamp(noon.Add(tt.want).UnixMicro()); got != want {
				t.Errorf("Now is %d, want %d", got, want)
			}
		})
	}
}

func TestThereAreStampsEvenBefore1970(t *testing.T) {
	var c Clock
	old := time.Unix(-1e6, 0)
	if one, two := c.Now(old), c.Now(old); one != 1 || two != 2 {
		t.Errorf("got %d and %d", one, two)
	}
}
