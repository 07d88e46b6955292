package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

// A team is the processes that play one workload for one system.
type team struct {
	path  string // of the program
	spec  play.Spec
	env   []string
	cpus  *[2]int // of receiver and sender
	label string  // in names of profiles
	dir   string  // of profiles; empty: none

	children []*child
	said     chan said
	over     chan struct{}

	address string // where the receiver listens
	skip    string // why the system doesn't play
	begun   time.Time
	sent    *play.Result // what the sender has counted
	got     *play.Result // what was measured

	pids   []int
	before map[int]time.Duration
	cpu    time.Duration // from begin to result
	peak   int64
}

func newTeam(path string, s play.Spec) *team {
	return &team{path: path, spec: s, said: make(chan said), over: make(chan struct{})}
}

// start starts a process of the team.
func (t *team) start(role string) error {
	s := t.spec
	s.Address = t.address
	if t.dir != "" {
		s.Profile = filepath.Join(t.dir, fmt.Sprintf("%s-%s.pprof", t.label, role))
	}
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	cpu := -1
	if t.cpus != nil {
		cpu = t.cpus[map[string]int{play.Sender: 1}[role]]
	}
	c, err := startChild(t.path, []string{role, string(text)}, t.env, role, cpu, t.hear)
	if err != nil {
		return err
	}
	t.children = append(t.children, c)
	return nil
}

// hear is called by the children.
func (t *team) hear(s said) {
	select {
	case t.said <- s:
	case <-t.over:
	}
}

// until takes what the children say, until all that is needed has been said.
func (t *team) until(ctx context.Context, enough func() bool) error {
	for !enough() {
		select {
		case s := <-t.said:
			if err := t.take(s); err != nil {
				return err
			}
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return errors.New("it hung: no " + t.missing())
			}
			return ctx.Err()
		}
	}
	return nil
}

// errSkip is for a system that doesn't have the workload; the team knows why.
var errSkip = errors.New("not played")

func (t *team) take(s said) error {
	switch l := s.line; {
	case s.err != nil:
		if !t.needs(s.by.role) {
			return nil
		}
		return s.err
	case l.Skip != "":
		t.skip = l.Skip
		return errSkip
	case l.Error != "":
		return fmt.Errorf("the %s said: %s", s.by.role, l.Error)
	case l.Ready != "":
		t.address = l.Ready
	case l.Begin:
		return t.begin(s.by.role)
	case l.Result != nil:
		return t.result(s.by.role, l.Result)
	}
	return nil
}

// needs says whether there is something that the role hasn't said yet. One that has said
// all may end.
func (t *team) needs(role string) bool {
	return t.got == nil || role == play.Sender && t.floods() && t.sent == nil
}

// missing is what hasn't been said yet.
func (t *team) missing() string {
	switch {
	case t.address == "" && t.measurer() != play.Alone:
		return "address of the receiver"
	case t.spec.Kind == play.Start:
		return "message from the sender"
	case t.got == nil && t.begun.IsZero():
		return "result of the " + t.measurer() + ", nor has it begun to measure"
	case t.got == nil:
		return "result of the " + t.measurer() + ", though it has begun to measure"
	}
	return "result of the sender"
}

// floods says whether the sender has a result of its own.
func (t *team) floods() bool {
	switch t.spec.Kind {
	case play.Local, play.OneWay, play.FanIn, play.Stream:
		return true
	}
	return false
}

// measurer is the role that measures.
func (t *team) measurer() string {
	switch t.spec.Kind {
	case play.Local, databaseKind:
		return play.Alone
	case play.PingPong, play.Call:
		return play.Sender
	}
	return play.Receiver
}

func (t *team) begin(role string) (err error) {
	if role != t.measurer() || !t.begun.IsZero() {
		return nil
	}
	t.begun = time.Now()
	if t.pids, err = members(t.groups()...); err != nil {
		return err
	}
	t.before = cpuTimes(t.pids)
	return nil
}

func (t *team) groups() (all []int) {
	for _, c := range t.children {
		all = append(all, c.group())
	}
	return all
}

func (t *team) result(role string, r *play.Result) (err error) {
	// Alone says two: only what was measured has seconds.
	if t.floods() && (role == play.Sender || role == play.Alone && r.Seconds == 0) {
		t.sent = r
		return nil
	}
	if role != t.measurer() {
		return nil
	}
	t.got = r
	if t.begun.IsZero() { // nothing but memory is measured
		if t.pids, err = members(t.groups()...); err != nil {
			return err
		}
	} else {
		t.cpu = since(t.before, cpuTimes(t.pids))
	}
	t.peak = peakMemory(t.pids)
	return nil
}

// end ends all processes. An error gets what they have said on standard error.
func (t *team) end(err error) error {
	close(t.over)
	for _, c := range t.children {
		c.end()
	}
	if err == nil || errors.Is(err, errSkip) {
		return err
	}
	for _, c := range t.children {
		if text := c.errors.String(); text != "" {
			err = fmt.Errorf("%w; %s: %s", err, c.role, strings.ReplaceAll(text, "\n", " | "))
		}
	}
	return err
}
