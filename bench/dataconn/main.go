// Dataconn measures how fast a raw connection between two nodes carries octets from one
// process to another over loopback, and in the same run, by turns, how fast plain TCP
// does. Both sides sum up what they write and read, and the sums are compared.
//
//	go run ./dataconn [-mib 1024] [-runs 5]
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

var (
	mib  = flag.Int("mib", 1024, "how much each measurement sends, in MiB")
	runs = flag.Int("runs", 5, "measurements of each kind; the median counts")
	role = flag.String("role", "", "used by the program itself: receive")
)

const piece = 256 << 10 // octets of a write

func main() {
	flag.Parse()
	run := measure
	if *role == "receive" {
		run = receive
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "dataconn:", err)
		os.Exit(1)
	}
}

func config(node string) aemp.Config {
	return aemp.Config{Node: node, Secret: "bench", NoRC: true, LogLevel: "error"}
}

// measure is the sending process.
func measure() error {
	fmt.Printf("%s, %d CPUs, %d MiB each, median of %d\n", runtime.Version(), runtime.NumCPU(), *mib, *runs)
	places, stop, err := startReceiver()
	if err != nil {
		return err
	}
	defer stop()
	cfg := config("sender")
	cfg.Binds, cfg.Seeds = []string{}, []string{places[1]}
	node, err := aemp.Start(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	defer node.Close(ctx)
	if err := node.WaitNode(ctx, "receiver"); err != nil {
		return err
	}
	dialers := []func() (net.Conn, error){
		func() (net.Conn, error) { return net.Dial("tcp", places[0]) },
		func() (net.Conn, error) { return node.DialData(ctx, "receiver", "sum") },
	}
	var rates [2][]float64
	for range *runs {
		for i, dial := range dialers {
			rate, err := send(dial)
			if err != nil {
				return err
			}
			rates[i] = append(rates[i], rate)
		}
		raw, data := last(rates[0]), last(rates[1])
		fmt.Printf("  TCP %7.0f MiB/s   DataConn %7.0f MiB/s   ratio %.2f\n", raw, data, data/raw)
	}
	raw, data := median(rates[0]), median(rates[1])
	fmt.Printf("TCP %.0f MiB/s, DataConn %.0f MiB/s, ratio %.2f\n", raw, data, data/raw)
	return nil
}

func last(v []float64) float64 { return v[len(v)-1] }

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// startReceiver starts the receiving process and returns where its plain listener and its node are.
func startReceiver() (places []string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(self, "-role", "receive")
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	stop = func() { stdin.Close(); cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("the receiving process ended early: %w", err)
	}
	return strings.Fields(line), stop, nil
}

var table = crc32.MakeTable(crc32.Castagnoli)

// send measures one connection, from the first octet to the answer, in MiB/s.
func send(dial func() (net.Conn, error)) (rate float64, err error) {
	c, err := dial()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	random := rand.NewChaCha8([32]byte{})
	pieces := make([][]byte, 16)
	for i := range pieces {
		pieces[i] = make([]byte, piece)
		random.Read(pieces[i])
	}
	start := time.Now()
	sum, octets := uint32(0), *mib<<20
	for i := 0; i < octets/piece; i++ {
		p := pieces[i%len(pieces)]
		sum = crc32.Update(sum, table, p)
		if _, err := c.Write(p); err != nil {
			return 0, err
		}
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(c)
	took := time.Since(start)
	if want := fmt.Sprintf("%d %08x", octets, sum); string(answer) != want || err != nil {
		return 0, fmt.Errorf("the receiver says %q, %v; sent %q", answer, err, want)
	}
	return float64(*mib) / took.Seconds(), nil
}

// receive is the receiving process.
func receive() error {
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	cfg := config("receiver")
	cfg.Binds = []string{"127.0.0.1:0"}
	node, err := aemp.Start(cfg)
	if err != nil {
		return err
	}
	raw, err := node.ListenData("sum")
	if err != nil {
		return err
	}
	go serve(plain)
	go serve(raw)
	fmt.Println(plain.Addr(), node.Addresses()[0])
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is done
	return errors.Join(plain.Close(), node.Close(context.Background()))
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		sumUp(c)
	}
}

func sumUp(c net.Conn) {
	defer c.Close()
	sum, octets := uint32(0), 0
	for p := make([]byte, piece); ; {
		n, err := c.Read(p)
		sum = crc32.Update(sum, table, p[:n])
		octets += n
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "dataconn:", err)
			return
		}
	}
	fmt.Fprintf(c, "%d %08x", octets, sum)
}
