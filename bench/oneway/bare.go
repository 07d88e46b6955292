package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

// The bare event loops: the same frames, encoded once, written in batches as large
// as the full system's, cut into frames at the other end, and not looked at.

const batchOctets = 64 << 10

// blaster writes a batch whenever the network has taken the last one.
type blaster struct {
	loop.NopHandler
	batch []byte
	count int64 // frames in it
	sent  int64
	stop  atomic.Bool
	conn  loop.Conn
	done  chan struct{}
}

func (b *blaster) Open(c loop.Conn) {
	b.conn = c
	b.Run()
}

func (b *blaster) Run() {
	for range 8 {
		if b.conn.Blocked() {
			return // Drained goes on
		}
		if b.stop.Load() {
			b.conn.CloseWrite()
			return
		}
		b.conn.Write(b.batch)
		b.sent += b.count
	}
	b.conn.Loop().Post(b)
}

func (b *blaster) Drained(loop.Conn)             { b.Run() }
func (b *blaster) Closed(_ loop.Conn, err error) { close(b.done) }
func (b *blaster) EOF(c loop.Conn)               { c.Close(nil) }

func blast(c *child) (float64, error) {
	where, err := c.line()
	if err != nil {
		return 0, err
	}
	addr, err := netip.ParseAddrPort(where[0])
	if err != nil {
		return 0, err
	}
	g, err := reactor.Start(reactor.Options{Loops: 1})
	if err != nil {
		return 0, err
	}
	defer g.Close()
	b := &blaster{done: make(chan struct{})}
	for len(b.batch) < batchOctets {
		b.batch, err = codec.AppendFrameArgs(b.batch, "sum", codec.DefaultLimits, []any{"tag", int64(1 << 20), payload})
		if err != nil {
			return 0, err
		}
		b.count++
	}
	start := time.Now()
	g.Loops()[0].Post(loop.Func(func() { g.Loops()[0].Dial(addr, time.Second, b) }))
	time.AfterFunc(*duration, func() { b.stop.Store(true) })
	<-b.done
	took := time.Since(start)
	got, err := c.line()
	if err != nil {
		return 0, err
	}
	if want := fmt.Sprint(b.sent); got[0] != want {
		return 0, fmt.Errorf("bare loops: %s of %s frames arrived", got[0], want)
	}
	return float64(b.sent) / took.Seconds(), nil
}

// cutter counts frames.
type cutter struct {
	loop.NopHandler
	n    int64
	rest int // octets of the frame that is being skipped
	head []byte
}

func (f *cutter) Data(_ loop.Conn, p []byte) {
	for len(p) > 0 {
		if f.rest > 0 {
			k := min(f.rest, len(p))
			f.rest -= k
			p = p[k:]
			if f.rest == 0 {
				f.n++
			}
			continue
		}
		if len(f.head) == 0 && len(p) >= 4 {
			f.rest = int(binary.BigEndian.Uint32(p))
			p = p[4:]
			continue
		}
		f.head = append(f.head, p[0])
		p = p[1:]
		if len(f.head) == 4 {
			f.rest = int(binary.BigEndian.Uint32(f.head))
			f.head = f.head[:0]
		}
	}
}

func (f *cutter) EOF(c loop.Conn) {
	fmt.Println(f.n)
	c.Close(nil)
}

func sink() error {
	g, err := reactor.Start(reactor.Options{Loops: 1})
	if err != nil {
		return err
	}
	defer g.Close()
	l := g.Loops()[0]
	l.Post(loop.Func(func() {
		ln, err := l.Listen(netip.MustParseAddrPort("127.0.0.1:0"), func(netip.AddrPort) loop.Handler { return &cutter{} })
		if err != nil {
			fmt.Fprintln(os.Stderr, "oneway:", err)
			os.Exit(1)
		}
		fmt.Println(ln.Addr())
	}))
	bufio.NewReader(os.Stdin).ReadByte()
	return nil
}
