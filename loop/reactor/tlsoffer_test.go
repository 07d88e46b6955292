package reactor

import (
	"encoding/binary"
	"io"
	"runtime"
	"testing"

	"github.com/aemp-go/aemp/internal/testcert"
)

const pieceSize = 8 << 10

// piece is the n-th that somebody writes.
func piece(from byte, n uint32) []byte {
	p := make([]byte, pieceSize)
	p[0] = from
	binary.BigEndian.PutUint32(p[1:], n)
	return p
}

func TestOffersUnderTLSGoBetweenWhatTheLoopReadsAndWrites(t *testing.T) {
	const each = 2000
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	answered := uint32(0)
	h := &hooks{data: func(c *conn, p []byte) {
		for range p {
			c.Write(piece('l', answered))
			answered++
		}
	}}
	c, peer, _ := tlsPeer(t, loops[0], id, h, true, id.Config)
	go func() {
		for range each {
			if _, err := peer.Write([]byte("?")); err != nil {
				return // the reader tells
			}
		}
	}()
	go func() {
		for n := range uint32(each) {
			p := piece('g', n)
			for c.Offer(p) == 0 {
				if t.Context().Err() != nil {
					return
				}
				runtime.Gosched()
			}
		}
	}()
	next := map[byte]uint32{}
	p := make([]byte, pieceSize)
	for range 2 * each {
		if _, err := io.ReadFull(peer, p); err != nil {
			t.Fatal(err)
		}
		if n := binary.BigEndian.Uint32(p[1:]); n != next[p[0]] {
			t.Fatalf("piece %d of %q instead of %d", n, p[0], next[p[0]])
		}
		next[p[0]]++
	}
	if next['l'] != each || next['g'] != each {
		t.Errorf("%d pieces of the loop, %d of the goroutine", next['l'], next['g'])
	}
}

func TestOffersUnderTLSAllocateNothing(t *testing.T) {
	if testing.Short() {
		t.Skip("under the race detector pools forget at random, crypto/tls's too")
	}
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	c, peer, raw := tlsPeer(t, loops[0], id, &hooks{}, true, id.Config)
	on(loops[0], func() { c.Write([]byte("x")) })
	p, record := make([]byte, 1000), make([]byte, 5+1000+1+16)
	if _, err := io.ReadFull(peer, p[:1]); err != nil {
		t.Fatal(err)
	}
	trip := func() {
		for c.Offer(p) == 0 {
			runtime.Gosched()
		}
		if _, err := io.ReadFull(raw, record); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		trip()
	}
	if n := testing.AllocsPerRun(1000, trip); n > 0 {
		t.Errorf("%v allocations per offer", n)
	}
}
