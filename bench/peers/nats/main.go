// Command nats plays the benchmark with NATS: a server embedded in the receiver's process, its
// subscribers in that process too, the publishers in the sender's.
//
// Publishing is as its manual has it for speed: Publish copies into the client's buffer
// of 32 KiB, which its flusher writes when it is full or the publisher pauses; nobody flushes after
// each message. A message's octets are those of the protocol buffers that other peers carry,
// written and read by hand without allocation. Subscribers are callbacks without a limit of
// pending messages, the server may have 1 GiB pending for a client and gives it 10 s to be
// written to, so that nobody counts as a slow consumer; and that those limits are never seen a
// window of outstanding messages (package window) is granted over a subject of its own: NATS has no
// flow control, it drops. Each link is a client of its own on both sides. Logs, and what
// watches over signals, are off.
//
// Subscribers in the server's process have an in-process connection where latency is what
// counts, and TCP over loopback in floods: the in-process one has no buffer, so that
// server and subscriber would run in turns. Local floods go through the server as well, for
// NATS has no other way.
package main

import "github.com/aemp-go/aemp/bench/play"

const note = "embedded server in the receiver, its subscribers connected in-process for round trips and over loopback for floods (each the faster), hand-written protocol buffers, buffered publishing by the client's flusher, unlimited pending messages; a window keeps consumers from being dropped as slow"

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
		return play.Skip("has only octets, which oneway fills by hand already")
	case s.Framing != "":
		return play.Skip("has only octets")
	case s.Kind == play.Stream:
		return play.Skip("has no streams of octets")
	}
	return nil
}
