package merge

import "bytes"

// pending is what is to be told: how the keys that were touched since the last
// Changes stood before.
type pending struct {
	befores  []before
	buckets  []uint32 // of befores, by hash, counted from 1; a power of two of them
	families []*family
	arena    []byte // the memory of keys and values; what it was before it had to grow lives as long as they do
}

// A before is how a key stood.
type before struct {
	family *family
	key    []byte
	view   []byte // nil: there was none
	own    Entry  // no Value: none
	hash   uint32
	chain  uint32 // the next one in its bucket, counted from 1
	next   uint32 // the next one that was touched in its family, counted from 1
	there  bool   // family.keys counts it
}

// marked are a family's befores in the order in which they were made: a list,
// counted from 1.
type marked struct{ first, last uint32 }

// Up to how many befores and octets the memory is kept for the next time.
const (
	keptBefores = 4 << 10
	keptOctets  = 256 << 10
)

// mark notes how a key stands, unless that has been done. It must be called before
// anything of the key is changed. peer is one of its records, if it has any.
func (s *Store) mark(f *family, key []byte, hash, peer uint32) {
	p := &s.pending
	if p.has(f, key, hash) {
		return
	}
	b := before{family: f, key: p.keep(key), hash: hash}
	view, own := s.winners(f, peer)
	if view != 0 {
		b.view, b.there = p.keep(s.blobs.value(s.records.at(view).blob)), true
	}
	if own != 0 {
		b.own = s.entry(own)
		if own == view {
			b.own.Value = b.view
		} else {
			b.own.Value = p.keep(b.own.Value)
		}
	}
	p.add(b)
}

// markHolding notes how all keys of a holding stand.
func (s *Store) markHolding(h *holding) {
	for r := h.first; r != 0; r = s.records.at(r).next {
		rec := s.records.at(r)
		s.mark(h.family, s.blobs.key(rec.blob), rec.hash, r)
	}
}

// has says whether a key has a before.
func (p *pending) has(f *family, key []byte, hash uint32) bool {
	if len(p.buckets) == 0 {
		return false
	}
	for i := *p.bucket(hash); i != 0; {
		b := &p.befores[i-1]
		if b.hash == hash && b.family == f && bytes.Equal(b.key, key) {
			return true
		}
		i = b.chain
	}
	return false
}

func (p *pending) bucket(hash uint32) *uint32 { return &p.buckets[hash&uint32(len(p.buckets)-1)] }

func (p *pending) add(b before) {
	p.befores = append(p.befores, b)
	if len(p.befores) > len(p.buckets) {
		p.buckets = make([]uint32, max(64, 2*len(p.buckets)))
		for i := range p.befores {
			p.link(uint32(i + 1))
		}
	} else {
		p.link(uint32(len(p.befores)))
	}
	m, n := &b.family.marked, uint32(len(p.befores))
	if m.first == 0 {
		m.first = n
		p.families = append(p.families, b.family)
	} else {
		p.befores[m.last-1].next = n
	}
	m.last = n
}

func (p *pending) link(i uint32) {
	b := &p.befores[i-1]
	at := p.bucket(b.hash)
	*at, b.chain = i, *at
}

// keep copies octets to where they stay until the next Changes.
func (p *pending) keep(octets []byte) []byte {
	if cap(p.arena)-len(p.arena) < len(octets) {
		p.arena = make([]byte, 0, max(1<<10, 2*cap(p.arena), len(octets)))
	}
	n := len(p.arena)
	p.arena = append(p.arena, octets...)
	return p.arena[n:len(p.arena):len(p.arena)]
}

func (p *pending) reset() {
	if cap(p.befores) > keptBefores {
		p.befores, p.buckets, p.families = nil, nil, nil
	}
	if cap(p.arena) > keptOctets {
		p.arena = nil
	}
	clear(p.befores)
	clear(p.families)
	clear(p.buckets)
	p.befores, p.families, p.arena = p.befores[:0], p.families[:0], p.arena[:0]
}
