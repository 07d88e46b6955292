package seeds

import (
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestScenariosOfKeptNodesAreReplayedToTheLetter(t *testing.T) {
	replayAll(t, "testdata/keep/*.txt", func() actor {
		p := new(holder)
		p.machine = newKeepMachine(monitorTimeout, func() float64 { return p.random })
		return p
	})
}

// A holder plays scenarios of kept nodes: each line is a time, what happened, and to
// which node.
type holder struct {
	random  float64
	machine *keepMachine
}

func (p *holder) play(words []string) (actions []Action, err error) {
	if words[0] == "random" {
		p.random, err = strconv.ParseFloat(words[1], 64)
		return nil, err
	}
	now, err := time.ParseDuration(words[0])
	if err != nil {
		return nil, err
	}
	node := words[2]
	switch words[1] {
	case "keep":
		return p.machine.keep(now, node), nil
	case "release":
		return p.machine.release(node), nil
	case "tick":
		return p.machine.tick(now, node), nil
	case "up":
		return p.machine.nodeUp(node), nil
	case "down":
		return p.machine.nodeDown(now, node), nil
	}
	return nil, fmt.Errorf("unknown event %q", words[1])
}

func TestAKeepMachineWithoutAMonitorTimeoutIsRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic: its attempts would follow each other without a pause")
		}
	}()
	newKeepMachine(0, func() float64 { return 0 })
}

// A keptModel checks that a node is cared for exactly as long as it is wanted and
// isn't connected, and neither too early nor too late.
type keptModel struct {
	t      *rapid.T
	m      *keepMachine
	now    time.Duration
	wanted map[string]int
	up     map[string]bool
	timers map[string]time.Duration
}

func (s *keptModel) take(actions []Action) {
	for _, a := range actions {
		switch a.Do {
		case Connect:
			if s.wanted[a.Node] == 0 || s.up[a.Node] {
				s.t.Fatalf("%s is connected for nobody", a.Node)
			}
		case SetTimer:
			if a.At < s.now || a.At > s.now+monitorTimeout {
				s.t.Fatalf("at %v the timer is set to %v", s.now, a.At)
			}
			s.timers[a.Node] = a.At
		case StopTimer:
			delete(s.timers, a.Node)
		default:
			s.t.Fatalf("%v", a)
		}
	}
	for node, holders := range s.wanted {
		if _, set := s.timers[node]; holders > 0 && !s.up[node] && !set {
			s.t.Fatalf("at %v nobody cares for %s", s.now, node)
		}
	}
}

// wait lets time pass to the next timer.
func (s *keptModel) wait(*rapid.T) {
	if len(s.timers) == 0 {
		s.now += time.Second
		return
	}
	var nodes []string
	first := time.Duration(1 << 62)
	for node, at := range s.timers {
		switch {
		case at < first:
			first, nodes = at, []string{node}
		case at == first:
			nodes = append(nodes, node)
		}
	}
	s.now = first
	slices.Sort(nodes)
	for _, node := range nodes {
		delete(s.timers, node)
		s.take(s.m.tick(s.now, node))
	}
}

func TestAWantedNodeIsAlwaysCaredFor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fraction := rapid.Float64Range(0, 0.999)
		s := &keptModel{
			t:      t,
			m:      newKeepMachine(monitorTimeout, func() float64 { return fraction.Draw(t, "random") }),
			wanted: map[string]int{},
			up:     map[string]bool{},
			timers: map[string]time.Duration{},
		}
		node := rapid.SampledFrom([]string{"alpha", "beta", "gamma"})
		t.Repeat(map[string]func(*rapid.T){
			"keep": func(t *rapid.T) {
				n := node.Draw(t, "node")
				s.wanted[n]++
				s.take(s.m.keep(s.now, n))
			},
			"release": func(t *rapid.T) {
				n := node.Draw(t, "node")
				s.wanted[n] = max(0, s.wanted[n]-1)
				s.take(s.m.release(n))
			},
			"up": func(t *rapid.T) {
				n := node.Draw(t, "node")
				s.up[n] = true
				s.take(s.m.nodeUp(n))
			},
			"down": func(t *rapid.T) {
				n := node.Draw(t, "node")
				s.up[n] = false
				s.take(s.m.nodeDown(s.now, n))
			},
			"wait": s.wait,
			"": func(t *rapid.T) {
				if len(s.m.wanted) > len(s.wanted) {
					t.Fatalf("%d nodes are remembered", len(s.m.wanted))
				}
			},
		})
	})
}
