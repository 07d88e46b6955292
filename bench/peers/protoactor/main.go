// Command protoactor plays the benchmark with proto.actor, an actor system whose remotes
// talk over gRPC.
//
// It is as its manual has it: messages are of generated protocol buffers and go by its own
// serializer, and its endpoint writer packs all that waits into batches of up to 1,000
// (fewer if they are large: 4 MiB are enough for a batch). gRPC under it has windows of
// 16 MiB and buffers of 128 KiB, instead of 64 KiB and 32 KiB. Logs are off, for they would be
// on the standard error. The one thing added is a window of outstanding messages (package
// window), for its mailboxes have no bound: a flood would take memory as long as it
// lasts, and much of it be in mailboxes before anything is measured. Each link is an actor
// system of its own in the sender's process; a reply goes over a second connection, as the
// library does it.
package main

import "github.com/aemp-go/aemp/bench/play"

const note = "its own serializer, generated protocol buffers, endpoint writer batches of 1,000 (up to 4 MiB), gRPC windows of 16 MiB and buffers of 128 KiB; a window bounds what is under way"

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
		return play.Skip("has a wire format of its own")
	}
	switch s.Kind {
	case play.FanIn, play.Idle:
		return play.Skip("each actor system has a registry of 32,768 maps, several MiB before its first actor")
	case play.Stream:
		return play.Skip("has no streams of octets")
	}
	return nil
}
