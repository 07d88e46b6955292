package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// A column is one of a table of results.
type column struct {
	head string
	cell func(*result) string
}

// A table is a part of docs/scale.md, between two marks.
type table struct {
	name    string
	columns []column
}

func ms(d time.Duration) string  { return fmt.Sprintf("%.1f", float64(d)/float64(time.Millisecond)) }
func sec(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
func one(f float64) string       { return fmt.Sprintf("%.1f", f) }
func whole(f float64) string     { return fmt.Sprintf("%.0f", f) }

var sizes = []column{
	{"slaves", func(r *result) string { return fmt.Sprint(r.Slaves) }},
	{"global nodes", func(r *result) string { return fmt.Sprint(r.Globals) }},
}

var tables = []table{
	{"join", []column{
		{"joined in s", func(r *result) string { return sec(r.Join.Time) }},
		{"messages of a slave", func(r *result) string { return one(r.Join.Slave.Messages) }},
		{"KiB of a slave", func(r *result) string { return one(r.Join.Slave.Octets / 1024) }},
		{"messages of a global node", func(r *result) string { return whole(r.Join.Global.Messages) }},
		{"KiB of a global node", func(r *result) string { return whole(r.Join.Global.Octets / 1024) }},
		{"KiB of memory for each slave", func(r *result) string { return one((r.Heap - r.Bare) / 1024) }},
	}},
	{"rest", []column{
		{"heartbeats of a slave", func(r *result) string { return whole(r.Rest.Slave.Heartbeats) }},
		{"messages of a slave", func(r *result) string { return one(r.Rest.Slave.Messages) }},
		{"KiB of a slave", func(r *result) string { return one(r.Rest.Slave.Octets / 1024) }},
		{"KiB of a global node", func(r *result) string { return whole(r.Rest.Global.Octets / 1024) }},
	}},
	{"change", []column{
		{"all watch after ms", func(r *result) string { return ms(r.Watch.Time) }},
		{"all have seen a change after ms: median", func(r *result) string { return ms(r.Change.Median) }},
		{"longest", func(r *result) string { return ms(r.Change.Longest) }},
		{"messages of a slave", func(r *result) string { return one(r.Change.Slave.Messages) }},
		{"messages of a global node", func(r *result) string { return one(r.Change.Global.Messages) }},
		{"CPU for each watcher, µs", func(r *result) string { return one(float64(r.Change.CPU) / 1e3) }},
	}},
	{"process", lossColumns(func(r *result) *loss { return &r.Ended })},
	{"machine", lossColumns(func(r *result) *loss { return &r.Gone })},
	{"return", []column{
		{"after the process's end: all is as before after s", func(r *result) string { return sec(r.Ended.Back.Time) }},
		{"after the machine's loss", func(r *result) string { return sec(r.Gone.Back.Time) }},
		{"messages of a slave", func(r *result) string { return one(r.Gone.Back.Slave.Messages) }},
		{"messages of a global node", func(r *result) string { return whole(r.Gone.Back.Global.Messages) }},
		{"KiB of a global node", func(r *result) string { return whole(r.Gone.Back.Global.Octets / 1024) }},
	}},
	{"crowd", []column{
		{"all see all after s", func(r *result) string { return sec(r.Crowd.Time) }},
		{"KiB of a slave", func(r *result) string { return one(r.Crowd.Slave.Octets / 1024) }},
		{"MiB of a global node", func(r *result) string { return one(r.Crowd.Global.Octets / (1 << 20)) }},
		{"a process ends: all is right after ms", func(r *result) string { return ms(r.Blink.Whole) }},
		{"messages of a slave", func(r *result) string { return whole(r.Blink.Slave.Messages) }},
		{"KiB of a slave", func(r *result) string { return whole(r.Blink.Slave.Octets / 1024) }},
		{"MiB of a global node", func(r *result) string { return one(r.Blink.Global.Octets / (1 << 20)) }},
	}},
}

func lossColumns(of func(*result) *loss) []column {
	return []column{
		{"slaves that lost their master", func(r *result) string { return fmt.Sprint(of(r).Orphans) }},
		{"all have one after ms", func(r *result) string { return ms(of(r).Masters) }},
		{"all views are right after ms", func(r *result) string { return ms(of(r).Whole) }},
		{"messages of a slave", func(r *result) string { return one(of(r).Slave.Messages) }},
		{"messages of a global node", func(r *result) string { return whole(of(r).Global.Messages) }},
	}
}

func (t table) markdown(all []*result) string {
	columns := append(append([]column{}, sizes...), t.columns...)
	var b strings.Builder
	line := func(cell func(column) string) {
		for _, c := range columns {
			fmt.Fprintf(&b, "| %s ", cell(c))
		}
		b.WriteString("|\n")
	}
	line(func(c column) string { return c.head })
	line(func(column) string { return "---:" })
	for _, r := range all {
		if t.name != "crowd" || r.Slaves <= mostWatchingAll {
			line(func(c column) string { return c.cell(r) })
		}
	}
	return b.String()
}

func (all comparisons) markdown() string {
	var b strings.Builder
	b.WriteString("| | simulated | processes | difference |\n| --- | ---: | ---: | ---: |\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| %s | %.1f | %.1f | %+.1f %% |\n", c.What, c.Simulated, c.Real, c.off())
	}
	return b.String()
}

// write puts the tables into scale.md and the plots beside it.
func write(docs string, all []*result, check comparisons) error {
	page, err := fillPage(docs, all, check)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(docs, "scale.md"), []byte(page), 0o644); err != nil {
		return err
	}
	dir := filepath.Join(docs, "scale")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range pictures {
		if err := p.draw(dir, all); err != nil {
			return fmt.Errorf("%s: %w", p.file, err)
		}
	}
	return nil
}

// fillPage is scale.md with new tables.
func fillPage(docs string, all []*result, check comparisons) (string, error) {
	name := filepath.Join(docs, "scale.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	page := string(text)
	for _, t := range tables {
		if page, err = fill(page, t.name, t.markdown(all)); err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
	}
	if page, err = fill(page, "check", check.markdown()); err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return page, nil
}

// fill replaces what is between the marks of that name.
func fill(page, name, with string) (string, error) {
	begin, end := "<!-- begin "+name+" -->\n", "<!-- end "+name+" -->"
	head, rest, ok := strings.Cut(page, begin)
	_, tail, found := strings.Cut(rest, end)
	if !ok || !found {
		return "", errors.New("no marks for " + name)
	}
	return head + begin + with + end + tail, nil
}

// String is all of it for whoever waits.
func (r *result) String() string {
	text := fmt.Sprintf("%d slaves, %d global nodes, in %v:", r.Slaves, r.Globals, r.Wall.Round(time.Millisecond))
	for _, t := range tables {
		text += "\n  " + t.name + ":"
		for i, c := range t.columns {
			if i > 0 {
				text += ","
			}
			text += " " + c.head + " " + c.cell(r)
		}
	}
	return text
}
