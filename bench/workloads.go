package main

import (
	"github.com/aemp-go/aemp/bench/play"
)

// A workload is one thing that systems are measured at.
type workload struct {
	name  string
	what  string
	quick bool // part of a quick run
	spec  play.Spec
	// cpus are those of the receiver and of the sender, if they are pinned.
	cpus *[2]int
}

// one is a specification in which nothing is said twice: of everything there is one.
func one(s play.Spec) play.Spec {
	for _, n := range []*int{&s.Pairs, &s.Ports, &s.Links, &s.Depth} {
		*n = max(1, *n)
	}
	return s
}

// text32 has messages with a text of 32 octets.
func text32(s play.Spec) play.Spec {
	s.Size = 32
	return one(s)
}

var workloads = []workload{
	{name: "local-handler", what: "a handler to a port on the same loop",
		spec: text32(play.Spec{Kind: play.Local, From: "handler"})},
	{name: "local-goroutine", what: "a goroutine to a port", quick: true,
		spec: text32(play.Spec{Kind: play.Local, From: "goroutine"})},
	{name: "local-8x8", what: "8 goroutines to 8 ports",
		spec: text32(play.Spec{Kind: play.Local, From: "goroutine", Pairs: 8})},

	{name: "oneway", what: "one sender to one receiver in another process", quick: true,
		spec: text32(play.Spec{Kind: play.OneWay})},
	{name: "oneway-8x8", what: "8 senders to 8 receivers over one connection",
		spec: text32(play.Spec{Kind: play.OneWay, Pairs: 8})},
	{name: "oneway-8x8-links", what: "8 senders to 8 receivers over 8 connections",
		spec: text32(play.Spec{Kind: play.OneWay, Pairs: 8, Links: 8})},
	{name: "oneway-1000ports", what: "one sender to 1,000 receivers in turn",
		spec: text32(play.Spec{Kind: play.OneWay, Ports: 1000})},
	{name: "oneway-0", what: "one sender, an empty text",
		spec: one(play.Spec{Kind: play.OneWay, Size: 0})},
	{name: "oneway-1k", what: "one sender, a text of 1 KiB",
		spec: one(play.Spec{Kind: play.OneWay, Size: 1 << 10})},
	{name: "oneway-64k", what: "one sender, a text of 64 KiB",
		spec: one(play.Spec{Kind: play.OneWay, Size: 64 << 10})},
	{name: "oneway-typed", what: "one sender, a generated message type",
		spec: text32(play.Spec{Kind: play.OneWay, Typed: true})},
	{name: "oneway-tls", what: "one sender, under TLS",
		spec: text32(play.Spec{Kind: play.OneWay, TLS: true})},
	{name: "oneway-cbor", what: "one sender, as CBOR, which a Perl peer gets",
		spec: text32(play.Spec{Kind: play.OneWay, Framing: "cbor"})},
	{name: "oneway-json", what: "one sender, as JSON, which a Perl peer gets",
		spec: text32(play.Spec{Kind: play.OneWay, Framing: "json"})},

	{name: "oneway-loops-1", what: "8 senders to 8 receivers over 8 connections, one event loop in each process",
		spec: text32(play.Spec{Kind: play.OneWay, Pairs: 8, Links: 8, Loops: 1})},
	{name: "oneway-loops-2", what: "the same with 2 event loops",
		spec: text32(play.Spec{Kind: play.OneWay, Pairs: 8, Links: 8, Loops: 2})},
	{name: "oneway-loops-4", what: "the same with 4 event loops",
		spec: text32(play.Spec{Kind: play.OneWay, Pairs: 8, Links: 8, Loops: 4})},

	{name: "pingpong", what: "there and back, one after the other", quick: true,
		spec: text32(play.Spec{Kind: play.PingPong})},
	{name: "pingpong-pinned", what: "the same, each process on a core of its own", cpus: &[2]int{0, 1},
		spec: text32(play.Spec{Kind: play.PingPong})},
	{name: "pingpong-onecore", what: "the same, both processes on one core", cpus: &[2]int{0, 0},
		spec: text32(play.Spec{Kind: play.PingPong})},
	{name: "pingpong-64x16", what: "there and back over 64 connections, 16 outstanding on each",
		spec: text32(play.Spec{Kind: play.PingPong, Links: 64, Depth: 16})},
	{name: "pingpong-10k", what: "there and back, 10,000 a second",
		spec: text32(play.Spec{Kind: play.PingPong, Rate: 10_000})},
	{name: "pingpong-100k", what: "there and back, 100,000 a second",
		spec: text32(play.Spec{Kind: play.PingPong, Rate: 100_000})},
	{name: "call", what: "a request and its reply, one after the other",
		spec: text32(play.Spec{Kind: play.Call})},

	{name: "fanin", what: "1,000 connected peers to one process",
		spec: text32(play.Spec{Kind: play.FanIn, Pairs: 8, Ports: 125, Peers: 1000})},
	{name: "idle-1000", what: "memory of 1,000 connected peers that say nothing",
		spec: text32(play.Spec{Kind: play.Idle, Peers: 1000})},
	{name: "idle-10000", what: "memory of 10,000 connected peers that say nothing",
		spec: text32(play.Spec{Kind: play.Idle, Peers: 10_000})},
	{name: "start", what: "from the start of a process to its first message",
		spec: text32(play.Spec{Kind: play.Start})},
	{name: "stream", what: "octets through TCP, 64 KiB a write",
		spec: one(play.Spec{Kind: play.Stream, Size: 64 << 10})},
	{name: "database", what: "the distributed database, see bench/db",
		spec: one(play.Spec{Kind: databaseKind})},
}

// databaseKind is for a program of its own, which says all its figures.
const databaseKind = "database"
