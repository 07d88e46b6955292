package global

import (
	"time"

	"github.com/aemp-go/aemp/codec"
)

// Every bound of the database as a program meets it, with its reason.
const (
	// MaxFamily bounds the name of a family, in octets. It is written in every
	// message about the family.
	MaxFamily = 255

	// MaxKey bounds a key, in octets: the longest port ID, with room. Every global
	// node keeps every key.
	MaxKey = 1 << 10

	// MaxValue bounds one value's encoding, in octets. A family is copied whole to
	// each who watches it, and a value grows by six when it is written as JSON: it
	// has to stay below the 16 MiB of a message even then.
	MaxValue = 1 << 20

	// maxValueDepth is how many lists and maps may lie inside each other in a
	// value. A few levels of the 500 of a message are left for what carries it.
	maxValueDepth = 480

	// takeOctets is how much of a family's changes Local gives away at a time, in
	// octets of keys and values: with the stamps it makes a message of a quarter of
	// a MiB, which lets others in between.
	takeOctets = 128 << 10

	// keptBuffer is the greatest buffer for encoding a value that is kept for the next
	// one, in octets.
	keptBuffer = 64 << 10

	// takeKeys bounds the same in keys, since Set waits for the lock meanwhile.
	takeKeys = 2048
)

// valueLimits are what a value may be.
var valueLimits = codec.Limits{
	Message: MaxValue,
	Depth:   maxValueDepth,
	Items:   1 << 16, // decoded each takes some thirty octets
}

// framings are those in which a value may have to travel.
var framings = []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}

// Quotas bound what one node may hold in the database. They are checked where it
// is set, and again at the node's master, which may have other ones. A zero field
// means its default.
type Quotas struct {
	// Families with a key in them. Default 4096: a family is a kind of thing, not
	// a thing.
	Families int
	// Keys in all families together. Default 1,048,576.
	Keys int
	// Octets of all keys and encoded values. Default 256 MiB.
	Octets int
}

// DefaultQuotas let one node have a million small entries. All global nodes keep
// what all nodes hold, at some ninety octets for such an entry.
var DefaultQuotas = Quotas{Families: 1 << 12, Keys: 1 << 20, Octets: 256 << 20}

// withDefaults has the default in each field that is zero.
func (q Quotas) withDefaults() Quotas {
	if q.Families == 0 {
		q.Families = DefaultQuotas.Families
	}
	if q.Keys == 0 {
		q.Keys = DefaultQuotas.Keys
	}
	if q.Octets == 0 {
		q.Octets = DefaultQuotas.Octets
	}
	return q
}

const (
	// MaxWatches bounds the watches of one node: the program's own, of which each
	// keeps a view of its family.
	MaxWatches = 1 << 16

	// MaxQueries bounds the queries of one node that wait for an answer, or for a
	// master who could give one.
	MaxQueries = 1 << 16

	// takePause is the shortest time between two takes of what is set here: a
	// burst of single changes becomes few messages. It is what a change may be
	// late by; a change after a silence isn't.
	takePause = time.Millisecond
)
