package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/bench/play"
)

// teamOf is a team that an actor plays.
func teamOf(t *testing.T, name string, s play.Spec) *team {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	team := newTeam(self, s)
	team.env = []string{actor + "=" + name}
	return team
}

const long = time.Minute // more than any run here takes

func TestARunOfTwoProcessesIsVerified(t *testing.T) {
	r, err := conduct(t.Context(), teamOf(t, "honest", text32(play.Spec{Kind: play.OneWay})), long)
	if err != nil {
		t.Fatal(err)
	}
	if r.Messages != actorsCount || r.Seconds != 0.5 || r.Note != "as it is" || r.Peak < 1<<20 {
		t.Errorf("got %+v", r)
	}
	if r.Mallocs == nil || *r.Mallocs != 42 {
		t.Errorf("objects of both processes: %v", r.Mallocs)
	}
}

func TestWhatLibrariesPrintIsNotForTheHarness(t *testing.T) {
	if _, err := conduct(t.Context(), teamOf(t, "prints", text32(play.Spec{Kind: play.OneWay})), long); err != nil {
		t.Error(err)
	}
}

func TestOneProcessAloneSaysBothResults(t *testing.T) {
	r, err := conduct(t.Context(), teamOf(t, "honest", text32(play.Spec{Kind: play.Local})), long)
	if err != nil || r.Messages != actorsCount || *r.Mallocs != 40 {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestRoundTripsAreMeasuredByTheSender(t *testing.T) {
	r, err := conduct(t.Context(), teamOf(t, "trips", text32(play.Spec{Kind: play.PingPong})), long)
	if err != nil || r.Messages != 7 || r.Seconds != 1 {
		t.Fatalf("got %+v, %v", r, err)
	}
	if r.CPU < 0.05 || r.CPU > 1 { // it began a little before it was looked at
		t.Errorf("%v s of CPU for 200 ms", r.CPU)
	}
}

func TestARunThatGoesWrongFailsWithTheReason(t *testing.T) {
	for name, reason := range map[string]string{
		"hangs":   "it hung: no address of the receiver",
		"hangs2":  "it hung: no result of the sender",
		"loses":   "has got 3 messages of 4",
		"fails":   "the receiver said: no luck today",
		"dies":    "the receiver ended early; receiver: out of | memory",
		"babbles": `the receiver said "hello\n": invalid character`,
	} {
		t.Run(name, func(t *testing.T) {
			limit := long
			if strings.HasPrefix(name, "hangs") {
				limit = time.Second
			}
			_, err := conduct(t.Context(), teamOf(t, name, text32(play.Spec{Kind: play.OneWay})), limit)
			if err == nil || !strings.Contains(err.Error(), reason) {
				t.Errorf("got %v, wanted %q", err, reason)
			}
		})
	}
}

func TestASystemCanDoWithoutAWorkload(t *testing.T) {
	r, err := conduct(t.Context(), teamOf(t, "lacks", text32(play.Spec{Kind: play.OneWay})), long)
	if err != nil || r.skip != "has no ports" {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestWhatAChildHasStartedEndsWithIt(t *testing.T) {
	_, err := conduct(t.Context(), teamOf(t, "leaves", text32(play.Spec{Kind: play.OneWay})), long)
	var pid int
	if _, scan := fmt.Sscanf(err.Error(), "the receiver said: left %d", &pid); scan != nil {
		t.Fatal(err)
	}
	if !gone(t, pid) {
		syscall.Kill(pid, syscall.SIGKILL)
		t.Error("it is there yet")
	}
}

// gone waits until a process has ended, but not for ever.
func gone(t *testing.T, pid int) bool {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return errors.Is(err, unix.ESRCH)
	}
	defer unix.Close(fd)
	n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(grace/time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

func TestTheRunEndsWhenTheHarnessIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := conduct(ctx, teamOf(t, "hangs", text32(play.Spec{Kind: play.OneWay})), long)
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestStartsAreTimedFromTheStartOfTheSender(t *testing.T) {
	next := func() *team { return teamOf(t, "starts", text32(play.Spec{Kind: play.Start})) }
	r, err := conductStarts(t.Context(), next, long)
	if err != nil || r.Messages != starts {
		t.Fatalf("got %+v, %v", r, err)
	}
	if n := merge([]run{r}).TotalCount(); n != starts {
		t.Errorf("%d times", n)
	}
}

func TestAChildStaysOnItsCPU(t *testing.T) {
	team := teamOf(t, "honest", text32(play.Spec{Kind: play.OneWay}))
	team.cpus = &[2]int{0, 0}
	if err := team.start(play.Receiver); err != nil {
		t.Fatal(err)
	}
	defer team.end(nil)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", team.groups()[0]))
	if err != nil || !strings.Contains(string(status), "Cpus_allowed_list:\t0\n") {
		t.Errorf("%s, %v", status, err)
	}
}

func TestAChildGetsItsSpecification(t *testing.T) {
	p := &plan{reps: 1, warm: time.Second, run: 2 * time.Second, loops: 3}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(actor, "tells")
	w := workload{name: "w", spec: text32(play.Spec{Kind: databaseKind})}
	r := p.once(t.Context(), turn{&w, &system{name: "s"}}, 0, self)
	want := `{"kind":"database","system":"s","pairs":1,"ports":1,"links":1,"depth":1,"size":32,"loops":3,"warm":1000000000,"for":2000000000}3`
	if r.Failure != "" || r.Note != want {
		t.Errorf("%s: got  %s\nwanted %s", r.Failure, r.Note, want)
	}
}
