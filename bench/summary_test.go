package main

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

func TestTheMedianOfAnEvenNumberIsBetweenTheMiddleTwo(t *testing.T) {
	for _, c := range []struct {
		all  []float64
		want *spread
	}{
		{nil, nil},
		{[]float64{3}, &spread{3, 3, 3}},
		{[]float64{9, 1, 5}, &spread{5, 1, 9}},
		{[]float64{9, 1, 5, 7}, &spread{6, 1, 9}},
	} {
		if got := spreadOf(c.all); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%v: %v, not %v", c.all, got, c.want)
		}
	}
}

func TestPercentilesAreOfAllRepetitionsTogether(t *testing.T) {
	runs := []run{
		{Laps: []play.Lap{{Nanoseconds: 100_000, Count: 900}, {Nanoseconds: 500_000, Count: 90}}},
		{Laps: []play.Lap{{Nanoseconds: 2_000_000, Count: 9}, {Nanoseconds: int64(2 * time.Minute), Count: 1}}},
	}
	got := percentiles(merge(runs))
	near := func(got, want int64) bool { return math.Abs(float64(got-want)) < float64(want)/500 }
	if !near(got.P50, 100_000) || !near(got.P90, 100_000) || !near(got.P99, 500_000) || !near(got.P999, 2_000_000) || !near(got.Max, int64(time.Minute)) {
		t.Errorf("%+v", got)
	}
	if merge([]run{{}}) != nil {
		t.Error("there were no times")
	}
}

func TestWhatAHistogramSaysItCanBeMadeOfAgain(t *testing.T) {
	h := merge([]run{{Laps: []play.Lap{{Nanoseconds: 12345, Count: 10}, {Nanoseconds: 67890, Count: 1}}}})
	again := merge([]run{{Laps: bars(h)}})
	if !reflect.DeepEqual(bars(again), bars(h)) || again.TotalCount() != 11 {
		t.Errorf("%v, then %v", bars(h), bars(again))
	}
}

func TestFailedRunsAreInNoFigure(t *testing.T) {
	few, many := uint64(10), uint64(30)
	good := func(messages int64, mallocs *uint64) run {
		return run{Workload: "w", System: "s", Messages: messages, Seconds: 2, CPU: 3, Peak: 100, Mallocs: mallocs}
	}
	got := summarize(play.Spec{Kind: play.OneWay}, []run{good(1e6, &few), {Failure: "hung"}, good(2e6, nil), good(3e6, &many)})
	want := &summary{
		Workload: "w", System: "s", Runs: 3,
		Rate: &spread{1e6, 0.5e6, 1.5e6}, CPU: &spread{1.5, 1, 3}, Mallocs: &spread{10, 10, 10}, Peak: &spread{100, 100, 100},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, wanted %+v", got, want)
	}
	if got := summarize(play.Spec{Kind: play.OneWay}, []run{{Failure: "hung"}}); got != nil {
		t.Errorf("nothing went well, got %+v", got)
	}
}

func TestAStreamIsMeasuredInOctets(t *testing.T) {
	got := summarize(play.Spec{Kind: play.Stream}, []run{{Octets: 2 << 30, Messages: 5, Seconds: 2, CPU: 3}})
	if got.Rate.Median != 1<<30 || got.CPU.Median != 1.5 {
		t.Errorf("%v octets/s, %v s", got.Rate, got.CPU)
	}
}

func TestFiguresOfTheSameNameAreSummedUp(t *testing.T) {
	got := figures([]run{
		{Figures: []play.Figure{{What: "a", Value: 1, Unit: "µs"}, {What: "b", Value: 5, Unit: "/s"}}},
		{Figures: []play.Figure{{What: "a", Value: 3, Unit: "µs"}}},
	})
	want := []figure{{"a", "µs", spread{2, 1, 3}}, {"b", "/s", spread{5, 5, 5}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, wanted %v", got, want)
	}
}
