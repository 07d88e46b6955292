package main

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

func TestTheProcessGroupIsFoundBehindAnyName(t *testing.T) {
	for line, want := range map[string]int{
		"12 (sh) S 1 77 5 0":             77,
		"12 (a) b) (c 9 9 9) S 1 78 5 0": 78,
		"12 (sh":                         0,
		"":                               0,
	} {
		if got := groupIn([]byte(line)); got != want {
			t.Errorf("%q: %d, not %d", line, got, want)
		}
	}
}

func TestThisProcessIsInItsGroup(t *testing.T) {
	pids, err := members(syscall.Getpgrp())
	if err != nil || !slices.Contains(pids, os.Getpid()) {
		t.Errorf("%v, %v", pids, err)
	}
}

func TestCPUTimeIsThatOfTheWholeProcess(t *testing.T) {
	pids := []int{os.Getpid()}
	before, first := cpuTimes(pids), cpuTime()
	for cpuTime() < first+50*time.Millisecond {
	}
	last := cpuTime()
	if got := since(before, cpuTimes(pids)); got < 50*time.Millisecond || got > last-first+50*time.Millisecond {
		t.Errorf("%v, but getrusage says %v", got, last-first)
	}
}

func TestAProcessThatHasBegunLaterCountsFromItsStart(t *testing.T) {
	before := map[int]time.Duration{1: 10}
	if got := since(before, map[int]time.Duration{1: 15, 2: 7}); got != 12 {
		t.Error(got)
	}
}

func TestThePeakOfMemoryIsRead(t *testing.T) {
	if got := highWater([]byte("VmPeak:\t  99 kB\nVmHWM:\t   12 kB\nVmRSS:\t 1 kB\n")); got != 12<<10 {
		t.Error(got)
	}
	if got := highWater([]byte("Name:\tkthread\n")); got != 0 {
		t.Error(got)
	}
	if got := peakMemory([]int{os.Getpid()}); got < 1<<20 {
		t.Errorf("%d octets", got)
	}
}

func TestTheModelOfTheCPUIsFound(t *testing.T) {
	if got := modelIn([]byte("processor\t: 0\nmodel name\t: Some CPU: 3 GHz\nmodel name\t: x\n")); got != "Some CPU: 3 GHz" {
		t.Errorf("%q", got)
	}
	if got := modelIn(nil); got != "unknown CPU" {
		t.Errorf("%q", got)
	}
	m, err := thisMachine()
	if err != nil || m.Memory < 1<<20 || m.Kernel == "" {
		t.Errorf("%+v, %v", m, err)
	}
}
