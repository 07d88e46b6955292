package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// A report is what result.json has.
type report struct {
	Machine     machine          `json:"machine"`
	Began       time.Time        `json:"began"`
	Took        time.Duration    `json:"took"` // nanoseconds
	Unfinished  bool             `json:"unfinished,omitempty"`
	Repetitions int              `json:"repetitions"`
	Warm        time.Duration    `json:"warm"`
	For         time.Duration    `json:"for"`
	Loops       int              `json:"loops"`
	Workloads   []reportWorkload `json:"workloads"`
	Systems     []reportSystem   `json:"systems"`
	Summaries   []*summary       `json:"summaries"`
	Targets     []reportTarget   `json:"targets"`
	Skips       []skip           `json:"skips"`
	Runs        []run            `json:"runs"`

	view *view
}

type reportWorkload struct {
	Name string    `json:"name"`
	What string    `json:"what"`
	Spec play.Spec `json:"spec"`
	CPUs *[2]int   `json:"cpus,omitempty"` // of receiver and sender
}

type reportSystem struct {
	Name    string `json:"name"`
	Class   class  `json:"class"`
	What    string `json:"what"`
	Version string `json:"version,omitempty"`
	Note    string `json:"note,omitempty"`
}

type reportTarget struct {
	What    string `json:"what"`
	Wanted  string `json:"wanted"`
	Seen    string `json:"seen"`
	Verdict string `json:"verdict"`
}

func newReport(p *plan, r *record, m machine) *report {
	rep := &report{
		Machine: m, Repetitions: p.reps, Warm: p.warm, For: p.run, Loops: p.loops,
		Skips: r.skips, Runs: r.runs, view: newView(p, r),
	}
	rep.Summaries = rep.view.summaries
	for _, w := range p.workloads {
		rep.Workloads = append(rep.Workloads, reportWorkload{w.name, w.what, w.spec, w.cpus})
	}
	for _, s := range p.systems {
		if program, ok := r.ready[s]; ok {
			rep.Systems = append(rep.Systems, reportSystem{s.name, s.class, s.what, program.version, notes(s, r.runs)})
		}
	}
	for _, t := range targetsOf(p) {
		row := t.row(rep.view)
		rep.Targets = append(rep.Targets, reportTarget{row[0], row[1], row[2], row[3]})
	}
	return rep
}

// notes are the system's own and those that its programs gave, each once.
func notes(s *system, runs []run) string {
	all := []string{}
	if s.note != "" {
		all = append(all, s.note)
	}
	for _, r := range runs {
		if r.System == s.name && r.Note != "" && !slices.Contains(all, r.Note) {
			all = append(all, r.Note)
		}
	}
	return strings.Join(all, " ")
}

// write puts result.json, result.md and the plots into a folder.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(r) // without spaces: the times of all runs are long
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "result.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "result.md"), []byte(r.markdown()), 0o644); err != nil {
		return err
	}
	return r.draw(dir)
}

const legend = `Rates are medians with the least and the most of the repetitions; percentiles are of all
repetitions together. "CPU s / M": CPU seconds of all processes for a million messages or
round trips. "objects / M": what the processes allocate for them, if they are in Go. "peak
MiB": the most resident memory that all processes had. "by aemp", "by reactor": the first
column divided by that of aemp, or of its bare event loops.`

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results\n\n%s\n", r.circumstances())
	if r.Unfinished {
		b.WriteString("\n**The run was ended early.**\n")
	}
	fmt.Fprintf(&b, "\n%s\n", legend)
	b.WriteString(section("Targets", "What aemp is to reach, and what it came to in this run. Ratios are of medians.", r.targetGrid()))
	for _, w := range r.Workloads {
		b.WriteString(r.workload(w))
	}
	b.WriteString(section("Systems", "", r.systemGrid()))
	b.WriteString(section("Not run", "", r.skipGrid()))
	b.WriteString(section("Failed", "", r.failureGrid()))
	return b.String()
}

// section is one with a table, or nothing if there is nothing in the table.
func section(title, text string, g *grid) string {
	if len(g.rows) == 0 {
		return ""
	}
	if text != "" {
		text += "\n\n"
	}
	return fmt.Sprintf("\n## %s\n\n%s%s", title, text, g.markdown())
}

func (r *report) circumstances() string {
	m := r.Machine
	return fmt.Sprintf("%s, %d CPUs, %d MiB; %s, %s %s. %s. Repetitions: %d, interleaved; %v each, after %v. Event loops, schedulers or threads of each process: %d unless said, and GOMAXPROCS %d. All processes were on this machine. It took %v.",
		m.Model, m.CPUs, m.Memory>>20, m.Kernel, m.Go, m.Arch, r.Began.UTC().Format("2006-01-02"),
		r.Repetitions, r.For, r.Warm, r.Loops, r.Loops, r.Took.Round(time.Second))
}

func (r *report) targetGrid() *grid {
	g := &grid{heads: []string{"what", "wanted", "seen", ""}}
	for _, t := range r.Targets {
		g.add(t.What, t.Wanted, t.Seen, t.Verdict)
	}
	return g
}

func (r *report) systemGrid() *grid {
	g := &grid{heads: []string{"system", "what", "version", "configuration"}, text: true}
	for _, s := range r.Systems {
		g.add(s.Name, s.What, s.Version, s.Note)
	}
	return g
}

func (r *report) skipGrid() *grid {
	g := &grid{heads: []string{"system", "workload", "why"}, text: true}
	for _, s := range r.Skips {
		workload := s.Workload
		if workload == "" {
			workload = "all"
		}
		g.add(s.System, workload, s.Why)
	}
	return g
}

func (r *report) failureGrid() *grid {
	g := &grid{heads: []string{"workload", "system", "repetition", "why"}, text: true}
	for _, x := range r.Runs {
		if x.Failure != "" {
			g.add(x.Workload, x.System, fmt.Sprint(x.Repetition), x.Failure)
		}
	}
	return g
}

// workload is the section of one; nothing if nothing was measured.
func (r *report) workload(w reportWorkload) string {
	all := r.view.of(w.Name)
	if len(all) == 0 {
		return ""
	}
	text := strings.ToUpper(w.What[:1]) + w.What[1:] + "."
	if w.Spec.Kind == databaseKind {
		return section(w.Name, text, figureGrid(all))
	}
	layout := layoutOf(w.Spec)
	layout.sort(all)
	g := &grid{}
	for _, c := range layout.columns {
		g.heads = append(g.heads, c.head)
	}
	reference := map[string]float64{}
	for _, s := range all {
		reference[s.System] = layout.main(s)
	}
	for _, s := range all {
		var cells []string
		for _, c := range layout.columns {
			cells = append(cells, c.cell(s, reference))
		}
		g.rows = append(g.rows, cells)
	}
	return section(w.Name, text+fmt.Sprintf("\n\n![%s](%s)", w.Name, w.Name+".svg"), g)
}

func figureGrid(all []*summary) *grid {
	g := &grid{heads: []string{"what", "unit", "median", "least", "most"}}
	for _, s := range all {
		for _, f := range s.Figures {
			g.add(f.What, f.Unit, digits(f.Median), digits(f.Least), digits(f.Most))
		}
	}
	return g
}
