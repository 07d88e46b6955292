package global

import (
	"slices"
	"strings"

	"github.com/aemp-go/aemp/codec"
)

// A peer is a node with which there is a link.
type peer struct {
	node   string
	ours   bool // has our extensions
	global bool // has said that it is global
	told   bool // by us, as a seed, that it has to be global

	// If this node is global: what the peer publishes and wants to know.
	slave    bool            // we are its master
	deferred bool            // it became global, and what it published as our slave stands until it has told all
	accused  complaint       // what was logged about it already
	parts    []codec.Message // if deferred: what it has told so far
	holdings holdings
	watches  map[string]*subscription

	// What waits to be told, in this order; see pump.
	pieces   []codec.Message // of a job that was begun
	jobs     []job
	asks     []codec.Message // requests to our master, which come after what we publish
	debts    []*debt
	spent    int    // octets sent in the input
	input    uint64 // that one
	setWaits bool   // a jobSet is among the jobs
	awaits   bool   // Room
}

// byNode orders peers, so that the same run always sends in the same order.
func byNode(a, b *peer) int { return strings.Compare(a.node, b.node) }

// insert adds p to a list in order, once.
func insert(list []*peer, p *peer) []*peer {
	i, found := slices.BinarySearchFunc(list, p, byNode)
	if found {
		return list
	}
	return slices.Insert(list, i, p)
}

// remove takes p out.
func remove(list []*peer, p *peer) []*peer {
	if i, found := slices.BinarySearchFunc(list, p, byNode); found {
		return slices.Delete(list, i, i+1)
	}
	return list
}
