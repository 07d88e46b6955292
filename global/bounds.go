package global

import "time"

// Every bound of the Machine, with its reason. Those that a program meets are in
// limits.go.
const (
	// pieceOctets is where messages are cut, in octets: what is larger would keep a
	// link busy while others wait.
	pieceOctets = 256 << 10

	// wholeOctets is where even a family for an original node is cut, which knows of
	// no parts: with one more value it has to stay below the 16 MiB of a message, and
	// JSON may make six octets of one.
	wholeOctets = 1 << 20

	// turnOctets is how much one input sends to one node of what waits for it: then
	// its queue is asked again whether it has room.
	turnOctets = 1 << 20

	// publishBatches is how many of Local's batches a global node takes in a turn.
	publishBatches = 16

	// keptScratch is how much of a buffer for messages is kept, in octets.
	keptScratch = 4 << 20

	// maxGathered bounds what is put together of a family that comes in parts, in
	// octets.
	maxGathered = 1 << 30

	// maxPeerWatches bounds the families that one node watches at its master.
	maxPeerWatches = MaxWatches

	// maxJobs bounds the answers of some size that wait for a node to read.
	maxJobs = 1 << 12

	// maxRequestID bounds the name that a query is asked with, in octets: it is kept
	// while the answer waits, and is in each of its parts.
	maxRequestID = 64

	// maxNames bounds the owners' names that are remembered to save memory.
	maxNames = 1 << 16

	// maxAddresses bounds the addresses of one node that are tried.
	maxAddresses = 64

	// freshTime is how long a global node lets an original one come by itself,
	// which has just been heard of (protocol 6).
	freshTime = 3 * time.Second

	// settleTime is how long a node that has become global waits to be told what
	// the others have, before its own program is shown what it has itself.
	settleTime = 5 * time.Second

	// maxLost is how many lost global nodes are remembered, and lostTime how long:
	// a network that was cut in two finds itself again within that.
	maxLost  = 1 << 10
	lostTime = 24 * time.Hour
)
