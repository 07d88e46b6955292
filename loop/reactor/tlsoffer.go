package reactor

import "sync"

// offer encrypts p and writes it, under the lock of the connection's offering. Nothing
// else is encrypted meanwhile: the loop claims the connection before it lets TLS write,
// and before it lets TLS read, which may write, too. It returns how much is encrypted.
func (s *secure) offer(p []byte) (taken int) {
	if s.left != nil {
		return 0
	}
	c := s.conn
	sealed := getCiphertext()
	for taken < len(p) && len(sealed) == 0 {
		piece := p[taken:min(len(p), taken+flushSize)]
		s.pipe.offered = sealed
		_, err := s.tls.Write(piece)
		sealed, s.pipe.offered = s.pipe.offered, nil
		if err != nil { // it stays: the loop will see for itself
			break
		}
		taken += len(piece)
		n := c.writeOffer(sealed)
		sealed = sealed[:copy(sealed, sealed[n:])]
	}
	if len(sealed) == 0 {
		putCiphertext(sealed)
		return taken
	}
	s.left = sealed
	c.loop.Post((*leftTask)(s))
	return taken
}

// A leftTask makes the loop write what an offer has left.
type leftTask secure

func (t *leftTask) Run() {
	c := t.conn
	c.offering.mu.Lock()
	left := t.left != nil
	c.offering.mu.Unlock()
	if left { // so the connection is still open and this loop's
		c.claim()
	}
}

// Buffers for a piece that is encrypted outside of the loop. They are many goroutines', for
// a moment each.
var ciphertexts = sync.Pool{New: func() any { return new([flushSize + flushSize/64]byte) }}

func getCiphertext() []byte { return ciphertexts.Get().(*[flushSize + flushSize/64]byte)[:0] }

func putCiphertext(b []byte) {
	if cap(b) == flushSize+flushSize/64 { // it hasn't grown
		ciphertexts.Put((*[flushSize + flushSize/64]byte)(b[:cap(b)]))
	}
}
