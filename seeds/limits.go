package seeds

import "time"

const (
	// MaxSeeds bounds the configured seeds. A network needs a handful; each is
	// a connection that this node keeps.
	MaxSeeds = 256

	// MaxAddresses bounds the addresses taken of one seed's name, which
	// somebody else's name server answers.
	MaxAddresses = 64

	// leastPause is the shortest time between two rounds of dialling a seed,
	// and the lower end of every pause (protocol 6).
	leastPause = 1200 * time.Millisecond

	// firstBound is the upper end of the first pause; it doubles each time.
	firstBound = 2 * leastPause
)
