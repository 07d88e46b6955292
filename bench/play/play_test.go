package play

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// record takes what is said, instead of the harness.
type record struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (r *record) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(b)
}

// lines are what has been said so far.
func (r *record) lines(t *testing.T) (all []Line) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	for d := json.NewDecoder(&r.text); d.More(); {
		var l Line
		if err := d.Decode(&l); err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	return all
}

func listen(t *testing.T) *record {
	r := &record{}
	out = r
	t.Cleanup(func() { out = os.Stdout })
	return r
}

func TestTheChecksumDependsOnContentAndOrder(t *testing.T) {
	fold := func(numbers []int64, text string) (sum uint32) {
		for _, n := range numbers {
			sum = Fold(sum, n, text)
		}
		return sum
	}
	text := Text(32)
	if text != "0123456789abcdef0123456789abcdef" {
		t.Fatal(text)
	}
	want := Checksum(4, text)
	if want != 0x16cb6dc2 {
		t.Errorf("%#x isn't what children in other languages come to", want)
	}
	if fold([]int64{1, 2, 3, 4}, text) != want {
		t.Error("the same messages have another checksum")
	}
	for name, sum := range map[string]uint32{
		"order": fold([]int64{1, 3, 2, 4}, text), "loss": fold([]int64{1, 2, 4}, text),
		"length": fold([]int64{1, 2, 3, 4}, text[:16]), "first octet": fold([]int64{1, 2, 3, 4}, "x"+text[1:]),
		"last octet": fold([]int64{1, 2, 3, 4}, text[:31]+"x"), "empty": fold([]int64{1, 2, 3, 4}, ""),
	} {
		if sum == want {
			t.Errorf("%s: no difference", name)
		}
	}
}

