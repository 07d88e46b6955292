package history

import (
	"fmt"
	"strings"
	"time"
)

// A History is what happened so far, and what was wrong with it.
type History struct {
	now        func() time.Duration
	events     []event
	names      []string
	numbers    map[string]int32
	hash       uint64
	violations []Violation

	processes []*Process
	started   map[string]int
	ports     map[string]*port // by ID, the latest of that ID
	streams   map[way]*stream
	order     []*stream       // as they began
	spawns    map[string]bool // by port ID: the function has run
	requests  []request
	calm      bool
	entries   map[entry]struct{} // everything that was ever stored in the database
}

// A Violation is a promise that wasn't kept.
type Violation struct {
	At   time.Duration
	What string

	event int // how many events there were
}

func (v Violation) String() string { return fmt.Sprintf("%s %s", stamp(v.At), v.What) }

// New is an empty history; now is the run's clock.
func New(now func() time.Duration) *History {
	return &History{
		now:     now,
		numbers: map[string]int32{},
		hash:    14695981039346656037,
		started: map[string]int{},
		ports:   map[string]*port{},
		streams: map[way]*stream{},
		spawns:  map[string]bool{},
		entries: map[entry]struct{}{},
	}
}

// Violations are those found so far.
func (h *History) Violations() []Violation { return h.violations }

// Len is the number of events.
func (h *History) Len() int { return len(h.events) }

// Hash is equal for equal histories.
func (h *History) Hash() uint64 { return h.hash }

func (h *History) wrong(format string, args ...any) {
	h.violations = append(h.violations, Violation{h.now(), fmt.Sprintf(format, args...), len(h.events)})
}

// maxShown bounds the violations in a Report: one defect breaks many promises.
const maxShown = 10

// Report tells the violations and the n events before the first of them.
func (h *History) Report(n int) string {
	if len(h.violations) == 0 {
		return "nothing wrong\n"
	}
	var b strings.Builder
	first := h.violations[0]
	for _, e := range h.events[max(0, first.event-n):first.event] {
		b.WriteString(h.describe(e))
		b.WriteByte('\n')
	}
	for i, v := range h.violations {
		if i == maxShown {
			fmt.Fprintf(&b, "and %d more\n", len(h.violations)-i)
			break
		}
		fmt.Fprintf(&b, "WRONG %s\n", v)
	}
	return b.String()
}

// About is the events that have one of the names in them, in a Report's form.
func (h *History) About(names ...string) string {
	var b strings.Builder
	for _, e := range h.events {
		line := h.describe(e)
		for _, name := range names {
			if strings.Contains(line, name) {
				b.WriteString(line)
				b.WriteByte('\n')
				break
			}
		}
	}
	return b.String()
}

// Note writes down something that no rule is about.
func (h *History) Note(what string) { h.write(noted, "", what, 0, 0, false) }
