//go:build linux && !race

package reactor

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Reads and writes of what never blocks are made without the Go runtime's being told, which
// takes a goroutine that is in the kernel for some microseconds, as with a write of many
// octets, for one that waits there. It would give its processor away: a thread to wake, one
// to put to sleep, and its own that looks for the like fifty times as often.
//
// The race detector is to be told, so it has call.go.

// longCall is so many octets that it takes the kernel a while.
const longCall = 256 << 10

// readNow is read(2) on a descriptor that doesn't block.
func readNow(fd int, p []byte) (n int, err error) {
	if len(p) > longCall {
		return unix.Read(fd, p)
	}
	return result(unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))))
}

// writeNow is write(2) on a descriptor that doesn't block.
func writeNow(fd int, p []byte) (n int, err error) {
	if len(p) > longCall {
		return unix.Write(fd, p)
	}
	return result(unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p))))
}

func result(r, _ uintptr, errno unix.Errno) (int, error) {
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}
