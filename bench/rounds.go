package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// A plan says what is run.
type plan struct {
	workloads []*workload
	systems   []*system
	reps      int
	warm, run time.Duration
	loops     int    // of each process, and GOMAXPROCS
	profiles  string // a folder; empty: none
}

// A skip is something that isn't run.
type skip struct {
	System   string `json:"system"`
	Workload string `json:"workload,omitempty"` // empty: any
	Why      string `json:"why"`
}

// A record is all that was seen.
type record struct {
	runs  []run
	skips []skip
	ready map[*system]program
}

// A turn is one system at one workload.
type turn struct {
	*workload
	*system
}

// turns are those of one repetition: the systems take turns at each workload.
func (p *plan) turns(ready map[*system]program) (all []turn) {
	for _, w := range p.workloads {
		for _, s := range p.systems {
			if _, ok := ready[s]; ok && s.playing(w) {
				all = append(all, turn{w, s})
			}
		}
	}
	return all
}

// prepare builds what is needed.
func (p *plan) prepare(ctx context.Context, dir string, tell *progress) *record {
	r := &record{ready: map[*system]program{}}
	b := &builder{dir: dir, done: map[string]error{}}
	for i, s := range p.systems {
		if !p.wants(s) {
			continue
		}
		tell.building(s, i)
		program, err := b.ready(ctx, s)
		if ctx.Err() != nil {
			return r
		}
		if err != nil {
			tell.cannot(s, err)
			r.skips = append(r.skips, skip{System: s.name, Why: err.Error()})
			continue
		}
		r.ready[s] = program
	}
	return r
}

// wants says whether the system has something to do.
func (p *plan) wants(s *system) bool { return slices.ContainsFunc(p.workloads, s.playing) }

// rounds runs all repetitions. It ends early if ctx does.
func (p *plan) rounds(ctx context.Context, r *record, tell *progress) {
	turns := p.turns(r.ready)
	tell.begin(turns)
	without := map[turn]bool{}
	for rep := range p.reps {
		for _, t := range turns {
			if without[t] {
				continue
			}
			tell.running(t, rep)
			x := p.once(ctx, t, rep, r.ready[t.system].path)
			if ctx.Err() != nil {
				return
			}
			tell.ran(t)
			if x.skip != "" {
				without[t] = true
				tell.not(t, p.reps-rep-1)
				r.skips = append(r.skips, skip{t.system.name, t.workload.name, x.skip})
				continue
			}
			r.runs = append(r.runs, x)
			if x.Failure != "" {
				tell.failed(&x)
			}
		}
	}
}

// spec is what the system is asked for.
func (p *plan) spec(t turn) play.Spec {
	s := t.spec
	s.System, s.Warm, s.For = t.system.name, p.warm, p.run
	if s.Loops == 0 {
		s.Loops = p.loops
	}
	return s
}

// once runs a turn once.
func (p *plan) once(ctx context.Context, t turn, rep int, path string) (r run) {
	s := p.spec(t)
	count := 0
	next := func() *team {
		team := newTeam(path, s)
		team.env = []string{fmt.Sprintf("GOMAXPROCS=%d", p.loops)}
		team.cpus, team.dir = t.cpus, p.profiles
		count++
		team.label = fmt.Sprintf("%s-%s-%d.%d", t.workload.name, t.system.name, rep+1, count)
		return team
	}
	var err error
	switch why := t.impossible(); {
	case why != "":
		r.skip = why
	case s.Kind == play.Start:
		r, err = conductStarts(ctx, next, bound(s))
	default:
		r, err = conduct(ctx, next(), bound(s))
	}
	r.Workload, r.System, r.Repetition = t.workload.name, t.system.name, rep+1
	if err != nil {
		r.Failure = err.Error()
	}
	return r
}

// impossible says why the workload can't be run on this machine, if it can't.
func (w *workload) impossible() string {
	if n := runtime.NumCPU(); w.cpus != nil && n <= max(w.cpus[0], w.cpus[1]) {
		return fmt.Sprintf("the machine has %d core", n)
	}
	return ""
}
