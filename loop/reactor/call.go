//go:build !linux || race

package reactor

import "golang.org/x/sys/unix"

// readNow is read(2) on a descriptor that doesn't block.
func readNow(fd int, p []byte) (n int, err error) { return unix.Read(fd, p) }

// writeNow is write(2) on a descriptor that doesn't block.
func writeNow(fd int, p []byte) (n int, err error) { return unix.Write(fd, p) }
