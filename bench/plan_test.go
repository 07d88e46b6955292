package main

import (
	"flag"
	"strings"
	"testing"
	"time"
)

// withFlags is the plan that the command line makes.
func withFlags(t *testing.T, args ...string) (*plan, error) {
	t.Helper()
	old := flag.CommandLine
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	old.VisitAll(func(f *flag.Flag) { set.Var(f.Value, f.Name, f.Usage) })
	flag.CommandLine = set
	t.Cleanup(func() {
		flag.CommandLine = old
		old.VisitAll(func(f *flag.Flag) {
			if !strings.HasPrefix(f.Name, "test.") && f.Name != "rewrite" {
				f.Value.Set(f.DefValue)
			}
		})
	})
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return newPlan()
}

func TestWithoutFlagsEverythingIsRunFiveTimes(t *testing.T) {
	p, err := withFlags(t)
	if err != nil || len(p.workloads) != len(workloads) || len(p.systems) != len(systems) || p.reps != 5 {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestAQuickRunIsShort(t *testing.T) {
	p, err := withFlags(t, "-quick")
	if err != nil || len(p.workloads) != 3 || p.reps != 1 || p.run != time.Second {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestWhatIsGivenIsMoreThanQuick(t *testing.T) {
	p, err := withFlags(t, "-quick", "-workloads", "call", "-reps", "3", "-for", "5s", "-systems", "aemp", "-profile", t.TempDir())
	if err != nil || len(p.workloads) != 1 || p.reps != 3 || p.run != 5*time.Second || len(p.systems) != 1 || p.profiles == "" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, args := range [][]string{
		{"-reps", "0"}, {"-for", "0s"}, {"-warm", "-1s"}, {"-loops", "0"}, {"-workloads", "typo"}, {"-systems", "typo"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			if p, err := withFlags(t, args...); err == nil {
				t.Errorf("it became %+v", p)
			}
		})
	}
}

func TestTheListHasAllNames(t *testing.T) {
	text := listing()
	for _, w := range workloads {
		if !strings.Contains(text, " "+w.name+" ") {
			t.Errorf("no %s", w.name)
		}
	}
	for _, s := range systems {
		if !strings.Contains(text, "  "+s.name+" ") {
			t.Errorf("no %s", s.name)
		}
	}
}
