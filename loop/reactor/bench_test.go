package reactor

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/testcert"
	"github.com/aemp-go/aemp/loop"
)

// flooder writes pieces for ever, as fast as the network takes them. Between two
// bursts the loop has a turn for everything else.
type flooder struct {
	loop.NopHandler
	conn  loop.Conn
	piece []byte
}

const burst = 8

func (f *flooder) Run() {
	for range burst {
		if f.conn.Blocked() {
			return
		}
		f.conn.Write(f.piece)
	}
	f.conn.Loop().Post(f)
}

func (f *flooder) Open(c loop.Conn)    { f.conn = c; f.Run() }
func (f *flooder) Drained(c loop.Conn) { f.Run() }

// The ceiling of everything above: octets one way between two loops over loopback.
func BenchmarkOneWay(b *testing.B) {
	for _, kind := range []string{"plain", "TLS"} {
		for _, size := range []int{4 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("%s/%dKiB", kind, size>>10), func(b *testing.B) {
				_, loops := start(b, Options{Loops: 2})
				var id *loop.Identity
				if kind == "TLS" {
					id = newIdentity(b, testcert.New(b))
				}
				limit, got := int64(b.N)*int64(size), int64(0)
				done := make(chan struct{})
				sink := &hooks{data: func(c *conn, p []byte) {
					before := got
					if got += int64(len(p)); before < limit && got >= limit {
						close(done)
					}
				}}
				c, _ := pair(b, loops[0], loops[1], id, &hooks{}, sink)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				b.ResetTimer()
				f := &flooder{piece: make([]byte, size)}
				on(loops[0], func() { c.SetHandler(f); f.Open(c) })
				<-done
			})
		}
	}
}

// One octet there and back between two loops.
func BenchmarkPingPong(b *testing.B) {
	for _, kind := range []string{"plain", "TLS"} {
		b.Run(kind, func(b *testing.B) {
			_, loops := start(b, Options{Loops: 2})
			var id *loop.Identity
			if kind == "TLS" {
				id = newIdentity(b, testcert.New(b))
			}
			took := make([]time.Duration, 0, b.N)
			done := make(chan struct{})
			var sent time.Time
			ping := func(c *conn) {
				sent = time.Now()
				c.Write([]byte("x"))
			}
			h := &hooks{data: func(c *conn, _ []byte) {
				if took = append(took, time.Since(sent)); len(took) == b.N {
					close(done)
					return
				}
				ping(c)
			}}
			c, _ := pair(b, loops[0], loops[1], id, h, &hooks{data: echo})
			b.ReportAllocs()
			b.ResetTimer()
			on(loops[0], func() { ping(c) })
			<-done
			b.StopTimer()
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1e3, "p50-µs")
			b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1e3, "p99-µs")
		})
	}
}

// The same for a goroutine that has its loop send, and waits for the answer.
func BenchmarkConversation(b *testing.B) {
	_, loops := start(b, Options{Loops: 2})
	answered := make(chan struct{}, 1)
	h := &hooks{data: func(*conn, []byte) { answered <- struct{}{} }}
	c, _ := pair(b, loops[0], loops[1], nil, h, &hooks{data: echo})
	ask := loop.Func(func() { c.Write([]byte("x")) })
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		loops[0].Post(ask)
		<-answered
	}
}

// 64 connections with 16 messages of 64 octets under way on each.
func BenchmarkManyRoundTrips(b *testing.B) {
	const conns, depth, size = 64, 16, 64
	_, loops := start(b, Options{Loops: 2})
	got, done := 0, make(chan struct{})
	h := func(c *conn, p []byte) {
		before := got
		if got += len(p); got >= b.N*size {
			if before < b.N*size {
				close(done)
			}
			return
		}
		c.Write(p)
	}
	var all []*conn
	for range conns {
		c, _ := pair(b, loops[0], loops[1], nil, &hooks{data: h}, &hooks{data: echo})
		all = append(all, c)
	}
	b.ReportAllocs()
	b.ResetTimer()
	on(loops[0], func() {
		for _, c := range all {
			c.Write(make([]byte, depth*size))
		}
	})
	<-done
}

func BenchmarkPost(b *testing.B) {
	_, loops := start(b, Options{Loops: 1})
	task := loop.Func(func() {})
	b.ReportAllocs()
	for range b.N {
		loops[0].Post(task)
	}
	on(loops[0], func() {})
}

func BenchmarkPostThatWakes(b *testing.B) {
	_, loops := start(b, Options{Loops: 1})
	ran := make(chan struct{}, 1)
	task := loop.Func(func() { ran <- struct{}{} })
	b.ReportAllocs()
	for range b.N {
		loops[0].Post(task)
		<-ran
	}
}

func BenchmarkTimerSetAndStopped(b *testing.B) {
	_, loops := start(b, Options{Loops: 1})
	l := loops[0]
	b.ReportAllocs()
	on(l, func() {
		for range 1000 {
			loop.After(l, time.Hour, func() {})
		}
		t := l.NewTimer(loop.Func(func() {}))
		for i := range b.N {
			t.Reset(2*time.Hour + time.Duration(i))
			t.Stop()
		}
	})
}

func BenchmarkDial(b *testing.B) {
	_, loops := start(b, Options{Loops: 2})
	l := loops[1]
	addr := listen(b, loops[0], func() loop.Handler {
		return &hooks{eof: func(c *conn) { c.Close(io.EOF) }}
	})
	opened, closed := make(chan struct{}, 1), make(chan struct{}, 1)
	h := &hooks{
		open:   func(c *conn) { opened <- struct{}{}; c.Close(nil) },
		closed: func(*conn, error) { closed <- struct{}{} },
	}
	dial := loop.Func(func() { l.Dial(addr, patience, h) })
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		l.Post(dial)
		<-opened
		<-closed
	}
}

func BenchmarkHandshake(b *testing.B) {
	_, loops := start(b, Options{Loops: 2})
	id := newIdentity(b, testcert.New(b))
	addr := listen(b, loops[0], func() loop.Handler {
		return &hooks{
			open: func(c *conn) { c.StartTLS(id, false, nil, func(loop.Session, error) {}) },
			eof:  func(c *conn) { c.Close(io.EOF) },
		}
	})
	closed := make(chan error, 1)
	h := &hooks{
		open:   func(c *conn) { c.StartTLS(id, true, nil, func(_ loop.Session, err error) { c.Close(err) }) },
		closed: func(_ *conn, err error) { closed <- err },
	}
	dial := loop.Func(func() { loops[1].Dial(addr, patience, h) })
	b.ResetTimer()
	for range b.N {
		loops[1].Post(dial)
		if err := <-closed; err != nil {
			b.Fatal(err)
		}
	}
}
