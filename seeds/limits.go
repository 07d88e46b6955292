package seeds

import "time"

const (
	// MaxSeeds bounds the configured seeds, and what one Source may list. A network
	// needs a handful; each is a connection that this node keeps.
	MaxSeeds = 256

	// MaxSources bounds the sources, each of which may list so many.
	MaxSources = 16

	// MaxAddresses bounds the addresses taken of one seed's name, which
	// somebody else's name server answers.
	MaxAddresses = 64

	// MaxFile bounds a file of seeds, in octets: MaxSeeds long names and as much
	// explanation again several times over.
	MaxFile = 1 << 20

	// leastPause is half the first bound of the pause between two rounds of dialling
	// a seed (protocol 6).
	leastPause = 1200 * time.Millisecond

	// leastKeep is the same for the nodes of a KeepSet.
	leastKeep = 600 * time.Millisecond

	// fileRefresh is how often a file of seeds is read: soon enough for whoever
	// has edited it and waits.
	fileRefresh = 2 * time.Second

	// srvRefresh is how often a name is asked for its seeds while all of them are
	// connected: about the usual lifetime of such an answer.
	srvRefresh = time.Minute
)
