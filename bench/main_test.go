package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/aemp-go/aemp/bench/play"
)

var rewrite = flag.Bool("rewrite", false, "write testdata anew")

// actor, in the environment, makes the test program one of the actors.
const actor = "BENCH_TEST_ACTOR"

func TestMain(m *testing.M) {
	switch name := os.Getenv(actor); name {
	case "":
	case "babbles":
		fmt.Println("hello")
		return
	default:
		play.Main(actors[name])
		return
	}
	flag.Parse()
	os.Exit(m.Run())
}

const actorsCount = 3 // messages that an actor says to have sent

func honestReceiver(s play.Spec) error {
	play.Say(play.Line{Ready: "here"})
	play.Say(play.Line{Begin: true})
	sum := play.Checksum(actorsCount, play.Text(s.Size))
	mallocs := uint64(40)
	play.Say(play.Line{Result: &play.Result{Counts: []int64{actorsCount}, Seconds: 0.5, Checksum: sum, Mallocs: &mallocs, Note: "as it is"}})
	return nil
}

func honestSender(s play.Spec) error {
	if s.Address != "here" {
		return fmt.Errorf("address %q", s.Address)
	}
	mallocs := uint64(2)
	play.Say(play.Line{Result: &play.Result{Counts: []int64{actorsCount}, Mallocs: &mallocs}})
	return nil
}

// cpuTime is what this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return time.Hour
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func silent(play.Spec) error { select {} }

// actors are child programs for the tests, by their names.
var actors = map[string]map[string]func(play.Spec) error{
	"honest": {play.Receiver: honestReceiver, play.Sender: honestSender, play.Alone: func(s play.Spec) error {
		if err := honestReceiver(s); err != nil {
			return err
		}
		s.Address = "here"
		return honestSender(s)
	}},
	"hangs":  {play.Receiver: silent},
	"hangs2": {play.Receiver: honestReceiver, play.Sender: silent},
	"loses": {play.Receiver: honestReceiver, play.Sender: func(s play.Spec) error {
		play.Say(play.Line{Result: &play.Result{Counts: []int64{actorsCount + 1}}})
		return nil
	}},
	"fails": {play.Receiver: func(play.Spec) error { return fmt.Errorf("no luck today") }},
	"lacks": {play.Receiver: func(play.Spec) error { return play.Skip("has no %s", "ports") }},
	"dies": {play.Receiver: func(play.Spec) error {
		fmt.Fprintln(os.Stderr, "out of\nmemory")
		os.Exit(3)
		return nil
	}},
	"prints": {play.Receiver: func(s play.Spec) error { fmt.Println("hello"); return honestReceiver(s) }, play.Sender: honestSender},
	// A child of its own, which keeps the standard output open, is left behind.
	"leaves": {play.Receiver: func(s play.Spec) error {
		orphan := exec.Command("sleep", "600")
		orphan.Stdout = os.Stdout
		if err := orphan.Start(); err != nil {
			return err
		}
		return fmt.Errorf("left %d", orphan.Process.Pid)
	}},
	"trips": {play.Receiver: honestReceiver, play.Sender: func(s play.Spec) error {
		play.Say(play.Line{Begin: true})
		for cpuTime() < 200*time.Millisecond { // to be measured
		}
		play.Say(play.Line{Result: &play.Result{Counts: []int64{7}, Seconds: 1, Laps: []play.Lap{{Nanoseconds: 1000, Count: 7}}}})
		return nil
	}},
	"starts": {play.Receiver: func(play.Spec) error {
		play.Say(play.Line{Ready: "here"})
		// The message comes a little later than the sender.
		time.AfterFunc(5*time.Millisecond, func() { play.Say(play.Line{Begin: true}) })
		return nil
	}, play.Sender: silent},
	"tells": {play.Alone: func(s play.Spec) error {
		text, err := json.Marshal(s)
		play.Say(play.Line{Result: &play.Result{Note: string(text) + os.Getenv("GOMAXPROCS"), Seconds: 1}})
		return err
	}},
}
