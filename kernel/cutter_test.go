package kernel_test

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// A cutter relays connections to an address until it resets all of them, once.
type cutter struct {
	addr netip.AddrPort

	mu    sync.Mutex
	conns []*net.TCPConn
	cut   bool
}

func netAddr(l net.Listener) netip.AddrPort { return netip.MustParseAddrPort(l.Addr().String()) }

func newCutter(t testing.TB, to netip.AddrPort) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{addr: netAddr(l)}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", to.String())
			if err != nil {
				_ = in.Close()
				continue
			}
			c.relay(in.(*net.TCPConn), out.(*net.TCPConn))
		}
	}()
	return c
}

func (c *cutter) relay(in, out *net.TCPConn) {
	c.mu.Lock()
	c.conns = append(c.conns, in, out)
	c.mu.Unlock()
	for _, pair := range [][2]*net.TCPConn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			c.mu.Lock()
			defer c.mu.Unlock()
			if !c.cut { // or an orderly end would come before the reset
				_ = pair[0].CloseWrite()
			}
		}()
	}
}

// reset breaks all connections: both ends are told by a RST.
func (c *cutter) reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = true
	for _, conn := range c.conns {
		_ = conn.SetLinger(0)
		_ = conn.Close()
	}
}
