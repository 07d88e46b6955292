package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// members are the processes of some process groups.
func members(groups ...int) (pids []int, err error) {
	all, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	for _, e := range all {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue // it has ended meanwhile
		}
		group := groupIn(stat)
		for _, g := range groups {
			if g == group {
				pids = append(pids, pid)
			}
		}
	}
	return pids, nil
}

// groupIn finds the process group in a line of /proc/PID/stat: the third field behind the
// name, which may have anything in it.
func groupIn(stat []byte) int {
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 3 {
		return 0
	}
	group, _ := strconv.Atoi(string(fields[2]))
	return group
}

// cpuTimes is what each process has used so far, all its threads, those that have ended too.
func cpuTimes(pids []int) map[int]time.Duration {
	used := make(map[int]time.Duration, len(pids))
	for _, pid := range pids {
		var ts unix.Timespec
		if unix.ClockGettime(cpuClock(pid), &ts) == nil {
			used[pid] = time.Duration(ts.Nano())
		}
	}
	return used
}

// cpuClock is the clock of another process's CPU time, in nanoseconds, as
// clock_getcpuclockid makes it.
func cpuClock(pid int) int32 {
	const scheduler = 2
	return int32(^pid<<3 | scheduler)
}

// since sums up what was used after an earlier look.
func since(before, after map[int]time.Duration) (sum time.Duration) {
	for pid, used := range after {
		sum += used - before[pid]
	}
	return sum
}

// peakMemory sums up the most resident memory that each process had, in octets.
func peakMemory(pids []int) (sum int64) {
	for _, pid := range pids {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err == nil {
			sum += highWater(status)
		}
	}
	return sum
}

func highWater(status []byte) int64 {
	_, rest, _ := bytes.Cut(status, []byte("VmHWM:"))
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	kib, _ := strconv.ParseInt(string(bytes.TrimSpace(bytes.TrimSuffix(line, []byte("kB")))), 10, 64)
	return kib << 10
}
