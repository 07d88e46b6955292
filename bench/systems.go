package main

import (
	"path"

	"github.com/aemp-go/aemp/bench/play"
)

// A class of systems.
type class string

const (
	ours  class = "ours"
	limit class = "limit" // what the machine or a layer below can do, not a peer
	peer  class = "peer"
)

// A system is measured.
type system struct {
	name  string
	class class
	what  string
	// note says what configuration was chosen, and why it is fair.
	note string

	// dir is the folder of the module, for a program in Go, and pkg the package in it.
	dir, pkg string
	// script is what runs another program: `script check` exits with 0 and tells its
	// version if it can be played, or tells why not; `script ROLE SPEC` plays.
	script string

	module string   // whose version is told
	plays  []string // patterns of workloads; none: all, and the child says what it doesn't have
}

const (
	local  = "local-*"
	oneWay = "oneway*"
	pings  = "pingpong*"
)

// plain are floods that need nothing but messages and connections.
var plain = []string{"oneway", "oneway-8x8*", "oneway-1000ports", "oneway-0", "oneway-1k", "oneway-64k", "oneway-loops-*"}

var systems = []system{
	{name: "aemp", class: ours, dir: ".", pkg: "./aemp", what: "AnyEvent::MP for Go, this project",
		note:  "The public API with the default configuration and all default limits; a loop for each core.",
		plays: []string{local, oneWay, pings, "call", "fanin", "idle-*", "start"}},
	{name: "aemp-db", class: ours, dir: ".", pkg: "./db", what: "its distributed database",
		note:  "Three processes with one event loop each, beside bare event loops that relay the same.",
		plays: []string{"database"}},

	{name: "reactor", class: limit, dir: ".", pkg: "./limits", what: "the event loops of aemp, with the same frames and no node around them",
		note:  "Messages are encoded into the connection's buffer, written in batches of 64 KiB, and read in place.",
		plays: append([]string{pings, "oneway-tls"}, plain...)},
	{name: "gnet", class: limit, dir: ".", pkg: "./limits", what: "the engine of gnet, with the same frames", module: "github.com/panjf2000/gnet/v2",
		note:  "The same batches; what has come is read in place.",
		plays: append([]string{pings}, plain...)},
	{name: "netconn", class: limit, dir: ".", pkg: "./limits", what: "net.Conn and goroutines, with the same frames",
		note:  "The same batches; a goroutine reads each connection into a buffer.",
		plays: append([]string{pings}, plain...)},
	{name: "tcp", class: limit, dir: ".", pkg: "./limits", what: "octets through a TCP connection", plays: []string{"stream"}},
	{name: "channel", class: limit, dir: ".", pkg: "./limits", what: "a Go channel", plays: []string{local}},
	{name: "map", class: limit, dir: ".", pkg: "./limits", what: "a look-up in a map and a call", plays: []string{local}},

	{name: "hollywood", class: peer, dir: "peers", pkg: "./hollywood", what: "actors in Go", module: "github.com/anthdm/hollywood"},
	{name: "protoactor", class: peer, dir: "peers", pkg: "./protoactor", what: "actors in Go", module: "github.com/asynkron/protoactor-go"},
	{name: "ergo", class: peer, dir: "peers", pkg: "./ergo", what: "actors in Go, after Erlang", module: "github.com/ergo-services/ergo"},
	{name: "nats", class: peer, dir: "peers", pkg: "./nats", what: "a message broker, embedded in the receiver", module: "github.com/nats-io/nats-server/v2"},
	{name: "grpc", class: peer, dir: "peers", pkg: "./grpc", what: "remote procedure calls, streaming", module: "google.golang.org/grpc"},
	{name: "erlang", class: peer, script: "peers/erlang/run", what: "Erlang's distribution"},
	{name: "erlang-delayed", class: peer, script: "peers/erlang/run", what: "the same, with what is sent gathered by the runtime"},
	{name: "perl", class: peer, script: "peers/perl/run", what: "AnyEvent::MP in Perl, the original"},
	{name: "perl-corked", class: peer, script: "peers/perl/run", what: "the same, with what is sent in one turn of its event loop gathered"},
}

// playing says whether a workload is one that the system is to be asked for.
func (s *system) playing(w *workload) bool {
	if len(s.plays) == 0 {
		return w.spec.Kind != databaseKind && w.spec.Kind != play.Stream
	}
	for _, pattern := range s.plays {
		if ok, _ := path.Match(pattern, w.name); ok { // a test looks at the patterns
			return true
		}
	}
	return false
}
