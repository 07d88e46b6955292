package merge

import "math/bits"

// An index finds a family's records by their keys' hash: buckets of chained
// records, about one in each. There is a bucket more whenever there is a record too
// many, which takes what is its own out of one other (linear hashing): so no Set
// pays for all.
//
// The records of one key follow each other in the chain.
type index struct {
	buckets []uint32 // first records
	count   int
}

// bucket is where a hash belongs.
func (x *index) bucket(hash uint32) *uint32 {
	n := uint32(len(x.buckets))
	round := uint32(1) << bits.Len32(n-1)
	at := hash & (round - 1)
	if at >= n { // doesn't exist yet: what belongs there is still with the other half
		at &= round/2 - 1
	}
	return &x.buckets[at]
}

// add makes room for one more.
func (x *index) add(rs *records) {
	x.count++
	if x.count <= len(x.buckets) {
		return
	}
	n := uint32(len(x.buckets))
	x.buckets = append(x.buckets, 0)
	if n == 0 {
		return
	}
	half := uint32(1) << (bits.Len32(n) - 1)
	stay, move := &x.buckets[n-half], &x.buckets[n]
	for r := *stay; r != 0; {
		rec := rs.at(r)
		if rec.hash&half == 0 {
			*stay, stay = r, &rec.chain
		} else {
			*move, move = r, &rec.chain
		}
		r = rec.chain
	}
	*stay, *move = 0, 0
}

// link puts a record before another one of its bucket, or at its end: 0.
func (x *index) link(rs *records, r, before uint32) {
	rec := rs.at(r)
	at := x.bucket(rec.hash)
	for *at != before {
		at = &rs.at(*at).chain
	}
	*at, rec.chain = r, before
}

func (x *index) unlink(rs *records, r uint32) {
	rec := rs.at(r)
	at := x.bucket(rec.hash)
	for *at != r {
		at = &rs.at(*at).chain
	}
	*at = rec.chain
}
