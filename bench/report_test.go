package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// sampleReport is of a run in which everything happens that a report can tell of.
func sampleReport(t *testing.T) *report {
	t.Helper()
	w, err := choose("workload", "oneway,pingpong,pingpong-64x16,idle-10000,start,stream,database", workloads, func(w *workload) string { return w.name })
	if err != nil {
		t.Fatal(err)
	}
	s, err := choose("system", "aemp*,reactor,nats,erlang,tcp", systems, func(s *system) string { return s.name })
	if err != nil {
		t.Fatal(err)
	}
	p := &plan{workloads: w, systems: s, reps: 2, warm: time.Second, run: 2 * time.Second, loops: 2}
	r := &record{ready: map[*system]program{}, skips: []skip{
		{System: "erlang", Why: "no erl:\ninstall it | or not"}, {"nats", "idle-10000", "too few sockets"},
	}}
	for _, s := range p.systems {
		if s.name != "erlang" {
			r.ready[s] = program{version: "v1.2.3"}
		}
	}
	few := uint64(40)
	add := func(workload, system string, runs ...run) {
		for i, x := range runs {
			x.Workload, x.System, x.Repetition = workload, system, i+1
			r.runs = append(r.runs, x)
		}
	}
	flood := func(messages int64) run {
		return run{Messages: messages, Seconds: 2, CPU: 4, Peak: 30 << 20, Mallocs: &few}
	}
	add("oneway", "nats", run{Messages: 4e6, Seconds: 2, CPU: 4, Peak: 100 << 20, Note: "with a large buffer"}, run{Failure: "hung"})
	add("oneway", "aemp", flood(26e6), flood(28e6))
	add("oneway", "reactor", flood(40e6), flood(44e6))
	trips := func(ns int64) run {
		return run{Messages: 1000, Seconds: 2, CPU: 0.05, Peak: 20 << 20,
			Laps: []play.Lap{{Nanoseconds: ns, Count: 960}, {Nanoseconds: 3 * ns, Count: 39}, {Nanoseconds: 40 * ns, Count: 1}}}
	}
	for _, w := range []string{"pingpong", "pingpong-64x16"} {
		add(w, "aemp", trips(40_000), trips(42_000))
		add(w, "reactor", trips(35_000), trips(35_000))
		add(w, "nats", trips(90_000), trips(91_000))
	}
	add("idle-10000", "aemp", run{Octets: 3500, Peak: 80 << 20}, run{Octets: 3600, Peak: 80 << 20})
	add("start", "aemp", run{Messages: 10, Seconds: 0.3, CPU: 0.1, Peak: 20 << 20, Laps: []play.Lap{{Nanoseconds: 30_000_000, Count: 10}}})
	add("stream", "tcp", run{Octets: 4 << 30, Seconds: 2, CPU: 3, Peak: 10 << 20})
	add("database", "aemp-db", run{Figures: []play.Figure{{What: "Set to watcher, median", Value: 169.2, Unit: "µs"}, {What: "keys", Value: 726600, Unit: "/s"}}})

	rep := newReport(p, r, machine{CPUs: 2, Model: "Some CPU", Memory: 8 << 30, Kernel: "Linux 6.1", Go: "go1.26", Arch: "linux/amd64"})
	rep.Began, rep.Took = time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), 90*time.Second
	return rep
}

func TestTheReportTellsAll(t *testing.T) {
	const file = "testdata/report.md"
	got := sampleReport(t).markdown()
	if *rewrite {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("it isn't as in %s, which go test -rewrite writes anew; got:\n%s", file, got)
	}
}

func TestTheFolderGetsTablesFiguresAndPlots(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	rep := sampleReport(t)
	if err := rep.write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatal(err)
	}
	var again report
	if err := json.Unmarshal(text, &again); err != nil {
		t.Fatal(err)
	}
	if len(again.Runs) != len(rep.Runs) || len(again.Runs) == 0 || len(again.Summaries) != len(rep.Summaries) || again.Machine != rep.Machine {
		t.Errorf("%d runs of %d, %d summaries of %d", len(again.Runs), len(rep.Runs), len(again.Summaries), len(rep.Summaries))
	}
	for _, name := range []string{"oneway", "pingpong", "pingpong-64x16", "idle-10000", "start", "stream"} {
		svg, err := os.ReadFile(filepath.Join(dir, name+".svg"))
		if err != nil || !strings.Contains(string(svg), ">"+name+": ") || !strings.Contains(string(svg), "#D94801") && name != "stream" {
			t.Errorf("%s: %v, %.300s", name, err, svg)
		}
	}
}

func TestFailedRunsFailAll(t *testing.T) {
	rep := sampleReport(t)
	if err := rep.verdict(); !errors.Is(err, errFailed) {
		t.Error(err)
	}
	rep.Runs = nil
	if err := rep.verdict(); err != nil {
		t.Error(err)
	}
	rep.Unfinished = true
	if err := rep.verdict(); err == nil {
		t.Error("it was ended early")
	}
}

func TestThreeDigitsCount(t *testing.T) {
	for x, want := range map[float64]string{
		0: "0", 0.0001: "< 0.001", 0.01234: "0.012", 1.234: "1.23", 12.34: "12.3", 123.4: "123", 1234.5: "1,235", 1234567: "1,234,567", -1234567: "-1,234,567",
	} {
		if got := digits(x); got != want {
			t.Errorf("%v: %q, not %q", x, got, want)
		}
	}
}
