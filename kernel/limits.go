package kernel

import "time"

// Every bound of the kernel, with its reason. Those of one connection's outgoing
// queue and times are in package link, those of one message in package codec.
const (
	// inboxLow and inboxHigh bound what waits, in octets, on its way to another
	// loop: above high the connections that feed it are paused and goroutines
	// wait. Some reads' worth, so that a loop that is behind for a moment
	// doesn't stop the others.
	inboxLow  = 512 << 10
	inboxHigh = 2 << 20
	// inboxHard is where handlers get ErrOverload: they can't wait.
	inboxHard = 64 << 20

	// mailboxLow and mailboxHigh bound a mailbox, in octets, in the same way.
	mailboxLow  = 256 << 10
	mailboxHigh = 1 << 20
	mailboxHard = 64 << 20
	// mailboxChunk is how many octets of messages share an allocation.
	mailboxChunk = 16 << 10

	// itemCost is added to each queued item's octets, so that many empty
	// messages count, too.
	itemCost = 64

	// runTurn is how many deliveries a loop makes from its own run queue before
	// it looks at its connections again: two ports that keep answering each
	// other must not starve the network.
	runTurn = 4096

	// maxHandshakes bounds the connections that were accepted and haven't
	// proved anything: 4 KiB each at most, for the time of a handshake.
	maxHandshakes = 1024
	// maxPeers bounds the nodes that are remembered: sends to nonsense node IDs
	// would otherwise fill the memory.
	maxPeers = 1 << 16
	// maxWatchesPerPeer bounds the monitors that one peer holds on our ports.
	maxWatchesPerPeer = 1 << 20
	// maxPorts bounds a node's ports. A port takes about half a KiB.
	maxPorts = 1 << 24
	// maxObituaries is how many ports that died soon after their spawn are
	// remembered on each loop, so that who monitors them then is told the real reason.
	maxObituaries = 1024
	// maxReason bounds a reason that travels, in octets: it is repeated to each
	// watcher.
	maxReason = 64 << 10
	// tagInReason is how much of an unhandled message's tag is quoted (the original's 30).
	tagInReason = 30

	// probeTimeout is how long a live link has to answer when a second
	// connection of the same peer wants to replace it (protocol 2.5).
	probeTimeout = 2 * time.Second
	// overloadGrace is how long a queue may stay at its hard limit before the link is reset.
	overloadGrace = 10 * time.Second
	// closeLinger is how long a closed connection may wait for the peer's half
	// to end.
	closeLinger = 2 * time.Second
	// logEvery is the least time between two log lines for the same peer and reason.
	logEvery = 10 * time.Second
)

// Defaults of the original.
const (
	DefaultMonitorTimeout  = 30 * time.Second
	DefaultConnectInterval = 2 * time.Second
)
