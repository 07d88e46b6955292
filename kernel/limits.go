package kernel

import (
	"time"

	"github.com/aemp-go/aemp/kernel/link"
)

// Every bound of the kernel, with its reason. Those of one connection's outgoing
// queue and times are in package link, those of raw connections in package dataconn, those of
// one message in package codec.
const (
	// mailboxChunk is how many octets of messages share an allocation.
	mailboxChunk = 16 << 10

	// itemCost is added to each queued item's octets, so that many empty
	// messages count, too.
	itemCost = 64

	// maxHandshakes bounds the connections that were accepted and haven't
	// proved anything: 4 KiB each at most, for the time of a handshake.
	maxHandshakes = 1024
	// maxPeers bounds the nodes that are remembered: sends to nonsense node IDs
	// would otherwise fill the memory.
	maxPeers = 1 << 16
	// maxLearned bounds the addresses that are remembered of a node which moves about.
	maxLearned = 16
	// maxWatchesPerPeer bounds the monitors that one peer holds on our ports.
	maxWatchesPerPeer = 1 << 20
	// maxPorts bounds a node's ports. A port takes about half a KiB.
	maxPorts = 1 << 24
	// maxObituaries is how many spawned ports that died are remembered, so that
	// who monitors them then is told the real reason.
	maxObituaries = 1024
	// dataBacklog is how many raw connections wait for Accept: as many as the queue
	// of a listening socket usually has.
	dataBacklog = 128
	// maxCalled is how many connections the listener for a raw connection within
	// the node takes until the right one is there.
	maxCalled = 16
	// maxSpareCalls is how many calls that are over a loop keeps for its handlers' next ones.
	maxSpareCalls = 1024
	// maxKeptMessage: what one large message of a call has taken goes back to the collector.
	maxKeptMessage = 64 << 10
	// maxCallees is how many monitors of called ports stay for the next call. Others
	// last as long as a call.
	maxCallees = 1024
	// maxReason bounds a reason that travels, in octets: it is repeated to each
	// watcher.
	maxReason = 64 << 10
	// tagInReason is how much of an unhandled message's tag is quoted (the original's 30).
	tagInReason = 30

	// probeTimeout is how long a live link has to answer when a second
	// connection of the same peer wants to replace it (protocol 2.5).
	probeTimeout = 2 * time.Second
	// keepCallee is how long the monitor of a called port stays after the last call, at
	// least; at most it is twice as long.
	keepCallee = 5 * time.Second
	// hurry: who has less time than that for a call waits where his context's end wakes him. A
	// goroutine that attends to a loop learns of it some milliseconds later.
	hurry = 10 * time.Millisecond
	// closeLinger is how long a closed connection may wait for the peer's half
	// to end.
	closeLinger = 2 * time.Second
	// logEvery is the least time between two log lines for the same peer and reason.
	logEvery = 10 * time.Second
)

// bounds are those that a node has for itself, so that a test can meet them.
type bounds struct {
	// inbox bounds what waits on its way to another loop. Low and high are some
	// reads' worth, so that a loop that is behind for a moment doesn't stop the
	// others. Above high the connections that feed it are paused, too.
	inbox link.Marks
	// busy is how many octets come into an inbox within holdTime, if somebody keeps sending,
	// and enough is what a loop is woken for then (see hold.go): many messages, few enough to
	// stay in a core's cache.
	busy, enough int
	// mailbox bounds a mailbox in the same way; at the hard limit its port dies.
	mailbox link.Marks
	// runTurn is how many deliveries a loop makes from its own run queue before
	// it looks at its connections again: two ports that keep answering each
	// other must not starve the network.
	runTurn int
	// runTime bounds the same in time, for handlers that do much.
	runTime time.Duration
}

var defaultBounds = bounds{
	inbox:   link.Marks{Low: 512 << 10, High: 2 << 20, Hard: 64 << 20},
	busy:    8 << 10,
	enough:  128 << 10,
	mailbox: link.Marks{Low: 256 << 10, High: 1 << 20, Hard: 64 << 20},
	runTurn: 4096,
	runTime: 2 * time.Millisecond,
}

// Defaults of the original.
const (
	DefaultMonitorTimeout  = 30 * time.Second
	DefaultConnectInterval = 2 * time.Second
)
