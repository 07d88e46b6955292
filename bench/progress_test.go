package main

import (
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

func TestTheTimeLeftGoesByHowItWentSoFar(t *testing.T) {
	w := workload{name: "w", spec: text32(play.Spec{Kind: play.OneWay})}
	pl := &plan{reps: 2, run: 700 * time.Millisecond} // a second each
	a, b := turn{&w, &system{name: "a"}}, turn{&w, &system{name: "b"}}
	var text strings.Builder
	p := &progress{to: &text, plan: pl}
	p.begin([]turn{a, b})
	if got := p.left(0); got != 4*time.Second {
		t.Error(got)
	}
	p.running(a, 0)
	p.ran(a)
	if got := p.left(2 * time.Second); got != 6*time.Second {
		t.Errorf("%v after a run that took twice as long", got)
	}
	p.not(b, 2)
	if got := p.left(2 * time.Second); got != 2*time.Second {
		t.Errorf("%v without one of two", got)
	}
	p.running(a, 1)
	if want := "1/4 w, a, repetition 1 of 2, 4s left\n2/2 w, a, repetition 2 of 2, "; !strings.HasPrefix(text.String(), want) {
		t.Errorf("%q", &text)
	}
}

func TestOnATerminalOneLineIsWrittenOver(t *testing.T) {
	var text strings.Builder
	p := &progress{to: &text, terminal: true, plan: &plan{systems: make([]*system, 2)}}
	p.building(&system{name: "a"}, 0)
	p.failed(&run{Workload: "w", System: "s", Repetition: 3, Failure: "hung"})
	p.end()
	if want := "\r\x1b[K1/2 building a\r\x1b[Kfailed: w, s, repetition 3: hung\n\r\x1b[K"; text.String() != want {
		t.Errorf("%q", &text)
	}
}
