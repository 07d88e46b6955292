package main

import (
	"math"
	"slices"

	"github.com/aemp-go/aemp/bench/play"
)

// A layout is how a workload's summaries are shown.
type layout struct {
	main    measure // what systems are compared by
	low     bool    // the lower, the better
	unit    string  // of the main measure, for plots
	scale   float64 // of that unit
	times   bool    // the plot shows percentiles
	columns []column
}

// A column is one of the table. Its cells may refer to the main measures of all systems.
type column struct {
	head string
	cell func(s *summary, main map[string]float64) string
}

// shown is a column with a measure divided by a unit.
func shown(head string, m measure, unit float64) column {
	return column{head, func(s *summary, _ map[string]float64) string { return digits(m(s) / unit) }}
}

// by is a column with the main measure, by that of another system.
func by(other string) column {
	return column{"by " + other, func(s *summary, main map[string]float64) string {
		of, ok := main[other]
		if !ok {
			return ""
		}
		return digits(main[s.System] / of)
	}}
}

func least(s *spread) float64 {
	if s == nil {
		return math.NaN()
	}
	return s.Least
}

func most(s *spread) float64 {
	if s == nil {
		return math.NaN()
	}
	return s.Most
}

var (
	name = column{"system", func(s *summary, _ map[string]float64) string {
		if s.System == "aemp" {
			return "**aemp**"
		}
		return s.System
	}}
	cpu     = shown("CPU s / M", func(s *summary) float64 { return median(s.CPU) }, 1)
	objects = shown("objects / M", mallocs, 1)
	memory  = shown("peak MiB", func(s *summary) float64 { return median(s.Peak) }, 1<<20)
)

// spreadIn are three columns: the median, the least and the most.
func spreadIn(head string, of func(*summary) *spread, unit float64) []column {
	return []column{
		shown(head, func(s *summary) float64 { return median(of(s)) }, unit),
		shown("least", func(s *summary) float64 { return least(of(s)) }, unit),
		shown("most", func(s *summary) float64 { return most(of(s)) }, unit),
	}
}

func rates(s *summary) *spread { return s.Rate }

// percentileColumns are in microseconds.
var percentileColumns = []column{
	shown("p50 µs", p50, 1e3), shown("p90", p90, 1e3), shown("p99", p99, 1e3), shown("p99.9", p999, 1e3), shown("max", pmax, 1e3),
}

func layoutOf(s play.Spec) layout {
	join := func(parts ...[]column) []column { return slices.Concat(append([][]column{{name}}, parts...)...) }
	ratios := []column{by("aemp"), by("reactor")}
	costs := []column{cpu, objects, memory}
	switch {
	case s.Kind == play.PingPong && s.Depth*s.Links > 1:
		return layout{main: rate, unit: "million round trips a second", scale: 1e6,
			columns: join(spreadIn("M round trips/s", rates, 1e6), ratios, percentileColumns, costs)}
	case s.Kind == play.PingPong, s.Kind == play.Call:
		return layout{main: p50, low: true, unit: "µs", scale: 1e3, times: true,
			columns: join(percentileColumns, ratios, costs)}
	case s.Kind == play.Start:
		return layout{main: p50, low: true, unit: "ms", scale: 1e6, columns: join([]column{
			shown("p50 ms", p50, 1e6), shown("p90", p90, 1e6), shown("max", pmax, 1e6), by("aemp"),
			shown("CPU ms", func(s *summary) float64 { return median(s.CPU) / 1e3 }, 1), memory})}
	case s.Kind == play.Idle:
		return layout{main: octets, low: true, unit: "KiB for each peer", scale: 1 << 10, columns: join(
			spreadIn("octets for each peer", func(s *summary) *spread { return s.Octets }, 1),
			[]column{by("aemp"), shown("peak MiB of all", func(s *summary) float64 { return median(s.Peak) }, 1<<20)})}
	case s.Kind == play.Stream:
		return layout{main: rate, unit: "MiB a second", scale: 1 << 20, columns: join(
			spreadIn("MiB/s", rates, 1<<20), []column{shown("CPU s / GiB", func(s *summary) float64 { return median(s.CPU) }, 1), memory})}
	}
	return layout{main: rate, unit: "million messages a second", scale: 1e6,
		columns: join(spreadIn("M messages/s", rates, 1e6), ratios, costs)}
}

// sort puts the best first.
func (l layout) sort(all []*summary) {
	slices.SortStableFunc(all, func(a, b *summary) int {
		x, y := l.main(a), l.main(b)
		switch {
		case x == y:
			return 0
		case (x < y) == l.low:
			return -1
		}
		return 1
	})
}
