// Bench measures aemp beside other messaging systems, and beside what the machine and the
// layers below can do, in one run.
//
//	cd bench && go run . [-quick] [-workloads LIST] [-systems LIST] [-out DIR]
//
// A system is played by a child program, most workloads by two of them that talk over
// loopback. Repetitions are interleaved: in each, all systems take turns at each workload,
// so that whatever else the machine does meets all of them. What arrives is counted, and
// its order and content checked; a run that lost or changed something counts as failed.
// CPU time and memory of all processes are measured from outside.
//
// Lists have names or patterns with commas between, such as -workloads 'oneway*,call'
// -systems aemp,reactor; -list shows all. The folder -out gets result.json with all that
// was seen, result.md with tables, and plots. The exit status is 1 if a run has failed.
//
// A system whose program can't be built or started here is skipped, and the report says
// why. README.md tells how to add one; package play is what child programs speak.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

var (
	quick        = flag.Bool("quick", false, "less than two minutes: the core workloads, one repetition of a second (more if -workloads, -reps or -for say so)")
	workloadList = flag.String("workloads", "", "names or patterns of workloads; empty: all")
	systemList   = flag.String("systems", "", "names or patterns of systems; empty: all")
	reps         = flag.Int("reps", 5, "repetitions; medians count")
	length       = flag.Duration("for", 2*time.Second, "how long each run measures")
	warm         = flag.Duration("warm", 300*time.Millisecond, "how long each run warms up before")
	loops        = flag.Int("loops", runtime.NumCPU(), "event loops, schedulers or threads of each process, and GOMAXPROCS")
	out          = flag.String("out", "result", "the folder for result.json, result.md and plots")
	profiles     = flag.String("profile", "", "a folder: children in Go write CPU profiles there")
	list         = flag.Bool("list", false, "show workloads and systems")
)

var errFailed = errors.New("some runs have failed")

func main() {
	flag.Parse()
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench() error {
	if *list {
		fmt.Print(listing())
		return nil
	}
	p, err := newPlan()
	if err != nil {
		return err
	}
	m, err := thisMachine()
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)

	began := time.Now()
	tell := newProgress(p)
	r := p.prepare(ctx, dir, tell)
	p.rounds(ctx, r, tell)
	tell.end()
	if len(r.runs) == 0 {
		return errors.Join(ctx.Err(), errors.New("nothing was run"))
	}
	report := newReport(p, r, m)
	report.Began, report.Took, report.Unfinished = began, time.Since(began), ctx.Err() != nil
	if err := report.write(*out); err != nil {
		return err
	}
	if len(report.Targets) > 0 {
		fmt.Print(report.targetGrid().markdown())
	}
	fmt.Println("see", filepath.Join(*out, "result.md"))
	return report.verdict()
}

// verdict is an error if something went wrong.
func (r *report) verdict() error {
	switch {
	case r.Unfinished:
		return errors.New("it was ended early")
	case slices.ContainsFunc(r.Runs, func(x run) bool { return x.Failure != "" }):
		return errFailed
	}
	return nil
}

// newPlan takes the flags.
func newPlan() (p *plan, err error) {
	if _, err := os.Stat("play/spec.go"); err != nil {
		return nil, fmt.Errorf("run it in the folder bench: %w", err)
	}
	given := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { given[f.Name] = true })
	p = &plan{reps: *reps, warm: *warm, run: *length, loops: *loops}
	if *quick {
		p.quicken(given)
	}
	if p.workloads, err = choose("workload", *workloadList, workloads, func(w *workload) string { return w.name }); err != nil {
		return nil, err
	}
	if *quick && !given["workloads"] {
		p.workloads = slices.DeleteFunc(p.workloads, func(w *workload) bool { return !w.quick })
	}
	if p.systems, err = choose("system", *systemList, systems, func(s *system) string { return s.name }); err != nil {
		return nil, err
	}
	if p.reps < 1 || p.loops < 1 || p.run <= 0 || p.warm < 0 {
		return nil, errors.New("-reps, -loops and -for must be more than 0, and -warm not less")
	}
	if *profiles != "" { // children run elsewhere
		if p.profiles, err = filepath.Abs(*profiles); err == nil {
			err = os.MkdirAll(p.profiles, 0o755)
		}
	}
	return p, err
}

// quicken makes the plan short, save for what was given.
func (p *plan) quicken(given map[string]bool) {
	if !given["reps"] {
		p.reps = 1
	}
	if !given["for"] {
		p.run = time.Second
	}
	if !given["warm"] {
		p.warm = 100 * time.Millisecond
	}
}

func listing() string {
	var b strings.Builder
	b.WriteString("workloads (* those of -quick):\n")
	for _, w := range workloads {
		mark := " "
		if w.quick {
			mark = "*"
		}
		fmt.Fprintf(&b, "%s %-18s%s\n", mark, w.name, w.what)
	}
	b.WriteString("\nsystems:\n")
	for _, s := range systems {
		fmt.Fprintf(&b, "  %-18s%s", s.name, s.what)
		if s.class == limit {
			b.WriteString(" (a limit, not a peer)")
		}
		if len(s.plays) > 0 {
			fmt.Fprintf(&b, ": %s", strings.Join(s.plays, " "))
		}
		b.WriteString("\n")
	}
	return b.String()
}
