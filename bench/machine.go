package main

import (
	"bytes"
	"os"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// A machine is what all was measured on.
type machine struct {
	CPUs   int    `json:"cpus"`
	Model  string `json:"model"`
	Memory uint64 `json:"memory"` // octets
	Kernel string `json:"kernel"`
	Go     string `json:"go"`
	Arch   string `json:"arch"`
}

func thisMachine() (machine, error) {
	m := machine{CPUs: runtime.NumCPU(), Go: runtime.Version(), Arch: runtime.GOOS + "/" + runtime.GOARCH}
	var name unix.Utsname
	if err := unix.Uname(&name); err != nil {
		return m, err
	}
	m.Kernel = unix.ByteSliceToString(name.Sysname[:]) + " " + unix.ByteSliceToString(name.Release[:])
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return m, err
	}
	m.Memory = info.Totalram * uint64(info.Unit)
	text, err := os.ReadFile("/proc/cpuinfo")
	m.Model = modelIn(text)
	return m, err
}

// modelIn finds the name of the first CPU; not every architecture has one.
func modelIn(cpuinfo []byte) string {
	for line := range bytes.Lines(cpuinfo) {
		key, value, _ := strings.Cut(string(line), ":")
		if strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return "unknown CPU"
}
