package reactor

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

func randomText(n int) []byte {
	p := make([]byte, n)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(p)
	return p
}

// Even with an empty mask epoll reports hang-ups for ever.
func TestAResetWhilePausedDoesNotSpinAndIsFoundOnResume(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	ended := make(chan error, 1)
	c, peer := accepted(t, l, &hooks{closed: func(_ *conn, err error) { ended <- err }})
	on(l, c.Pause)
	_ = peer.SetLinger(0)
	peer.Close()
	if n := turns(l, 30*time.Millisecond); n > 10 {
		t.Errorf("%d turns in 30 ms", n)
	}
	on(l, c.Resume)
	if err := receive(t, "Closed", ended); !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("%v", err)
	}
}

func TestAResetWhilePausedWithOutputPendingEndsTheConnection(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	ended := make(chan error, 1)
	c, peer := accepted(t, l, &hooks{closed: func(_ *conn, err error) { ended <- err }})
	on(l, func() {
		c.Pause()
		c.Write(make([]byte, 32<<20))
		if c.watched != writing {
			t.Errorf("paused and blocked, it waits for %v", c.watched)
		}
	})
	_ = peer.SetLinger(0)
	peer.Close()
	if err := receive(t, "Closed", ended); err == nil {
		t.Error("without a reason")
	}
}

// Level-triggered, a descriptor stays readable after the peer's FIN.
func TestThePeersEndDoesNotSpin(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	ended := make(chan bool, 1)
	c, peer := accepted(t, l, &hooks{eof: func(*conn) { ended <- true }})
	_ = peer.CloseWrite()
	receive(t, "EOF", ended)
	if n := turns(l, 30*time.Millisecond); n > 10 {
		t.Errorf("%d turns in 30 ms", n)
	}
	on(l, func() { c.Write([]byte("still open")); c.CloseWrite() })
	if p, err := io.ReadAll(peer); err != nil || string(p) != "still open" {
		t.Errorf("%q, %v", p, err)
	}
}

func waitReadable(t *testing.T, fd int) {
	t.Helper()
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, int(patience.Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		if n != 1 || err != nil {
			t.Errorf("never readable: %v", err)
		}
		return
	}
}

