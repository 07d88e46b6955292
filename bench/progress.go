package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// A progress tells whoever waits what is going on, in one line if it can be written over.
type progress struct {
	to       io.Writer
	terminal bool
	plan     *plan

	start    time.Time
	of       int           // runs in all
	begun    int           // runs that have
	all, was time.Duration // what all runs, and those that have been, ought to take
}

func (p *progress) line(text string, args ...any) {
	text = fmt.Sprintf(text, args...)
	if p.terminal {
		fmt.Fprintf(p.to, "\r\x1b[K%s", text)
		return
	}
	fmt.Fprintln(p.to, text)
}

// keep is a line that stays.
func (p *progress) keep(text string, args ...any) {
	p.line(text, args...)
	if p.terminal {
		fmt.Fprintln(p.to)
	}
}

func (p *progress) building(s *system, i int) {
	p.line("%d/%d building %s", i+1, len(p.plan.systems), s.name)
}

func (p *progress) cannot(s *system, err error) { p.keep("skipped %s: %v", s.name, err) }

// begin begins to count the runs.
func (p *progress) begin(turns []turn) {
	p.start = time.Now()
	p.of = p.plan.reps * len(turns)
	for _, t := range turns {
		p.all += time.Duration(p.plan.reps) * p.plan.expected(t)
	}
}

// running tells of the run that begins.
func (p *progress) running(t turn, rep int) {
	p.begun++
	p.line("%d/%d %s, %s, repetition %d of %d, %v left", p.begun, p.of, t.workload.name, t.system.name,
		rep+1, p.plan.reps, p.left(time.Since(p.start)).Round(time.Second))
}

// left is how long the rest takes, if it goes on as it went so far.
func (p *progress) left(elapsed time.Duration) time.Duration {
	pace := 1.0
	if p.was > 0 {
		pace = float64(elapsed) / float64(p.was)
	}
	return time.Duration(float64(p.all-p.was) * pace)
}

func (p *progress) ran(t turn) { p.was += p.plan.expected(t) }

// not tells that a system doesn't play; none of its other runs are waited for.
func (p *progress) not(t turn, repsLeft int) {
	p.of -= repsLeft
	p.all -= time.Duration(repsLeft) * p.plan.expected(t)
}

func (p *progress) failed(r *run) {
	p.keep("failed: %s, %s, repetition %d: %s", r.Workload, r.System, r.Repetition, r.Failure)
}

func (p *progress) end() {
	if p.terminal {
		p.line("")
	}
}

// expected is how long a run ought to take, about.
func (p *plan) expected(t turn) time.Duration {
	const processes = 300 * time.Millisecond
	switch t.spec.Kind {
	case play.Start:
		return starts * processes
	case databaseKind:
		return time.Minute
	case play.Idle:
		return processes + time.Duration(t.spec.Peers)*time.Millisecond/2
	}
	return processes + p.warm + p.run
}

func newProgress(p *plan) *progress {
	info, err := os.Stderr.Stat()
	return &progress{to: os.Stderr, plan: p, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}
