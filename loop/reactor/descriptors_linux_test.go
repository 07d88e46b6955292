package reactor

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2/pkg/netpoll"
	"golang.org/x/sys/unix"

	"github.com/aemp-go/aemp/loop"
)

// An event queued for a closed descriptor reaches whoever got its number within the
// same batch: a new attempt would look established, since SO_ERROR is 0.
func TestAStaleEventIsOnlyAHint(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	l := loops[0]
	hole := blackHole(t)
	var all []*conn
	var stale, opened int
	var ends []error
	var last loop.Conn
	why := errors.New("our reason")
	attempt := &hooks{open: func(*conn) { opened++ }, closed: func(_ *conn, err error) { ends = append(ends, err) }}
	addr := listen(t, l, func() loop.Handler {
		return &hooks{
			open: func(c *conn) { all = append(all, c) },
			data: func(c *conn, _ []byte) {
				for _, other := range all {
					if other == c || other.state != open {
						continue
					}
					fd := other.fd
					other.Close(nil)
					if last = l.Dial(hole, patience, attempt); last.(*conn).fd == fd {
						stale++
					}
				}
			},
		}
	})
	var peers [2]net.Conn
	for i := range peers {
		peer, err := net.Dial("tcp", addr.String())
		if err != nil {
			t.Fatal(err)
		}
		defer peer.Close()
		peers[i] = peer
	}
	until(t, l, "two connections", func() bool { return len(all) == 2 })
	on(l, func() { // both become readable while the loop is here: they come in one batch
		for i, c := range all {
			_, _ = peers[i].Write([]byte("x"))
			waitReadable(t, c.fd)
		}
	})
	until(t, l, "the attempt", func() bool { return stale == 1 })
	on(l, func() { // and now every event there is, at everything there is
		for fd := range l.sources {
			for _, ev := range []uint32{unix.EPOLLIN, unix.EPOLLOUT, unix.EPOLLERR | unix.EPOLLHUP, 0x3fff} {
				if fd != l.bell.fd() {
					l.handle(fd, netpoll.IOEvent(ev))
				}
			}
		}
		if opened != 0 || len(ends) != 0 {
			t.Errorf("a stale event was believed: opened %d, ended %v", opened, ends)
		}
	})
	on(l, func() { last.Close(why) })
	on(l, func() {
		if opened != 0 || len(ends) != 1 || ends[0] != why {
			t.Errorf("opened %d, ended %v", opened, ends)
		}
	})
}

// Level-triggered, a backlog that can't be accepted would be reported 35,000 times
// in 100 ms.
func TestOutOfDescriptorsAListenerRestsAndGoesOn(t *testing.T) {
	g, loops := start(t, Options{Loops: 1})
	l := loops[0]
	var opened atomic.Int64
	addr := listen(t, l, func() loop.Handler { return &hooks{open: func(*conn) { opened.Add(1) }} })
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	withoutDescriptors(t, func() {
		err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()})
		if err != nil {
			t.Error(err)
		}
		until(t, l, "three pauses", func() bool { return g.Stats()[0].AcceptPauses >= 3 })
		if n := turns(l, 50*time.Millisecond); n > 20 {
			t.Errorf("%d turns in 50 ms", n)
		}
		if n := opened.Load(); n != 0 {
			t.Errorf("%d opened", n)
		}
	})
	until(t, l, "the connection", func() bool { return opened.Load() == 1 })
}

// net.FileConn needs a second descriptor for a moment.
func TestDetachWorksWithNoDescriptorLeft(t *testing.T) {
	_, loops := start(t, Options{Loops: 1})
	v, peer := accepted(t, loops[0], &hooks{})
	var nc net.Conn
	withoutDescriptors(t, func() {
		on(loops[0], func() {
			var err error
			if nc, err = v.Detach([]byte("ahead ")); err != nil {
				t.Error(err)
			}
		})
	})
	if nc == nil {
		t.FailNow()
	}
	defer nc.Close()
	_, _ = peer.Write([]byte("and more"))
	_ = peer.CloseWrite()
	if p, err := io.ReadAll(nc); err != nil || string(p) != "ahead and more" {
		t.Errorf("%q, %v", p, err)
	}
}

func TestStartWithoutDescriptorsFailsAndGivesBackWhatItHad(t *testing.T) {
	before := descriptors(t)
	withoutDescriptors(t, func() {
		if g, err := Start(Options{Loops: 3}); err == nil {
			g.Close()
			t.Error("it started")
		}
	})
	if n := descriptors(t); n != before {
		t.Errorf("%d descriptors before, %d after", before, n)
	}
}

// withoutDescriptors runs f while the process can't open any more.
func withoutDescriptors(t testing.TB, f func()) {
	t.Helper()
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &old); err != nil {
		t.Fatal(err)
	}
	top, err := unix.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	low := old
	low.Cur = uint64(top + 1)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &low); err != nil {
		t.Fatal(err)
	}
	fill := []int{top}
	for { // the gaps below
		fd, err := unix.Dup(0)
		if err != nil {
			break
		}
		fill = append(fill, fd)
	}
	release := sync.OnceFunc(func() {
		_ = unix.Setrlimit(unix.RLIMIT_NOFILE, &old)
		for _, fd := range fill {
			unix.Close(fd)
		}
	})
	defer release()
	f()
}
