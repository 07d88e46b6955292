package main

import (
	"bytes"
	"errors"
	"log/slog"
	"regexp"
	"testing"
	"testing/slogtest"
)

func TestTheLogIsReadableInATerminal(t *testing.T) {
	var b bytes.Buffer
	log := newLogger(&b, false, slog.LevelInfo)
	log.Debug("not seen")
	log.Info("node up", "peer", "b", "reason", errors.New("two\nlines \x1b[2J"))
	log.With("node", "a").WithGroup("g").With("x", 1).Warn("odd", "empty", "", slog.Group("h", "y", "k=v"), slog.Attr{})
	want := regexp.MustCompile(`^\d\d:\d\d:\d\d\.\d{3} info  node up peer=b reason="two\\nlines \\x1b\[2J"
\d\d:\d\d:\d\d\.\d{3} warn  odd node=a g.x=1 g.empty="" g.h.y="k=v"
$`)
	if !want.Match(b.Bytes()) {
		t.Errorf("got:\n%s", &b)
	}
}

func TestTheTextLogKeepsTheRulesOfSlog(t *testing.T) {
	var b bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		b.Reset()
		return &textHandler{out: &lines{w: &b}, level: slog.LevelInfo}
	}, func(t *testing.T) map[string]any { return parseLine(t, b.String()) })
}

var (
	linePattern = regexp.MustCompile(`^(\d\d:\d\d:\d\d\.\d{3} )?(\w+) +(\S+)((?: \S+=\S*)*)\n$`)
	attrPattern = regexp.MustCompile(` (\S+)=(\S*)`)
)

// parseLine makes of a line what slogtest expects: groups are maps.
func parseLine(t *testing.T, text string) map[string]any {
	parts := linePattern.FindStringSubmatch(text)
	if parts == nil {
		t.Fatalf("not a line: %q", text)
	}
	record := map[string]any{slog.LevelKey: parts[2], slog.MessageKey: parts[3]}
	if parts[1] != "" {
		record[slog.TimeKey] = parts[1]
	}
	for _, attr := range attrPattern.FindAllStringSubmatch(parts[4], -1) {
		put(record, attr[1], attr[2])
	}
	return record
}

func put(in map[string]any, path, value string) {
	parts := regexp.MustCompile(`^([^.]+)\.(.+)$`).FindStringSubmatch(path)
	if parts == nil {
		in[path] = value
		return
	}
	group, ok := in[parts[1]].(map[string]any)
	if !ok {
		group = map[string]any{}
		in[parts[1]] = group
	}
	put(group, parts[2], value)
}
