package kernel_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
)

// stream writes octets that nobody can guess, and ends its direction.
func stream(c net.Conn, seed uint64, octets int) (sum string, err error) {
	r, h := rand.NewChaCha8([32]byte{byte(seed)}), sha256.New()
	if _, err := io.CopyN(io.MultiWriter(c, h), r, int64(octets)); err != nil {
		return "", err
	}
	return digest(h), c.(*kernel.DataConn).CloseWrite()
}

func digest(h hash.Hash) string { return fmt.Sprintf("%x", h.Sum(nil)) }

// drain reads to the end.
func drain(c net.Conn) (sum string, err error) {
	h := sha256.New()
	_, err = io.Copy(h, c)
	return digest(h), err
}

// exchange sends and receives at the same time, and closes.
func exchange(c net.Conn, seed uint64, octets int) (sent, got string, err error) {
	done := make(chan error, 1)
	go func() {
		var err error
		sent, err = stream(c, seed, octets)
		done <- err
	}()
	got, err = drain(c)
	return sent, got, errors.Join(err, <-done, c.Close())
}

func TestRawConnectionsCarryOctetsBothWays(t *testing.T) {
	cert := testcert.New(t)
	const octets = 8 << 20
	for name, c := range map[string]struct{ a, b []func(*kernel.Options) }{
		"in clear":                      {},
		"from and to an original":       {b: []func(*kernel.Options){original}},
		"under TLS":                     {[]func(*kernel.Options){withTLS(t, cert)}, []func(*kernel.Options){withTLS(t, cert)}},
		"from and to a TLS original":    {[]func(*kernel.Options){withTLS(t, cert)}, []func(*kernel.Options){withTLS(t, cert), original}},
		"in clear where that's allowed": {[]func(*kernel.Options){withTLS(t, cert), allowClear}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := startReal(t, "a", c.a...), startReal(t, "b", c.b...)
			a.linkTo(b)
			for _, dial := range []struct {
				name     string
				from, to *realNode
			}{{"from a", a, b}, {"from b, which dials", b, a}, {"from b, which is dialled back", b, a}} {
				if dial.name == "from b, which dials" {
					b.SetAddresses("a", a.addr)
				} else {
					b.SetAddresses("a") // it has been there before, but forgets
				}
				l, err := dial.to.ListenData("f")
				if err != nil {
					t.Fatal(err)
				}
				type end struct {
					sent, got string
					err       error
				}
				there := make(chan end, 1)
				go func() {
					c, err := l.Accept()
					if err != nil {
						there <- end{err: err}
						return
					}
					var e end
					e.sent, e.got, e.err = exchange(c, 1, octets)
					there <- e
				}()
				conn, err := dial.from.DialData(inTime(t), dial.to.ID(), "f")
				if err != nil {
					t.Fatal(dial.name, err)
				}
				sent, got, err := exchange(conn, 2, octets)
				other := <-there
				if err != nil || other.err != nil || sent != other.got || got != other.sent {
					t.Errorf("%s: %v, %v, the sums are equal: %v, %v", dial.name, err, other.err, sent == other.got, got == other.sent)
				}
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestDialDataWaitsAsLongAsItsContextAllows(t *testing.T) {
	a, b := startReal(t, "a"), startReal(t, "b")
	a.linkTo(b)
	// Somebody who takes connections and says nothing.
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	a.SetAddresses("b", netAddr(silent))
	b.RegisterData("f", func(_ *kernel.Context, _ codec.Message, c net.Conn) { _ = c.Close() })

	short, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err = a.DialData(short, "b", "f")
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("at its deadline: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := a.DialData(canceled, "b", "f"); err != context.Canceled {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := a.DialData(canceled, "b", "f"); err != context.Canceled {
		t.Errorf("cancelled before: %v", err)
	}
	if _, err := a.DialData(t.Context(), "no;de", "f"); !errors.As(err, new(*kernel.IDError)) {
		t.Errorf("to no node: %v", err)
	}
	if _, err := a.DialData(t.Context(), "b", "g"); !isDataError(err, dataconn.Refused) {
		t.Errorf("to no function: %v", err)
	}
	inside := make(chan error, 2)
	l, err := a.ListenData("l")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Do(func(*kernel.Context) {
		_, err := a.DialData(t.Context(), "b", "f")
		inside <- err
		_, err = l.Accept()
		inside <- err
	}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := <-inside; err != kernel.ErrWouldBlock {
			t.Errorf("on a loop: %v", err)
		}
	}
	a.until("nothing is left", func() bool { return a.Stats().Ports == 0 })
}

func isDataError(err error, kind dataconn.ErrorKind) bool {
	var e *dataconn.Error
	return errors.As(err, &e) && e.Kind == kind
}

func TestAFaultOfTheNetworkIsAnErrorOnBothSidesUnderTLSToo(t *testing.T) {
	for name, set := range map[string]func(*kernel.Options){"in clear": func(*kernel.Options) {}, "under TLS": sameCert(t)} {
		t.Run(name, func(t *testing.T) {
			a, b := startReal(t, "a", set), startReal(t, "b", set)
			a.linkTo(b)
			cut := newCutter(t, b.addr)
			a.SetAddresses("b", cut.addr)
			l, err := b.ListenData("f")
			if err != nil {
				t.Fatal(err)
			}
			x, err := a.DialData(inTime(t), "b", "f")
			if err != nil {
				t.Fatal(err)
			}
			y, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(x, "half of wh"); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(y, make([]byte, 10)); err != nil {
				t.Error(err)
			}
			cut.reset()
			for _, c := range []net.Conn{x, y} {
				if _, err := io.ReadAll(c); err == nil {
					t.Error("read to an orderly end")
				}
				_ = c.Close()
			}
		})
	}
}
