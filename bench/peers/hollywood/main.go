// Command hollywood plays the benchmark with Hollywood, an actor system whose engines talk
// over dRPC.
//
// It is as its manual has it: messages are of generated protocol buffers, batched by its
// stream writer (up to 4,096 in an envelope whenever more than one waits), inboxes have
// 4,096 places to begin with and grow. The one thing added is a window of outstanding
// messages (package window), for its queues have no bound: a flood would take memory
// as long as it lasts, and much of it be in queues before anything is measured. The limit of
// dRPC for a message is raised from 4 MiB to what 4,096 messages may need. Each link is an
// engine of its own in the sender's process; a reply goes over a second connection, as the
// library does it.
package main

import "github.com/aemp-go/aemp/bench/play"

const note = "its own batches of up to 4,096 messages, generated protocol buffers, inboxes of 4,096 that grow, dRPC buffers as large as a batch; a window bounds what is under way"

func main() {
	play.Note = note
	play.Main(map[string]func(play.Spec) error{
		play.Receiver: receiver,
		play.Sender:   sender,
		play.Alone:    alone,
	})
}

// unlike says why workloads that need what the library doesn't have aren't played.
func unlike(s play.Spec) error {
	switch {
	case s.Typed:
		return play.Skip("its messages are always of a generated type")
	case s.Framing != "":
		return play.Skip("has only protocol buffers")
	}
	switch s.Kind {
	case play.FanIn, play.Idle:
		return play.Skip("each engine reserves 32 MiB for its stream router alone")
	case play.Stream:
		return play.Skip("has no streams of octets")
	}
	return nil
}
