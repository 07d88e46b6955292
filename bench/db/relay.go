package main

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/reactor"
)

// The bare relay: frames of the database's size go from process to process over two
// hops, on the same event loops, and nobody looks at them but the last, at the time.

// bareLoop starts the one event loop of a process.
func bareLoop() (loop.Loop, error) {
	g, err := reactor.Start(reactor.Options{Loops: 1})
	if err != nil {
		return nil, err
	}
	return g.Loops()[0], nil
}

// listenOn listens with a handler for each connection and tells the parent where.
func listenOn(l loop.Loop, accept func() loop.Handler) error {
	failed := make(chan error, 1)
	l.Post(loop.Func(func() {
		ln, err := l.Listen(netip.MustParseAddrPort("127.0.0.1:0"), func(netip.AddrPort) loop.Handler { return accept() })
		if err == nil {
			fmt.Println(ln.Addr())
		}
		failed <- err
	}))
	return <-failed
}

// opener is a dialled connection.
type opener struct {
	loop.NopHandler
	opened chan loop.Conn
}

func (o *opener) Open(c loop.Conn) { o.opened <- c }

func (o *opener) Closed(_ loop.Conn, err error) { close(o.opened) }

func dial(l loop.Loop, to string) (loop.Conn, error) {
	addr, err := netip.ParseAddrPort(to)
	if err != nil {
		return nil, err
	}
	o := &opener{opened: make(chan loop.Conn, 1)}
	l.Post(loop.Func(func() { l.Dial(addr, time.Minute, o) }))
	c, ok := <-o.opened
	if !ok {
		return nil, fmt.Errorf("nobody at %s", to)
	}
	return c, nil
}

// relayRole passes on what it gets.
func relayRole() error {
	l, err := bareLoop()
	if err != nil {
		return err
	}
	out, err := dial(l, *to)
	if err != nil {
		return err
	}
	if err := listenOn(l, func() loop.Handler { return &passer{out: out} }); err != nil {
		return err
	}
	return obey(func([]string) error { return nil })
}

type passer struct {
	loop.NopHandler
	out loop.Conn
}

func (p *passer) Data(_ loop.Conn, b []byte) { p.out.Write(b) }

// bareFrame is as long as what the database sends for a Set of one key, and ends with the time.
func bareFrame(b []byte, now int64) ([]byte, error) {
	const filler = "0123456789abcdefghij"
	return codec.AppendFrameArgs(b, "", codec.DefaultLimits, []any{"g_upd", latencyFamily, latencyKey, filler, now})
}

// bareSenderRole sends frames one by one.
func bareSenderRole() error {
	clock, err := newClock()
	if err != nil {
		return err
	}
	l, err := bareLoop()
	if err != nil {
		return err
	}
	conn, err := dial(l, *to)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	var buf []byte
	return obey(func(words []string) error {
		return paced(number(words[0]), func() error {
			now := clock.now()
			l.Post(loop.Func(func() {
				buf, _ = bareFrame(buf[:0], now) // plain values
				conn.Write(buf)
			}))
			return nil
		})
	})
}

// bareReceiverRole reads the times.
func bareReceiverRole() error {
	clock, err := newClock()
	if err != nil {
		return err
	}
	l, err := bareLoop()
	if err != nil {
		return err
	}
	frame, err := bareFrame(nil, clock.now())
	if err != nil {
		return err
	}
	r := &receiver{clock: clock, size: len(frame)}
	if err := listenOn(l, func() loop.Handler { return r }); err != nil {
		return err
	}
	return obey(func(words []string) error {
		r.expect(number(words[0]))
		return nil
	})
}

// receiver takes frames, which all have the same size.
type receiver struct {
	loop.NopHandler
	clock  clock
	size   int
	rest   []byte
	want   atomic.Int64
	delays delays
}

// expect tells of the delays once so many frames have come.
func (r *receiver) expect(n int) {
	r.want.Store(int64(n))
	fmt.Println("ready")
}

func (r *receiver) Data(_ loop.Conn, p []byte) {
	now := r.clock.now()
	r.rest = append(r.rest, p...)
	for ; len(r.rest) >= r.size; r.rest = r.rest[r.size:] {
		sent := int64(binary.BigEndian.Uint64(r.rest[r.size-8:]))
		r.delays.add(now - sent)
		if r.want.Add(-1) == 0 {
			r.delays.tell()
		}
	}
}
