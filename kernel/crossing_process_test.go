package kernel_test

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/reactor"
)

var crossings = flag.Int("crossings", 10, "how often TestTwoProcessesThatDialEachOtherAtOnceGetOneLink lets them cross")

const crossingChild = "AEMP_CROSSING_CHILD"

// crossingMessages is how many each side sends at once.
const crossingMessages = 100

// TestMain lets the test binary be the other processes, too.
func TestMain(m *testing.M) {
	if name := os.Getenv(crossingChild); name != "" {
		if err := beCrossingChild(name); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// Two processes dial each other at the same moment (protocol 2.5, 9): one link, one node-up,
// no message lost.
func TestTwoProcessesThatDialEachOtherAtOnceGetOneLink(t *testing.T) {
	a, b := startCrossingChild(t, "a"), startCrossingChild(t, "b")
	crossed := 0
	for i := range *crossings {
		addrA, addrB := distant(t, a.read(t)), distant(t, b.read(t))
		at := time.Now().Add(5 * time.Millisecond).UnixNano()
		a.write(t, fmt.Sprintf("b%d %s %d", i, addrB, at))
		b.write(t, fmt.Sprintf("a%d %s %d", i, addrA, at))
		var spareA, spareB int
		if got := a.read(t); !scan(got, "ups=1 messages=100 spare=%d", &spareA) {
			t.Fatalf("crossing %d: a: %s", i, got)
		}
		if got := b.read(t); !scan(got, "ups=1 messages=100 spare=%d", &spareB) {
			t.Fatalf("crossing %d: b: %s", i, got)
		}
		a.write(t, "end")
		b.write(t, "end")
		if spareA+spareB > 0 {
			crossed++
		}
	}
	t.Logf("in %d of %d, one side had authenticated two connections", crossed, *crossings)
	if *crossings >= 100 && crossed < *crossings*3/4 {
		t.Errorf("only %d of %d really crossed", crossed, *crossings)
	}
}

// distant is an address some milliseconds away from another, as far as two hosts may
// be apart: only then do the dials cross, and not follow each other.
func distant(t *testing.T, addr string) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			in, err := l.Accept()
			if err != nil {
				return
			}
			out, err := net.Dial("tcp", addr)
			if err != nil {
				in.Close()
				continue
			}
			go carry(in.(*net.TCPConn), out.(*net.TCPConn))
			go carry(out.(*net.TCPConn), in.(*net.TCPConn))
		}
	}()
	return l.Addr().String()
}

// carry takes octets from one connection to the other, and the end of them.
func carry(from, to *net.TCPConn) {
	defer from.CloseRead()
	defer to.CloseWrite()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		time.Sleep(2 * time.Millisecond) // the distance
		if _, werr := to.Write(buf[:n]); werr != nil || err != nil {
			return
		}
	}
}

func scan(line, format string, v ...any) bool {
	n, err := fmt.Sscanf(line, format, v...)
	return err == nil && n == len(v)
}

type crossingProcess struct {
	in  io.Writer
	out *bufio.Scanner
}

func startCrossingChild(t *testing.T, name string) *crossingProcess {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crossingChild+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	})
	return &crossingProcess{in, bufio.NewScanner(out)}
}

func (p *crossingProcess) read(t *testing.T) string {
	t.Helper()
	if !p.out.Scan() {
		t.Fatal("the other process ended early")
	}
	return p.out.Text()
}

func (p *crossingProcess) write(t *testing.T, line string) {
	t.Helper()
	if _, err := fmt.Fprintln(p.in, line); err != nil {
		t.Fatal(err)
	}
}

// beCrossingChild makes a node for each crossing, until its input ends.
func beCrossingChild(name string) error {
	g, err := reactor.Start(reactor.Options{Loops: 2})
	if err != nil {
		return err
	}
	in := bufio.NewScanner(os.Stdin)
	for i := 0; ; i++ {
		if more, err := cross(g, fmt.Sprintf("%s%d", name, i), in); !more || err != nil {
			return err
		}
	}
}

func cross(g *reactor.Group, id string, in *bufio.Scanner) (more bool, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	n, err := kernel.New(g, kernel.Options{Links: link.Config{Node: id, Secret: []byte("crossing"), Extensions: true}})
	if err != nil {
		return false, err
	}
	defer n.Close(ctx)
	var ups atomic.Int64
	n.WatchNodes(func(_ string, up bool) {
		if up {
			ups.Add(1)
		} else {
			ups.Add(1000) // a loss shows
		}
	})
	port, err := n.NewNamedPort("count")
	if err != nil {
		return false, err
	}
	all := make(chan struct{})
	next := int64(0)
	port.OnDefault(func(self *kernel.Context, m codec.Message) {
		if i, err := m.At(0).Int(); err != nil || i != next {
			panic(fmt.Sprintf("message %d instead of %d", i, next))
		}
		if next++; next == crossingMessages {
			close(all)
		}
	})
	listening := make(chan error, 1)
	n.Listen([]netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:0")}, func(addrs []netip.AddrPort, err error) {
		if err == nil {
			fmt.Println(addrs[0])
		}
		listening <- err
	})
	if err := <-listening; err != nil {
		return false, err
	}
	if !in.Scan() {
		return false, nil
	}
	var peer, where string
	var at int64
	if _, err := fmt.Sscan(in.Text(), &peer, &where, &at); err != nil {
		return false, err
	}
	addr, err := netip.ParseAddrPort(where)
	if err != nil {
		return false, err
	}
	n.SetAddresses(peer, addr)
	for time.Now().UnixNano() < at { // to the microsecond, which no timer is
	}
	for i := range crossingMessages {
		if err := n.Send(peer+"#count", i); err != nil {
			return false, err
		}
	}
	select {
	case <-all:
	case <-ctx.Done():
		return false, fmt.Errorf("%s: %d of %d messages arrived; %+v", id, next, crossingMessages, n.Stats())
	}
	for n.Stats().Pending > 0 { // the spare ones are being closed
		time.Sleep(time.Millisecond)
	}
	s := n.Stats()
	fmt.Printf("ups=%d messages=%d spare=%d\n", ups.Load(), crossingMessages, s.Handshakes["spare"])
	return in.Scan(), nil
}
