package global

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A story is a scenario inside a test: events, and below each, indented, what they give in
// any order, without log lines and timers. Nobody looks at what an event with a dot before
// it gives. The time is 0, or what a line like "at 3s" says.
func story(t *testing.T, text string) *player {
	t.Helper()
	p := newPlayer(t, "me")
	p.start()
	p.tell(text)
	return p
}

// tell goes on with a story.
func (p *player) tell(text string) {
	p.t.Helper()
	lines := slices.DeleteFunc(strings.Split(text, "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	indent := len(lines[0]) - len(strings.TrimLeft(lines[0], "\t"))
	below := strings.Repeat("\t", indent+1)
	for i := 0; i < len(lines); {
		event := strings.TrimSpace(lines[i])
		var want []string
		for i++; i < len(lines) && strings.HasPrefix(lines[i], below); i++ {
			want = append(want, strings.TrimSpace(lines[i]))
		}
		p.event(event, want)
	}
}

func (p *player) event(event string, want []string) {
	p.t.Helper()
	if at, ok := strings.CutPrefix(event, "at "); ok {
		now, err := time.ParseDuration(at)
		if err != nil {
			p.t.Fatal(err)
		}
		p.now = now
		return
	}
	event, silent := strings.CutPrefix(event, ". ")
	p.heard = nil
	if err := p.play(event); err != nil {
		p.t.Fatalf("%q: %v", event, err)
	}
	got := slices.DeleteFunc(p.heard, func(line string) bool {
		return strings.HasPrefix(line, "log ") || strings.HasPrefix(line, "timer ")
	})
	for i := range got {
		got[i] = strings.TrimSpace(got[i])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !silent && !slices.Equal(got, want) {
		p.t.Errorf("%s\ngives\n\t%s\nnot\n\t%s", event, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
