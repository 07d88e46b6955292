package merge

import "math/bits"

// An index finds a family's keys, that is, one record of each, by their hash:
// buckets of chained records, twice as many as keys. Buckets are added one by one,
// each taking what is its own out of one other (linear hashing): so no Set pays
// for all.
type index struct {
	buckets []uint32 // first records
	keys    int
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

// add enters the record of a new key.
func (x *index) add(rs *records, r uint32) {
	x.keys++
	if len(x.buckets) == 0 {
		x.buckets = make([]uint32, 1)
	}
	for len(x.buckets) < 2*x.keys {
		x.split(rs)
	}
	rec := rs.at(r)
	first := x.bucket(rec.hash)
	*first, rec.chain = r, *first
}

// split adds a bucket.
func (x *index) split(rs *records) {
	n := uint32(len(x.buckets))
	half := uint32(1) << (bits.Len32(n) - 1)
	x.buckets = append(x.buckets, 0)
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

// replace puts another record of the key, 0 if there is none, where a record is, if
// it is that by which the key is found.
func (x *index) replace(rs *records, r, other uint32) {
	rec := rs.at(r)
	at := x.bucket(rec.hash)
	for *at != r {
		if *at == 0 {
			return
		}
		at = &rs.at(*at).chain
	}
	if other == 0 {
		*at = rec.chain
		x.keys--
		return
	}
	*at, rs.at(other).chain = other, rec.chain
}
