// Package play is what the harness and its child programs say to each other, and
// what child programs written in Go have in common: the meter of a receiver, the
// source of a flood, the stop-watch of round trips.
//
// A child is run as
//
//	PROGRAM ROLE SPEC
//
// with SPEC as JSON, and says lines of JSON on its standard output, each a Line with one
// field set. It ends when its standard input does. Roles are Receiver, which listens and
// says {"ready":ADDRESS}; Sender, which gets that address in its SPEC; and Alone, for
// what happens within one process.
//
// # Messages
//
// A message is [tag, number, text]: the tag is Tag, the text has Spec.Size octets
// (Text). The number says what the message is for: Warm for those that aren't counted,
// Begin for the one before the first that is, then 1, 2, 3 … for each sender, and End
// behind the last. So nothing depends on clocks of two processes, and no ramp is measured.
//
// # Who measures
//
// Floods (local, oneway, fanin, stream) are measured by who receives, from Begin to End;
// round trips (pingpong, call) by who sends. That process says {"begin":true} when it
// starts to measure, and {"result":…} with the seconds that it took.
//
//   - At the end of a flood the sender says a result, too: what it has sent. Alone says
//     both. Of a stream all octets are measured, from the first that arrives to the end of
//     the connection; both say how many they were.
//   - start is over when the receiver says that it has begun.
//   - idle: when all peers are connected the receiver says its result.
//
// CPU time and memory are read by the harness, from outside, for all languages alike.
package play
