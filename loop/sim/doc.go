// Package sim runs a whole network of event loops in virtual time, on one
// goroutine, where one seed decides everything: how long octets are on the way,
// where a stream is cut, which of two things that happen at once comes first, when a
// connection breaks. What failed once fails again from the same seed.
//
// A World has Hosts, a Host has Groups (processes), and a Group is a loop.Group, so
// that whatever is written against package loop runs here unchanged:
//
//	w := sim.New(sim.Options{Seed: seed})
//	defer w.Close()
//	g := w.Host("tick").Group(2)
//	l := g.Loops()[0]
//	w.Do(l, func() { startNode(l) })      // as a callback of l, now
//	w.Run(10 * time.Second)               // until 10 s after the world began
//	w.Cut(w.Host("tick"), w.Host("tack")) // hold everything between the two
//	ok := w.RunUntil(time.Minute, func() bool { return done })
//
// # Time and order
//
// The clock stands still while something runs and then jumps to the next event.
// Events are ordered by time and then by the order of their making. Within a
// process things take about a microsecond, sometimes much longer; posts keep their
// order for each pair of a source and a loop, and nothing else does. A loop that
// Stall lets stand still gets everything late, so that several timers are due
// together with data and posts.
//
// # Connections
//
// Octets travel in segments, cut and joined as the seed wants it. Each direction
// takes a bounded number of octets before the other end reads them; then Buffered
// grows, Blocked is true, and Drained comes late. The octets of a Data call are
// overwritten after it, so whoever keeps them notices. TLS is a model of it: see
// tls.go.
//
// # Faults
//
// A Link is one direction between two hosts: Cut holds what is on it until Heal,
// and dials are lost, but sent again as TCP does. Group.Crash ends a process and
// its peers are told; Group.Vanish ends it and they aren't; Host.Down is a power
// failure. ResetAny, Reset and ResetConn break connections at both ends, or at one
// end so that the other is half dead. SetFate makes addresses refuse or swallow
// dials. SetHost changes what names resolve to. All this also happens by itself as
// Options.Faults say, until StopFaults.
//
// # Actors
//
// A goroutine that uses the program is modelled by an actor: Go and After run a
// function outside of any loop. One started by Go may wait, in Sleep and in a
// detached connection; it is a coroutine, so there is still only one thing running.
//
// # What a test is told
//
// A call that belongs on a loop panics if it is made elsewhere. Panics of callbacks
// are recovered, as every loop does it, and kept in World.Panics: a test checks that
// it is empty. Stats count what the run has met. Fingerprint is a hash of all that
// happened, equal for equal runs.
package sim
