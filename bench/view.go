package main

import (
	"math"
	"slices"
)

// A view looks up what was measured. What wasn't is not a number.
type view struct {
	plan      *plan
	summaries []*summary
}

func newView(p *plan, r *record) *view {
	v := &view{plan: p}
	for _, w := range p.workloads {
		for _, s := range p.systems {
			var runs []run
			for _, x := range r.runs {
				if x.Workload == w.name && x.System == s.name {
					runs = append(runs, x)
				}
			}
			if sum := summarize(w.spec, runs); sum != nil {
				v.summaries = append(v.summaries, sum)
			}
		}
	}
	return v
}

// of are the summaries of a workload.
func (v *view) of(workload string) (all []*summary) {
	for _, s := range v.summaries {
		if s.Workload == workload {
			all = append(all, s)
		}
	}
	return all
}

func (v *view) class(name string) class {
	i := slices.IndexFunc(v.plan.systems, func(s *system) bool { return s.name == name })
	return v.plan.systems[i].class
}

// A measure is one number of a summary.
type measure func(*summary) float64

func median(s *spread) float64 {
	if s == nil {
		return math.NaN()
	}
	return s.Median
}

func rate(s *summary) float64    { return median(s.Rate) }
func mallocs(s *summary) float64 { return median(s.Mallocs) }
func octets(s *summary) float64  { return median(s.Octets) }

// timed is a measure of the times, if there are any.
func timed(of func(*times) int64) measure {
	return func(s *summary) float64 {
		if s.Times == nil {
			return math.NaN()
		}
		return float64(of(s.Times))
	}
}

var (
	p50  = timed(func(t *times) int64 { return t.P50 })
	p90  = timed(func(t *times) int64 { return t.P90 })
	p99  = timed(func(t *times) int64 { return t.P99 })
	p999 = timed(func(t *times) int64 { return t.P999 })
	pmax = timed(func(t *times) int64 { return t.Max })
)

// get is a number of one system at one workload.
func (v *view) get(workload, system string, m measure) float64 {
	for _, s := range v.of(workload) {
		if s.System == system {
			return m(s)
		}
	}
	return math.NaN()
}

// peers are the numbers of all peers at a workload.
func (v *view) peers(workload string, m measure) (all []float64) {
	for _, s := range v.of(workload) {
		if x := m(s); v.class(s.System) == peer && !math.IsNaN(x) {
			all = append(all, x)
		}
	}
	return all
}

// most of any peer, or not a number if there is none.
func (v *view) most(workload string, m measure) float64 {
	return extreme(v.peers(workload, m), slices.Max)
}

// least of any peer, or not a number if there is none.
func (v *view) least(workload string, m measure) float64 {
	return extreme(v.peers(workload, m), slices.Min)
}

func extreme(all []float64, of func([]float64) float64) float64 {
	if len(all) == 0 {
		return math.NaN()
	}
	return of(all)
}
