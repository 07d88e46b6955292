// Command ergo plays the benchmark with Ergo, an actor framework after Erlang's that also speaks
// its distribution protocol. The version is 2.2.4 (module version 1.999.224), the last of
// this module.
//
// Its gen.Server starts a goroutine for each message. Where the workload is messages,
// processes are therefore of a behaviour of their own, which reads its mailbox in a loop, as the
// framework's interface for behaviours has it; requests go to a gen.Server by its Call, for
// a process without can't take part in those. Mailboxes are bounded and drop what doesn't
// fit: they have up to the 65,535 places that are possible, and a window of outstanding
// messages (package window) keeps floods within. Connections have one handler in each
// direction, for with more messages overtake each other, and queues of 4,096 instead of 100. The
// text is a binary, sent as the tuple {tag, Number, Text}; between processes of one node
// it is a pointer to a struct. Messages go to process identifiers, which are cheaper than
// names. A registrar of our own stands for
// EPMD; each link is one of a node of
// its own in the sender's process. The framework's report to its makers is off.
package main

import (
	"syscall"

	"github.com/aemp-go/aemp/bench/play"
)

const note = "version 2.2.4, processes that read their mailboxes in a loop (gen.Server only for call), one handler a connection (more would reorder), queues of 4,096, mailboxes as large as they can be; a window keeps them from dropping"

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
		return play.Skip("its registered types are sent by reflection, slower than the tuples of oneway")
	case s.Framing != "":
		return play.Skip("has only Erlang's format")
	case s.Kind == play.Stream:
		return play.Skip("has no streams of octets")
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	if need := uint64(2*s.Peers + 64); need > files.Cur {
		return play.Skip("its nodes listen, even if they only connect: %d need %d open files in their process, which may have %d", s.Peers, need, files.Cur)
	}
	return nil
}
