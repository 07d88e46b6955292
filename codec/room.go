package codec

import "slices"

// Where many short things are appended one after the other, it is done by index into
// a buffer whose length is its capacity: without a call for each.

// room makes b have at least n octets from o on; those before o stay.
func room(b []byte, o, n int) []byte {
	if len(b)-o >= n {
		return b
	}
	return makeRoom(b, o, n)
}

//go:noinline
func makeRoom(b []byte, o, n int) []byte {
	b = slices.Grow(b[:o], n)
	return b[:cap(b)]
}
