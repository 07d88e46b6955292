package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// scripted is a system whose script says check when it is asked, and is played by an actor.
func scripted(t *testing.T, name, actorName, check string) *system {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(t.TempDir(), "run")
	text := fmt.Sprintf("#!/bin/sh\nif [ \"$1\" = check ]; then\n%s\nexit\nfi\n%s=%s exec %s \"$@\"\n", check, actor, actorName, self)
	if err := os.WriteFile(script, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return &system{name: name, class: peer, script: script}
}

func TestSystemsTakeTurnsInEachRepetition(t *testing.T) {
	gone := &system{name: "gone", class: peer, script: "no/such/run"}
	unfit := scripted(t, "unfit", "honest", "echo install something; exit 1")
	p := &plan{
		workloads: []*workload{
			{name: "a", spec: text32(play.Spec{Kind: play.OneWay})},
			{name: "b", spec: text32(play.Spec{Kind: play.Local})},
		},
		systems: []*system{
			scripted(t, "honest", "honest", "echo version 7; echo more"),
			scripted(t, "lacks", "lacks", ""), scripted(t, "loses", "loses", ""), gone, unfit,
		},
		reps: 2, loops: 1, run: time.Millisecond,
	}
	p.systems[1].plays = []string{"a"}
	p.systems[2].plays = []string{"a"}
	var text strings.Builder
	tell := &progress{to: &text, plan: p}
	r := p.prepare(t.Context(), t.TempDir(), tell)
	p.rounds(t.Context(), r, tell)

	var got []string
	for _, x := range r.runs {
		line := fmt.Sprint(x.Repetition, " ", x.Workload, " ", x.System)
		if x.Failure != "" {
			line += " failed"
		}
		got = append(got, line)
	}
	if want := "1 a honest, 1 a loses failed, 1 b honest, 2 a honest, 2 a loses failed, 2 b honest"; strings.Join(got, ", ") != want {
		t.Errorf("ran %s", strings.Join(got, ", "))
	}
	if len(r.skips) != 3 || r.skips[1] != (skip{System: "unfit", Why: "install something"}) || r.skips[2] != (skip{"lacks", "a", "has no ports"}) ||
		!strings.Contains(r.skips[0].Why, "no such file") {
		t.Errorf("skipped %q", r.skips)
	}
	if v := r.ready[p.systems[0]].version; v != "version 7" {
		t.Errorf("version %q", v)
	}
	if !strings.Contains(text.String(), "7/7 b, honest, repetition 2 of 2") {
		t.Errorf("told:\n%s", &text)
	}
}

func TestNothingMoreIsRunOnceInterrupted(t *testing.T) {
	p := &plan{
		workloads: []*workload{{name: "a", spec: text32(play.Spec{Kind: play.OneWay})}},
		systems:   []*system{scripted(t, "honest", "honest", "")}, reps: 2, loops: 1,
	}
	tell := &progress{to: &strings.Builder{}, plan: p}
	r := p.prepare(t.Context(), t.TempDir(), tell)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p.rounds(ctx, r, tell)
	if again := p.prepare(ctx, t.TempDir(), tell); len(r.ready) != 1 || len(r.runs)+len(again.ready)+len(again.skips) != 0 {
		t.Errorf("%+v, then %+v", r, again)
	}
}

func TestAWorkloadNeedsTheCPUsThatItNames(t *testing.T) {
	w := &workload{cpus: &[2]int{0, 1 << 20}}
	if why := w.impossible(); !strings.HasPrefix(why, "the machine has ") {
		t.Errorf("%q", why)
	}
	if why := (&workload{cpus: &[2]int{0, 0}}).impossible(); why != "" {
		t.Error(why)
	}
}

func TestAProgramThatCannotBeBuiltIsToldOf(t *testing.T) {
	b := &builder{dir: t.TempDir(), done: map[string]error{}}
	for range 2 { // the second time as it was
		_, err := b.ready(t.Context(), &system{dir: ".", pkg: "./testdata"})
		if err == nil || !strings.HasPrefix(err.Error(), "go build ./testdata in .: exit status 1: ") {
			t.Errorf("got %v", err)
		}
	}
}

func TestVersionsAreThoseThatAProgramWasBuiltWith(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if v, err := builtWith(self, "gonum.org/v1/plot"); err != nil || !strings.HasPrefix(v, "v0.") {
		t.Errorf("%q, %v", v, err)
	}
	if _, err := builtWith(self, "example.org/nothing"); err == nil {
		t.Error("it was built with nothing")
	}
}
