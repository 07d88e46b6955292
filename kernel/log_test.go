package kernel_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
)

// A logBook is a slog.Handler that keeps what is logged.
type logBook struct {
	mu    sync.Mutex
	lines []logLine
}

type logLine struct {
	level slog.Level
	text  string
	attrs map[string]string
}

func (l logLine) String() string { return fmt.Sprint(l.level, " ", l.text, " ", l.attrs) }

func (b *logBook) Enabled(context.Context, slog.Level) bool { return true }
func (b *logBook) WithAttrs([]slog.Attr) slog.Handler       { return b }
func (b *logBook) WithGroup(string) slog.Handler            { return b }

func (b *logBook) Handle(_ context.Context, r slog.Record) error {
	l := logLine{r.Level, r.Message, map[string]string{}}
	r.Attrs(func(a slog.Attr) bool {
		l.attrs[a.Key] = a.Value.String()
		return true
	})
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines = append(b.lines, l)
	return nil
}

// find lists the lines with that text and, if it isn't empty, that reason.
func (b *logBook) find(text, reason string) []logLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []logLine
	for _, l := range b.lines {
		if l.text == text && (reason == "" || strings.Contains(l.attrs["reason"], reason)) {
			found = append(found, l)
		}
	}
	return found
}

// errors lists the lines of level Error, save those of handlers that a test let fail.
func (b *logBook) errors() []logLine {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []logLine
	for _, l := range b.lines {
		if l.level >= slog.LevelError && !strings.Contains(l.attrs["reason"], meant) {
			found = append(found, l)
		}
	}
	return found
}

// meant is in the text of every panic that a test causes on purpose.
const meant = "on purpose"

func (b *logBook) dump(t testing.TB) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, l := range b.lines[max(0, len(b.lines)-30):] {
		t.Log(l)
	}
}
