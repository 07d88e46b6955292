package merge

import (
	"encoding/binary"
	"math/bits"
)

// A blob is a key and a value in one piece of memory: their lengths as uvarints,
// each followed by its octets, the key first. Pieces of one size share pages, so
// that a million small blobs are some thousand objects without pointers. What is
// too big for that is an ordinary slice.
//
// A page whose pieces are all free is given back.
type blobs struct {
	pages []page
	empty uint32             // pages without memory: a list by next
	roomy [len(sizes)]uint32 // per size, pages that have free pieces: a list by next and prev
	big   [][]byte
	holes []uint32 // in big
}

// A blobRef is a page and a place in it, in units, or with the top bit an index in
// big.
type blobRef uint32

// A page is pieces of one size. Pages and places are counted from 1 in lists; 0 is
// none.
type page struct {
	data       *[pageSize]byte
	next, prev uint32
	free       uint16 // a list of places; the next one is in the piece's first octets
	fresh      uint16 // from this place on no piece was ever used
	live       uint16 // pieces in use
	size       uint8  // which of sizes
}

const (
	unit     = 8
	pageSize = 16 << 10
	inPage   = pageSize / unit
	bigBlob  = 2 << 10 // 8 pieces to a page
	isBig    = 1 << 31
	maxPages = isBig / inPage // 16 GiB; beyond that each blob is an ordinary slice
)

// sizes of pieces, in units: each one to 32, then in steps of an eighth. fitting is
// the smallest of them for a number of units.
var sizes, fitting = func() (s [49]uint16, fit [bigBlob/unit + 1]uint8) {
	for i := range s {
		s[i] = uint16(i + 1)
		if i >= 32 {
			s[i] = min(bigBlob/unit, s[i-1]*9/8+1)
		}
	}
	at := 0
	for n := range fit {
		for int(s[at]) < n {
			at++
		}
		fit[n] = uint8(at)
	}
	return s, fit
}()

// put makes a blob of copies.
func (b *blobs) put(key, value []byte) blobRef {
	ref := b.alloc(room(len(key)) + room(len(value)))
	write(write(b.at(ref), key), value)
	return ref
}

// key and value are borrowed until the blob is freed or changed.
func (b *blobs) key(ref blobRef) []byte {
	p := b.at(ref)
	n, at := binary.Uvarint(p)
	return p[at : at+int(n)]
}

func (b *blobs) value(ref blobRef) []byte {
	p := b.at(ref)
	n, at := binary.Uvarint(p)
	p = p[at+int(n):]
	n, at = binary.Uvarint(p)
	return p[at : at+int(n) : at+int(n)]
}

// setValue gives a blob another value, in place if its piece has the right size.
func (b *blobs) setValue(ref blobRef, value []byte) blobRef {
	key := b.key(ref)
	n := room(len(key)) + room(len(value))
	if p := b.at(ref); ref&isBig == 0 && n <= len(p) && fits(n) == b.pages[ref/inPage].size {
		write(p[room(len(key)):], value)
		return ref
	}
	other := b.put(key, value)
	b.drop(ref)
	return other
}

func (b *blobs) at(ref blobRef) []byte {
	if ref&isBig != 0 {
		return b.big[ref&^isBig]
	}
	p := &b.pages[ref/inPage]
	return p.data[ref%inPage*unit:][:sizes[p.size]*unit]
}

// room is what n octets and their length take.
func room(n int) int { return (bits.Len(uint(n)|1)+6)/7 + n }

// fits is the smallest size with room for n octets, at most bigBlob.
func fits(n int) uint8 { return fitting[(n+unit-1)/unit] }

// write writes a length and octets, and returns what follows.
func write(p, octets []byte) []byte {
	n := binary.PutUvarint(p, uint64(len(octets)))
	return p[n+copy(p[n:], octets):]
}

func (b *blobs) alloc(n int) blobRef {
	if n > bigBlob || len(b.pages) == maxPages {
		return b.allocBig(n)
	}
	size := fits(n)
	at := b.roomy[size]
	if at == 0 {
		at = b.newPage(size)
	}
	p := &b.pages[at-1]
	place := p.free
	if place != 0 {
		p.free = binary.LittleEndian.Uint16(p.data[int(place-1)*unit:])
	} else {
		place = p.fresh + 1
		p.fresh += sizes[size]
	}
	p.live++
	if p.full() {
		b.unlink(at)
	}
	return blobRef(at-1)*inPage + blobRef(place-1)
}

func (b *blobs) allocBig(n int) blobRef {
	p := make([]byte, n)
	if last := len(b.holes) - 1; last >= 0 {
		at := b.holes[last]
		b.holes = b.holes[:last]
		b.big[at] = p
		return isBig | blobRef(at)
	}
	b.big = append(b.big, p)
	return isBig | blobRef(len(b.big)-1)
}

// drop frees a blob.
func (b *blobs) drop(ref blobRef) {
	if ref&isBig != 0 {
		at := uint32(ref &^ isBig)
		b.big[at] = nil
		b.holes = append(b.holes, at)
		return
	}
	at := uint32(ref/inPage) + 1
	p := &b.pages[at-1]
	if p.full() {
		b.link(at)
	}
	place := uint16(ref % inPage)
	binary.LittleEndian.PutUint16(p.data[int(place)*unit:], p.free)
	p.free = place + 1
	p.live--
	alone := b.roomy[p.size] == at && p.next == 0 // kept, or a lone blob that comes and goes makes garbage
	if p.live == 0 && !alone {
		b.unlink(at)
		*p = page{next: b.empty}
		b.empty = at
	}
}

func (p *page) full() bool { return p.free == 0 && p.fresh+sizes[p.size] > inPage }

func (b *blobs) newPage(size uint8) uint32 {
	at := b.empty
	if at != 0 {
		b.empty = b.pages[at-1].next
	} else {
		b.pages = append(b.pages, page{})
		at = uint32(len(b.pages))
	}
	b.pages[at-1] = page{data: new([pageSize]byte), size: size}
	b.link(at)
	return at
}

// link puts a page to the front of those that have room.
func (b *blobs) link(at uint32) {
	p := &b.pages[at-1]
	first := &b.roomy[p.size]
	p.prev, p.next = 0, *first
	if *first != 0 {
		b.pages[*first-1].prev = at
	}
	*first = at
}

func (b *blobs) unlink(at uint32) {
	p := &b.pages[at-1]
	if p.next != 0 {
		b.pages[p.next-1].prev = p.prev
	}
	if p.prev != 0 {
		b.pages[p.prev-1].next = p.next
	} else {
		b.roomy[p.size] = p.next
	}
}
