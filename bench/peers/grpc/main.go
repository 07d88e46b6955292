// Command grpc plays the benchmark with gRPC: a stream for each receiver, on a connection for each
// link, and unary calls for requests.
//
// It is tuned as its documentation has it for throughput: flow-control windows of 16 MiB,
// read and write buffers of 128 KiB (its writer goroutine packs what is waiting into
// one write), no buffering for retries. Messages are those protocol buffers that other peers carry, but written and read
// by hand in a codec of our own, which allocates less than generated code. It has flow control, so
// nothing else bounds a flood. For idle peers buffers are shared among connections, as is
// advised for many that say little; a peer has a stream open, on which it can be reached.
package main

import "github.com/aemp-go/aemp/bench/play"

const note = "streams, a hand-written codec of protocol buffers, windows of 16 MiB, buffers of 128 KiB, no retries; many peers: default buffers, shared for writing"

func main() {
	play.Note = note
	play.Main(map[string]func(play.Spec) error{
		play.Receiver: receiver,
		play.Sender:   sender,
		play.Alone: func(play.Spec) error {
			return play.Skip("is only between processes")
		},
	})
}

// unlike says why workloads that need what the library doesn't have aren't played.
func unlike(s play.Spec) error {
	switch {
	case s.Typed:
		return play.Skip("its messages are always of a type, which oneway writes and reads by hand")
	case s.Framing != "":
		return play.Skip("has a wire format of its own")
	case s.Kind == play.Stream:
		return play.Skip("has no streams of octets")
	}
	return nil
}
