package main

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/aemp-go/aemp/bench/play"
)

// A target is what aemp wants to reach, in figures of the same run.
type target struct {
	what string
	sign string // of what is seen against the bound: "≥", "≤", ">" or "<"
	than float64
	unit string
	seen func(*view) float64
}

// targets with medians; ratios are of two systems in the same run.
var targets = append([]target{
	{"oneway", "≥", 12, "M/s", millions("oneway")},
	{"oneway, of the reactor's", "≥", 0.6, ratio, against("oneway", "reactor", rate)},
	{"oneway, of the best peer's", "≥", 5, ratio, ahead("oneway")},
	{"oneway, of erlang's", "≥", 40, ratio, against("oneway", "erlang", rate)},
	{"oneway, of erlang-delayed's", "≥", 40, ratio, against("oneway", "erlang-delayed", rate)},
	{"oneway-8x8, of the reactor's", "≥", 0.6, ratio, against("oneway-8x8", "reactor", rate)},
	{"oneway-8x8-links, of the reactor's", "≥", 0.6, ratio, against("oneway-8x8-links", "reactor", rate)},
	{"oneway-tls", "≥", 6, "M/s", millions("oneway-tls")},
	{"oneway-typed, of oneway", "≥", 1, ratio, func(v *view) float64 {
		return v.get("oneway-typed", "aemp", rate) / v.get("oneway", "aemp", rate)
	}},
	{"oneway-cbor", "≥", 6, "M/s", millions("oneway-cbor")},
	{"oneway-json", "≥", 2, "M/s", millions("oneway-json")},
	{"local-handler", "≥", 25, "M/s", millions("local-handler")},
	{"local-handler, of the best peer's", ">", 1, ratio, ahead("local-handler")},
	{"local-goroutine", "≥", 15, "M/s", millions("local-goroutine")},
	{"local-goroutine, of the best peer's", ">", 1, ratio, ahead("local-goroutine")},
	{"pingpong p50, of the reactor's", "≤", 1.2, ratio, against("pingpong", "reactor", p50)},
	{"pingpong p99, of the reactor's", "≤", 1.2, ratio, against("pingpong", "reactor", p99)},
	{"pingpong p50, of the best peer's", "<", 1, ratio, quicker("pingpong", p50)},
	{"pingpong p99, of the best peer's", "<", 1, ratio, quicker("pingpong", p99)},
	{"call p50, of the reactor's pingpong", "≤", 1.35, ratio, func(v *view) float64 {
		return v.get("call", "aemp", p50) / v.get("pingpong", "reactor", p50)
	}},
	{"pingpong-100k p99.9, of the best peer's", "<", 1, ratio, quicker("pingpong-100k", p999)},
	{"pingpong-64x16, of the reactor's", "≥", 0.85, ratio, against("pingpong-64x16", "reactor", rate)},
	{"idle-10000, resident memory for each peer", "≤", 4096, "octets", func(v *view) float64 {
		return v.get("idle-10000", "aemp", octets)
	}},
}, sparing()...)

const ratio = "×"

func millions(workload string) func(*view) float64 {
	return func(v *view) float64 { return v.get(workload, "aemp", rate) / 1e6 }
}

// against is aemp's number by that of another system.
func against(workload, other string, m measure) func(*view) float64 {
	return func(v *view) float64 { return v.get(workload, "aemp", m) / v.get(workload, other, m) }
}

// ahead is aemp's rate by that of the best peer.
func ahead(workload string) func(*view) float64 {
	return func(v *view) float64 { return v.get(workload, "aemp", rate) / v.most(workload, rate) }
}

// quicker is a time of aemp's by that of the best peer.
func quicker(workload string, m measure) func(*view) float64 {
	return func(v *view) float64 { return v.get(workload, "aemp", m) / v.least(workload, m) }
}

// sparing are the targets of workloads in which no message allocates. What a process does
// beside them allocates a little, which shows where messages are few.
func sparing() (all []target) {
	for _, w := range workloads {
		switch w.spec.Kind {
		case play.Local, play.OneWay, play.PingPong, play.Call, play.FanIn:
			all = append(all, target{w.name + ", objects allocated for each message", "<", 0.01, "", func(v *view) float64 {
				return v.get(w.name, "aemp", mallocs) / 1e6
			}})
		}
	}
	return all
}

// held says whether the target is reached; nothing is by what wasn't measured.
func (t *target) held(seen float64) bool {
	switch t.sign {
	case "≥":
		return seen >= t.than
	case "≤":
		return seen <= t.than
	case ">":
		return seen > t.than
	case "<":
		return seen < t.than
	}
	panic("no such sign")
}

// row is the target's line in a table: what, wanted, seen, held or not.
func (t *target) row(v *view) []string {
	wanted := strings.TrimSpace(fmt.Sprintf("%s %v %s", t.sign, t.than, t.unit))
	seen := t.seen(v)
	if math.IsNaN(seen) {
		return []string{t.what, wanted, "", "not measured"}
	}
	verdict := "not held"
	if t.held(seen) {
		verdict = "held"
	}
	text := digits(seen)
	if t.unit == ratio {
		text = fmt.Sprintf("%.3f", seen)
	}
	return []string{t.what, wanted, strings.TrimSpace(text + " " + t.unit), verdict}
}

// targetsOf are those that the plan is about.
func targetsOf(p *plan) (all []target) {
	if !slices.ContainsFunc(p.systems, func(s *system) bool { return s.name == "aemp" }) {
		return nil
	}
	for _, t := range targets {
		if slices.ContainsFunc(p.workloads, t.about) {
			all = append(all, t)
		}
	}
	return all
}

// about says whether the target is of that workload.
func (t *target) about(w *workload) bool {
	return strings.FieldsFunc(t.what, func(c rune) bool { return c == ' ' || c == ',' })[0] == w.name
}
