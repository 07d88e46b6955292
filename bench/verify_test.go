package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

func TestOnlyWhatHasAllArrivedInOrderIsRight(t *testing.T) {
	flood := text32(play.Spec{Kind: play.OneWay, Pairs: 2})
	sum := play.Checksum(5, play.Text(32)) + play.Checksum(7, play.Text(32))
	sent := &play.Result{Counts: []int64{5, 7}}
	got := func(change func(*play.Result)) *play.Result {
		r := &play.Result{Counts: []int64{5, 7}, Checksum: sum, Seconds: 1, Octets: 100, Laps: []play.Lap{{Nanoseconds: 9, Count: 12}}}
		change(r)
		return r
	}
	trips := text32(play.Spec{Kind: play.PingPong})
	paced := text32(play.Spec{Kind: play.PingPong, Rate: 12, For: time.Second})
	stream := one(play.Spec{Kind: play.Stream})
	idle := one(play.Spec{Kind: play.Idle})
	for _, c := range []struct {
		name   string
		spec   play.Spec
		sent   *play.Result
		change func(*play.Result)
		wrong  string // empty: it is right
	}{
		{"all of a flood", flood, sent, func(r *play.Result) {}, ""},
		{"one is lost", flood, sent, func(r *play.Result) { r.Counts[1]-- }, "receiver 1 has got 6 messages of 7"},
		{"one came twice", flood, sent, func(r *play.Result) { r.Counts[0]++ }, "receiver 0 has got 6 messages of 5"},
		{"a receiver is missing", flood, sent, func(r *play.Result) { r.Counts = r.Counts[:1] }, "1 of receivers, not 2"},
		{"order", flood, sent, func(r *play.Result) { r.Disorder = 2 }, "2 messages were out of order"},
		{"content", flood, sent, func(r *play.Result) { r.Checksum++ }, "checksum"},
		{"piled up", text32(play.Spec{Kind: play.OneWay, Pairs: 2, For: 2 * time.Second}), sent, func(r *play.Result) {}, "1.000 s of 2s"},
		{"no time", flood, sent, func(r *play.Result) { r.Seconds = 0 }, "no time"},
		{"all trips", trips, nil, func(r *play.Result) {}, ""},
		{"a trip without a time", trips, nil, func(r *play.Result) { r.Counts[0]++ }, "12 round trips of 13"},
		{"trips out of order", trips, nil, func(r *play.Result) { r.Disorder = 1 }, "out of order"},
		{"no trips", trips, nil, func(r *play.Result) { r.Counts, r.Laps = nil, nil }, "nothing was sent"},
		{"the rate", paced, nil, func(r *play.Result) {}, ""},
		{"less than the rate", paced, nil, func(r *play.Result) { r.Counts[0]--; r.Laps[0].Count-- }, "11 round trips, not 12"},
		{"all octets", stream, &play.Result{Octets: 100}, func(r *play.Result) {}, ""},
		{"an octet is lost", stream, &play.Result{Octets: 101}, func(r *play.Result) {}, "100 octets have arrived of 101"},
		{"memory", idle, nil, func(r *play.Result) {}, ""},
		{"no memory", idle, nil, func(r *play.Result) { r.Octets = 0 }, "0 octets of memory"},
	} {
		err := verify(c.spec, c.sent, got(c.change))
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: got %v, wanted %q", c.name, err, c.wrong)
		}
	}
}