func TestAFloodIsCountedBySenderAndReceiver(t *testing.T) {
	heard := listen(t)
	s := Spec{Pairs: 3, Ports: 2, Warm: time.Millisecond, For: 5 * time.Millisecond}
	meters := NewMeters(6)
	text := Text(4)
	err := Flood(s, func(pair, port int, number int64) error {
		meters.Meter(pair*2+port).TakeBytes(number, []byte(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := heard.lines(t)
	if len(lines) != 3 || !lines[0].Begin || lines[1].Result == nil || lines[2].Result == nil {
		t.Fatalf("heard %+v", lines)
	}
	got, sent := lines[1].Result, lines[2].Result
	sum := uint32(0)
	for k, n := range sent.Counts {
		if n == 0 || got.Counts[k] != n {
			t.Errorf("receiver %d got %d of %d", k, got.Counts[k], n)
		}
		sum += Checksum(n, text)
	}
	if len(sent.Counts) != 6 || got.Checksum != sum || got.Disorder != 0 || got.Seconds < 0.004 {
		t.Errorf("sent %+v, got %+v", sent, got)
	}
}

func TestAFloodEndsWithTheFirstError(t *testing.T) {
	listen(t)
	broken := errors.New("broken")
	for _, at := range []int64{Warm, Begin, 1, End} {
		err := Flood(Spec{Pairs: 2, Ports: 1, Warm: time.Millisecond, For: time.Millisecond}, func(pair, port int, number int64) error {
			if number == at && pair == 1 {
				return broken
			}
			return nil
		})
		if !errors.Is(err, broken) {
			t.Errorf("at %d: %v", at, err)
		}
	}
}

func TestAMeterSeesDisorderAndLoss(t *testing.T) {
	for name, numbers := range map[string][]int64{
		"order": {Warm, Begin, 1, 3, 2, End}, "loss": {Warm, Begin, 1, 3, End}, "twice": {Warm, Begin, 1, 1, End},
	} {
		heard := listen(t)
		m := NewMeters(1).Meter(0)
		for _, n := range numbers {
			m.Take(n, "text")
		}
		if lines := heard.lines(t); len(lines) != 2 || lines[1].Result.Disorder == 0 {
			t.Errorf("%s: heard %+v", name, lines)
		}
	}
	heard := listen(t)
	m := NewMeters(1).Meter(0)
	m.Take(Begin, "")
	m.Damaged()
	m.Take(End, "")
	if r := heard.lines(t)[1].Result; r.Disorder != 1 || r.Counts[0] != 0 {
		t.Errorf("damaged: %+v", r)
	}
}

func TestTripsAreTimedInTheirSlots(t *testing.T) {
	heard := listen(t)
	laps := NewLaps(Spec{Links: 2, Depth: 3, For: 20 * time.Millisecond})
	type trip struct {
		lane   *Lane
		number int64
	}
	under := []trip{}
	for k := range 2 {
		for slot := range 3 {
			under = append(under, trip{laps.Lane(k), laps.Lane(k).Send(slot)})
		}
	}
	trips := int64(0)
	for len(under) > 0 {
		now := under[0]
		under = under[1:]
		trips++
		if slot, again := now.lane.Back(now.number); again {
			under = append(under, trip{now.lane, now.lane.Send(slot)})
		}
	}
	lines := heard.lines(t)
	if len(lines) != 2 || !lines[0].Begin || lines[1].Result == nil {
		t.Fatalf("heard %+v", lines)
	}
	r := lines[1].Result
	timed := int64(0)
	for _, l := range r.Laps {
		timed += l.Count
	}
	// Those that were under way at the end aren't timed.
	if r.Disorder != 0 || timed != r.Counts[0] || r.Counts[0] > trips || r.Counts[0] < trips-6 || r.Seconds != 0.02 {
		t.Errorf("%d trips: %+v", trips, r)
	}
}

func TestATripThatComesBackTwiceIsDisorder(t *testing.T) {
	heard := listen(t)
	laps := NewLaps(Spec{Links: 1, Depth: 1, For: 5 * time.Millisecond})
	lane := laps.Lane(0)
	first := lane.Send(0)
	lane.Back(first)
	second := lane.Send(0)
	lane.Back(first)
	for again := true; again; {
		_, again = lane.Back(second)
	}
	lines := heard.lines(t)
	if r := lines[len(lines)-1].Result; r == nil || r.Disorder != 1 {
		t.Errorf("heard %+v", lines)
	}
}

func TestAtAFixedRateTheTimeCountsFromWhenAMessageIsDue(t *testing.T) {
	heard := listen(t)
	const held = 30 * time.Millisecond
	p := NewPaced(Spec{Rate: 1000, Warm: 10 * time.Millisecond, For: 100 * time.Millisecond})
	err := p.Run(func(number int64) error {
		if number == 50 { // the sender is held up, so the next ones are late, too
			for start := time.Now(); time.Since(start) < held; {
			}
		}
		p.Back(number)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	lines := heard.lines(t)
	if len(lines) != 2 || !lines[0].Begin || lines[1].Result == nil {
		t.Fatalf("heard %+v", lines)
	}
	r, late := lines[1].Result, int64(0)
	for _, l := range r.Laps {
		if l.Nanoseconds > int64(held)/2 {
			late += l.Count
		}
	}
	if r.Counts[0] != 100 || r.Disorder != 0 {
		t.Errorf("got %+v", r)
	}
	if late < 14 { // of the 30 that were due while it was held
		t.Errorf("only %d were late by half of the time", late)
	}
}

func TestMessagesAreDueInGroupsIfTheyAreMany(t *testing.T) {
	for _, c := range []struct {
		rate  int
		group int64
		every time.Duration
	}{
		{1000, 1, time.Millisecond}, {10_000, 1, 100 * time.Microsecond}, {100_000, 5, 50 * time.Microsecond}, {1_000_000, 50, 50 * time.Microsecond},
	} {
		p := NewPaced(Spec{Rate: c.rate, For: time.Second})
		if p.group != c.group || p.every != c.every {
			t.Errorf("%d a second: %d each %v", c.rate, p.group, p.every)
		}
		if got := p.due(int64(c.rate)).Sub(p.origin); got != time.Second {
			t.Errorf("%d a second: the last of a second is due after %v", c.rate, got)
		}
		if p.due(1) != p.due(c.group) || p.due(c.group) == p.due(c.group+1) {
			t.Errorf("%d a second: groups aren't due at once", c.rate)
		}
	}
}

func TestTicksComeWhenTheyAreDueOrLater(t *testing.T) {
	const every = 3 * time.Millisecond
	origin := time.Now().Add(-10 * time.Millisecond) // long ago
	ticks, err := newTicks(origin, every)
	if err != nil {
		t.Fatal(err)
	}
	defer ticks.Close()
	first := time.Since(origin)/every + 1
	for k := range time.Duration(3) {
		if err := ticks.wait(); err != nil {
			t.Fatal(err)
		}
		if since := time.Since(origin); since < (first+k)*every {
			t.Errorf("tick %d after %v", k, since)
		}
	}
}

func TestASkipSaysWhy(t *testing.T) {
	if err := Skip("has no %d", 7); !errors.Is(err, ErrSkip) || !strings.HasSuffix(err.Error(), ": has no 7") {
		t.Error(err)
	}
}
