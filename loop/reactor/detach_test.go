package reactor

import (
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

// detachOne returns the blocking side of a connection whose other side is on a loop.
func detachOne(t *testing.T, l *eventLoop, id *loop.Identity, peer *hooks, ahead []byte) (net.Conn, *conn) {
	t.Helper()
	c, v := pair(t, l, l, id, peer, &hooks{})
	var nc net.Conn
	on(l, func() {
		var err error
		if nc, err = v.Detach(ahead); err != nil {
			t.Error(err)
		}
	})
	if nc == nil {
		t.FailNow()
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	return nc, c
}

func TestADetachedConnectionCarries64MiBBothWays(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, id *loop.Identity) {
		_, loops := start(t, Options{Loops: 1})
		want := randomText(64 << 20)
		down := sha256.New()
		got := 0
		ended := make(chan struct{})
		peer := &hooks{
			data: func(_ *conn, p []byte) { down.Write(p); got += len(p) },
			eof:  func(c *conn) { close(ended) },
		}
		nc, c := detachOne(t, loops[0], id, peer, nil)
		on(loops[0], func() { feed(c, peer, want, c.CloseWrite) })
		sent := make(chan error, 1)
		go func() {
			_, err := nc.Write(want)
			if err == nil {
				err = nc.(halfConn).CloseWrite()
			}
			sent <- err
		}()
		up := sha256.New()
		if n, err := io.Copy(up, nc); err != nil || n != int64(len(want)) {
			t.Errorf("read %d octets, %v", n, err)
		}
		if err := receive(t, "the writer", sent); err != nil {
			t.Error(err)
		}
		receive(t, "EOF", ended)
		sameSum(t, up, want)
		sameSum(t, down, want)
	})
}

func TestUnsentOutputIsWrittenThoughNobodyWrites(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, id *loop.Identity) {
		_, loops := start(t, Options{Loops: 1})
		l := loops[0]
		want := randomText(24 << 20)
		sum, got := sha256.New(), 0
		peer := &hooks{data: func(c *conn, p []byte) {
			sum.Write(p)
			if got += len(p); got == len(want) {
				c.Write([]byte("thanks"))
			}
		}}
		c, v := pair(t, l, l, id, peer, &hooks{})
		var nc net.Conn
		on(l, func() {
			c.Pause()
			v.Write(want)
			if v.Buffered() == 0 {
				t.Error("the network took it all")
			}
			nc, _ = v.Detach(nil)
			c.Resume()
		})
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(patience))
		p := make([]byte, 6)
		if _, err := io.ReadFull(nc, p); err != nil || string(p) != "thanks" {
			t.Errorf("%q, %v", p, err)
		}
		on(l, func() { sameSum(t, sum, want) })
	})
}

func TestCloseOfADetachedConnectionStillWritesWhatWasUnsent(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	want := randomText(24 << 20)
	sum := sha256.New()
	ended := make(chan struct{})
	peer := &hooks{data: func(_ *conn, p []byte) { sum.Write(p) }, eof: func(*conn) { close(ended) }}
	c, v := pair(t, l, l, nil, peer, &hooks{})
	var nc net.Conn
	on(l, func() {
		c.Pause()
		v.Write(want)
		nc, _ = v.Detach(nil)
	})
	reading := make(chan error, 1)
	go func() {
		_, err := nc.Read(make([]byte, 1))
		reading <- err
	}()
	if err := nc.Close(); err != nil {
		t.Error(err)
	}
	if err := receive(t, "the reader", reading); err == nil {
		t.Error("a reader of a closed connection got something")
	}
	if _, err := nc.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := nc.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	on(l, c.Resume)
	receive(t, "EOF", ended)
	on(l, func() { sameSum(t, sum, want) })
}

func TestCloseWriteBeforeDetachComesAfterWhatWasUnsent(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, id *loop.Identity) {
		_, loops := start(t, Options{Loops: 1})
		l := loops[0]
		want := randomText(24 << 20)
		sum := sha256.New()
		ended := make(chan struct{})
		peer := &hooks{data: func(_ *conn, p []byte) { sum.Write(p) }, eof: func(*conn) { close(ended) }}
		c, v := pair(t, l, l, id, peer, &hooks{})
		var nc net.Conn
		on(l, func() {
			c.Pause()
			v.Write(want)
			v.CloseWrite()
			nc, _ = v.Detach(nil)
			c.Resume()
		})
		defer nc.Close()
		receive(t, "EOF", ended)
		on(l, func() { sameSum(t, sum, want) })
	})
}

func TestErrorsOfADetachedConnectionAreThoseOfASocket(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	nc, c := detachOne(t, loops[0], nil, &hooks{}, nil)
	if nc.LocalAddr().String() != c.Remote().String() || nc.RemoteAddr().String() != c.Local().String() {
		t.Errorf("%v and %v", nc.LocalAddr(), nc.RemoteAddr())
	}
	past := time.Unix(0, 1)
	_ = nc.SetReadDeadline(past)
	_, err := nc.Read(make([]byte, 1))
	var netErr net.Error
	var opErr *net.OpError
	if !errors.As(err, &netErr) || !netErr.Timeout() || !errors.As(err, &opErr) || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%#v", err)
	}
	_ = nc.SetWriteDeadline(past)
	if _, err := nc.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v", err)
	}
	if err := nc.Close(); err != nil {
		t.Error(err)
	}
	if _, err := nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := nc.SetDeadline(past); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
	if err := nc.(halfConn).CloseWrite(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("%v", err)
	}
}

func TestAConnectionThatShakesHandsCannotBeDetached(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	id := newIdentity(t, testcert.New(t))
	c, _ := accepted(t, loops[0], &hooks{})
	on(loops[0], func() {
		c.StartTLS(id, true, nil, func(loop.Session, error) {})
		if nc, err := c.Detach(nil); err == nil || nc != nil {
			t.Error("it was detached")
		}
	})
}
