package dataconn

import "time"

const (
	// DialInterval is the time between two addresses (the original's).
	DialInterval = 2 * time.Second

	// MaxAddresses bounds the addresses that are tried for one connection: what a
	// node publishes about itself is not to keep us dialling.
	MaxAddresses = 64

	// MaxAwaited bounds the connections that are awaited of one node. Each holds
	// what was announced until its time is up.
	MaxAwaited = 1024

	// MaxAnnounced bounds the arguments of an announcement, in octets as encoded.
	MaxAnnounced = 64 << 10

	// MaxTimeout bounds how long another node can have us wait.
	MaxTimeout = time.Hour

	// MaxID bounds an ID: 255 octets of a node ID, and as many of a counter.
	MaxID = 512

	// maxName bounds the names of functions and ports that are announced.
	maxName = 512
)