// A socket that dials a free port of its own host may get that port itself.
func TestDiallingOneselfIsAnError(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	fd, addr := boundSocket(t)
	self := &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}
	if err := unix.Connect(fd, self); err != nil {
		t.Fatal(err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	on(l, func() {
		h := &hooks{open: func(*conn) { t.Error("it opened") }, closed: func(_ *conn, err error) { ended <- err }}
		c := newConn(l, fd, h, connecting)
		c.timer = &timer{loop: l}
		c.watch()
	})
	if err := receive(t, "Closed", ended); !errors.Is(err, loop.ErrSelf) {
		t.Errorf("%v", err)
	}
}

// A close with input unread resets the connection and destroys what is in flight.
func TestCloseAfterDrainBrings64MiBAcrossThoughInputIsUnread(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	want := randomText(64 << 20)
	why := errors.New("our reason")
	ended := make(chan error, 1)
	_, peer := accepted(t, loops[0], &hooks{
		open: func(c *conn) {
			c.Pause()
			c.Write(want)
			c.CloseAfterDrain(why, patience)
		},
		closed: func(_ *conn, err error) { ended <- err },
	})
	if _, err := peer.Write(make([]byte, 1<<20)); err != nil {
		t.Fatal(err)
	}
	sum := sha256.New()
	if n, err := io.Copy(sum, peer); err != nil || n != int64(len(want)) {
		t.Fatalf("%d octets, %v", n, err)
	}
	sameSum(t, sum, want)
	select {
	case err := <-ended:
		t.Errorf("closed before the peer did: %v", err)
	default:
	}
	peer.Close()
	if err := receive(t, "Closed", ended); err != why {
		t.Errorf("%v", err)
	}
}

func sameSum(t testing.TB, sum hash.Hash, want []byte) {
	t.Helper()
	if w := sha256.Sum256(want); !bytes.Equal(sum.Sum(nil), w[:]) {
		t.Error("the octets that arrived differ from those sent")
	}
}

func TestAThousandConnectionsAtOnce(t *testing.T) {
	both(t, func(t *testing.T, o Options) {
		o.Loops = 2
		g, loops := start(t, o)
		const n = 1000
		var opened, echoed, closed atomic.Int64
		addr := listen(t, loops[0], func() loop.Handler {
			return &hooks{open: func(*conn) { opened.Add(1) }, data: echo, closed: func(*conn, error) { closed.Add(1) }}
		})
		on(loops[1], func() {
			for i := range n {
				var got []byte
				want := fmt.Sprintf("hello %d", i)
				loops[1].Dial(addr, patience, &hooks{
					open: func(c *conn) { c.Write([]byte(want)) },
					data: func(c *conn, p []byte) {
						if got = append(got, p...); string(got) == want {
							c.CloseAfterDrain(nil, patience)
						}
					},
					closed: func(_ *conn, err error) {
						if err == nil {
							echoed.Add(1)
						}
					},
				})
			}
		})
		until(t, loops[0], "all to close", func() bool { return echoed.Load() == n && closed.Load() == n })
		if opened.Load() != n {
			t.Errorf("%d opened", opened.Load())
		}
		for _, l := range loops {
			on(l, func() {
				if s := g.Stats()[l.index]; s.Conns != 0 || len(l.timers.heap) != 0 {
					t.Errorf("loop %d: %d connections and %d timers are left", l.index, s.Conns, len(l.timers.heap))
				}
			})
		}
	})
}

func TestOutputAboveTheHardCapEndsTheConnection(t *testing.T) {
	_, loops := start(t, Options{Loops: 1, HardCap: 8 << 20})
	l := loops[0]
	ended := make(chan error, 1)
	c, _ := accepted(t, l, &hooks{closed: func(_ *conn, err error) { ended <- err }})
	on(l, func() {
		for range 64 {
			c.Write(make([]byte, 1<<20))
		}
		if n := c.Buffered(); n != 0 {
			t.Errorf("%d octets are still held", n)
		}
	})
	if err := receive(t, "Closed", ended); !errors.Is(err, loop.ErrOverflow) {
		t.Errorf("%v", err)
	}
}

func TestAllOutputOfABatchIsOneSystemCall(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	c, peer := accepted(t, l, &hooks{})
	var before uint64
	on(l, func() {
		before = l.counts.writes.Load()
		for range 100 {
			l.Post(loop.Func(func() { c.Write([]byte("0123456789")) }))
		}
	})
	if _, err := io.ReadFull(peer, make([]byte, 1000)); err != nil {
		t.Fatal(err)
	}
	on(l, func() {}) // it has counted
	if n := l.counts.writes.Load() - before; n != 1 {
		t.Errorf("%d writes", n)
	}
}

// gnet's poller has no hook at the end of a batch.
func TestWhatEventsOfOneBatchWriteToAnotherConnectionIsOneSystemCall(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	out, peer := accepted(t, l, &hooks{})
	const n = 10
	var in [n]*conn
	var peers [n]*net.TCPConn
	for i := range n {
		in[i], peers[i] = accepted(t, l, &hooks{data: func(_ *conn, p []byte) { out.Write(p) }})
	}
	var before uint64
	on(l, func() {
		for i := range n {
			_, _ = peers[i].Write([]byte("x"))
			waitReadable(t, in[i].fd)
		}
		before = l.counts.writes.Load()
	})
	if _, err := io.ReadFull(peer, make([]byte, n)); err != nil {
		t.Fatal(err)
	}
	on(l, func() {})                                 // it has counted
	if w := l.counts.writes.Load() - before; w > 2 { // the first event may come alone
		t.Errorf("%d writes", w)
	}
}

func TestAFastSenderDoesNotStarveAnotherConnection(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	_, flooding := accepted(t, l, &hooks{})
	stop := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		p := make([]byte, 1<<20)
		for {
			select {
			case <-stop:
				return
			default:
				if _, err := flooding.Write(p); err != nil {
					return
				}
			}
		}
	}()
	_, peer := accepted(t, l, &hooks{data: echo})
	p := make([]byte, 1)
	for range 200 {
		if _, err := peer.Write(p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(peer, p); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	<-stopped
}

// An error of connect(2) itself, told at once, would make a handler that dials
// again at once keep the loop for itself.
func TestDiallingAgainInClosedDoesNotStarveTheLoop(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	attempts := 0
	done := make(chan struct{})
	ticked := false
	on(l, func() {
		var again *hooks
		again = &hooks{closed: func(*conn, error) {
			if attempts++; !ticked {
				l.Dial(netip.AddrPort{}, time.Second, again)
			} else {
				close(done)
			}
		}}
		l.Dial(netip.AddrPort{}, time.Second, again)
		loop.After(l, time.Millisecond, func() { ticked = true })
	})
	receive(t, "the timer", done)
}

func TestAPanicAfterAMoveEndsTheConnectionAndIsCounted(t *testing.T) {
	g, loops := start(t, Options{Loops: 2})
	ended := make(chan error, 1)
	c, _ := accepted(t, loops[0], &hooks{closed: func(_ *conn, err error) { ended <- err }})
	on(loops[0], func() { c.Move(loops[1], func() { panic("after the move") }) })
	var p *PanicError
	if err := receive(t, "Closed", ended); !errors.As(err, &p) || p.Value != "after the move" || p.Error() == "" {
		t.Errorf("%v", err)
	}
	if s := g.Stats(); s[0].Panics != 0 || s[1].Panics != 1 || s[0].Conns != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAPanicWhileLeavingALoopEndsTheConnectionOnTheOther(t *testing.T) {
	_, loops := start(t, Options{Loops: 2})
	ended := make(chan error, 1)
	_, peer := accepted(t, loops[0], &hooks{
		data: func(c *conn, _ []byte) {
			c.Move(loops[1], func() { t.Error("it arrived in good health") })
			panic("on the way")
		},
		closed: func(c *conn, err error) {
			if !loops[1].Inside() {
				t.Error("Closed on the old loop")
			}
			ended <- err
		},
	})
	_, _ = peer.Write([]byte("x"))
	var p *PanicError
	if err := receive(t, "Closed", ended); !errors.As(err, &p) {
		t.Errorf("%v", err)
	}
}
