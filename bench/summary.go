package main

import (
	"slices"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/aemp-go/aemp/bench/play"
)

// A spread is what the repetitions came to.
type spread struct {
	Median float64 `json:"median"`
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
}

// spreadOf is nil if there is nothing.
func spreadOf(all []float64) *spread {
	n := len(all)
	if n == 0 {
		return nil
	}
	all = slices.Sorted(slices.Values(all))
	return &spread{(all[(n-1)/2] + all[n/2]) / 2, all[0], all[n-1]}
}

// Times are percentiles over all repetitions, in nanoseconds.
type times struct {
	P50  int64 `json:"p50"`
	P90  int64 `json:"p90"`
	P99  int64 `json:"p99"`
	P999 int64 `json:"p99.9"`
	Max  int64 `json:"max"`
}

// A summary is what the repetitions of one system at one workload came to. What wasn't
// measured is nil.
type summary struct {
	Workload string `json:"workload"`
	System   string `json:"system"`
	Runs     int    `json:"runs"` // that went well

	Rate    *spread `json:"rate,omitempty"`    // messages, round trips or, of a stream, octets a second
	CPU     *spread `json:"cpu,omitempty"`     // seconds of all processes for a million messages, or a GiB
	Mallocs *spread `json:"mallocs,omitempty"` // objects for a million messages
	Peak    *spread `json:"peak,omitempty"`    // octets of resident memory of all processes
	Octets  *spread `json:"octets,omitempty"`  // idle: resident memory for each peer
	Times   *times  `json:"times,omitempty"`

	Figures []figure `json:"figures,omitempty"`

	laps *hdrhistogram.Histogram
}

// A figure is a play.Figure of all repetitions.
type figure struct {
	What string `json:"what"`
	Unit string `json:"unit"`
	spread
}

// summarize sums up the runs that went well, of one system at one workload.
func summarize(s play.Spec, runs []run) *summary {
	var rate, cpu, mallocs, peak, octets []float64
	sum := &summary{}
	for _, r := range runs {
		if r.Failure != "" {
			continue
		}
		sum.Workload, sum.System = r.Workload, r.System
		sum.Runs++
		if amount, unit := extent(s, &r); amount > 0 {
			if s.Kind != play.Start { // its seconds are those of processes
				rate = append(rate, amount/r.Seconds)
			}
			cpu = append(cpu, r.CPU/amount*unit)
			if r.Mallocs != nil {
				mallocs = append(mallocs, float64(*r.Mallocs)/amount*unit)
			}
		}
		if s.Kind == play.Idle {
			octets = append(octets, float64(r.Octets))
		}
		peak = append(peak, float64(r.Peak))
	}
	if sum.Runs == 0 {
		return nil
	}
	sum.Rate, sum.CPU, sum.Mallocs = spreadOf(rate), spreadOf(cpu), spreadOf(mallocs)
	sum.Peak, sum.Octets = spreadOf(peak), spreadOf(octets)
	if sum.laps = merge(runs); sum.laps != nil {
		sum.Times = percentiles(sum.laps)
	}
	sum.Figures = figures(runs)
	return sum
}

// extent is how much was moved in a run, and how much of it CPU time is told for.
func extent(s play.Spec, r *run) (amount, unit float64) {
	if s.Kind == play.Stream {
		return float64(r.Octets), 1 << 30
	}
	return float64(r.Messages), 1e6
}

// merge puts the times of all runs into one histogram; nil if there are none.
func merge(runs []run) (h *hdrhistogram.Histogram) {
	for _, r := range runs {
		for _, l := range r.Laps {
			if h == nil {
				h = hdrhistogram.New(100, int64(time.Minute), 3)
			}
			h.RecordValues(min(l.Nanoseconds, int64(time.Minute)), l.Count)
		}
	}
	return h
}

func percentiles(h *hdrhistogram.Histogram) *times {
	return &times{
		P50: h.ValueAtQuantile(50), P90: h.ValueAtQuantile(90), P99: h.ValueAtQuantile(99),
		P999: h.ValueAtQuantile(99.9), Max: h.Max(),
	}
}

// bars are the laps of a histogram.
func bars(h *hdrhistogram.Histogram) (all []play.Lap) {
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			all = append(all, play.Lap{Nanoseconds: b.To, Count: b.Count})
		}
	}
	return all
}

// figures sums up what the runs call the same.
func figures(runs []run) (all []figure) {
	values := map[string][]float64{}
	for _, r := range runs {
		for _, f := range r.Figures {
			if values[f.What] == nil {
				all = append(all, figure{What: f.What, Unit: f.Unit})
			}
			values[f.What] = append(values[f.What], f.Value)
		}
	}
	for i := range all {
		all[i].spread = *spreadOf(values[all[i].What])
	}
	return all
}
