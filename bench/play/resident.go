package play

import (
	"errors"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// Resident is how many octets of memory the process has from the system, after its garbage
// has been collected and given back. It is for workloads in which memory is measured by
// who has it.
func Resident() (int64, error) {
	debug.FreeOSMemory() // collects, too
	debug.FreeOSMemory() // and what finalizers have let go
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			return kib << 10, err
		}
	}
	return 0, errors.New("no VmRSS in /proc/self/status")
}
