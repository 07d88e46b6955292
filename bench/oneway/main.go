// Oneway measures how many messages [tag, int, 32-byte string] a second one
// goroutine of one process sends to one handler of another over loopback, and in
// the same run how many the bare event loops can move. The handler reads all three
// arguments and folds them into a checksum; order and completeness are verified.
//
//	go run ./oneway [-for 5s] [-runs 3] [-framing msgpack] [-slow]
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aemp-go/aemp"
)

var (
	duration = flag.Duration("for", 3*time.Second, "how long each measurement sends")
	runs     = flag.Int("runs", 3, "measurements; the median counts")
	framing  = flag.String("framing", "msgpack", "the link's framing")
	slow     = flag.Duration("slow", 0, "how long the receiver's handler blocks once every 10,000 messages")
	role     = flag.String("role", "", "used by the program itself: receive, sink")
)

const payload = "0123456789abcdef0123456789abcdef"

func main() {
	flag.Parse()
	var err error
	switch *role {
	case "receive":
		err = receive()
	case "sink":
		err = sink()
	default:
		err = measure()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "oneway:", err)
		os.Exit(1)
	}
}

func measure() error {
	fmt.Printf("%s, %d CPUs, %s framing, %v each, median of %d\n",
		runtime.Version(), runtime.NumCPU(), *framing, *duration, *runs)
	var bare, full []float64
	for range *runs {
		b, err := withChild("sink", blast)
		if err != nil {
			return err
		}
		f, err := withChild("receive", send)
		if err != nil {
			return err
		}
		fmt.Printf("  bare loops %6.2f M/s   aemp %6.2f M/s   ratio %.2f\n", b/1e6, f/1e6, f/b)
		bare, full = append(bare, b), append(full, f)
	}
	b, f := median(bare), median(full)
	fmt.Printf("bare loops %.2f M messages/s, aemp %.2f M messages/s, ratio %.2f\n", b/1e6, f/1e6, f/b)
	return nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// child is the receiving process: it says where it is, and at the end what it got.
type child struct {
	out *bufio.Scanner
}

// line is the child's next line, cut into fields.
func (c *child) line() ([]string, error) {
	if !c.out.Scan() {
		return nil, fmt.Errorf("the receiving process ended early: %w", c.out.Err())
	}
	return strings.Fields(c.out.Text()), nil
}

// withChild runs a measurement against a fresh receiving process.
func withChild(role string, run func(*child) (float64, error)) (float64, error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self, "-role", role, "-framing", *framing, "-slow", slow.String())
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return 0, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	defer cmd.Wait()
	defer stdin.Close() // the child's end
	return run(&child{bufio.NewScanner(out)})
}

func config(node string) aemp.Config {
	return aemp.Config{Node: node, Secret: "bench", NoRC: true, Loops: 1, LogLevel: "error", Framings: []string{*framing}}
}

// send is the sending process of the full system.
func send(c *child) (float64, error) {
	where, err := c.line()
	if err != nil {
		return 0, err
	}
	cfg := config("sender")
	cfg.Binds, cfg.Seeds = []string{}, []string{where[0]}
	node, err := aemp.Start(cfg)
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	defer node.Close(ctx)
	if err := node.WaitNode(ctx, "receiver"); err != nil {
		return 0, err
	}
	const to = "receiver#sum"
	start, began := time.Now(), cpuTime()
	n := int64(0)
	for time.Since(start) < *duration {
		for range 10000 {
			n++
			if err := node.Send(to, "tag", n, payload); err != nil {
				return 0, err
			}
		}
	}
	got, err := node.Call(ctx, to, "report")
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	args := got.Args()
	count, sum, disorder, memory, cpu := args.Int(), args.Uint(), args.Int(), args.Int(), args.Int()
	if err := args.Err(); err != nil {
		return 0, err
	}
	if want := checksum(n); count != n || sum != want || disorder != 0 {
		return 0, fmt.Errorf("sent %d, arrived %d (%d out of order), checksum %x instead of %x", n, count, disorder, sum, want)
	}
	fmt.Printf("  CPU per message: sender %d ns, receiver %d ns; peak memory: sender %d MiB, receiver %d MiB\n",
		(cpuTime()-began)/n, cpu/n, peakMemory(), memory)
	return float64(n) / took.Seconds(), nil
}

// receive is the receiving process of the full system.
func receive() error {
	cfg := config("receiver")
	cfg.Binds = []string{"127.0.0.1:0"}
	node, err := aemp.Start(cfg)
	if err != nil {
		return err
	}
	port, err := node.NewNamedPort("sum")
	if err != nil {
		return err
	}
	var count, disorder int64
	var sum uint64
	port.On("tag", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		i, p := args.Int(), args.TextBytes()
		if args.Err() != nil || i != count+1 {
			disorder++
		}
		count++
		sum = fold(sum, i, p)
		if *slow > 0 && count%10000 == 0 {
			time.Sleep(*slow) // the very thing that a handler mustn't do
		}
	})
	port.On("report", func(self *aemp.Context, m aemp.Message) {
		reply, _ := m.At(0).Text()
		self.Send(reply, count, sum, disorder, peakMemory(), cpuTime())
	})
	fmt.Println(node.Addresses()[0])
	bufio.NewReader(os.Stdin).ReadByte() // until the parent is done
	return node.Close(context.Background())
}

func fold(sum uint64, i int64, p []byte) uint64 {
	sum = (sum ^ uint64(i)) * 1099511628211
	for ; len(p) >= 8; p = p[8:] {
		sum += uint64(p[0]) | uint64(p[1])<<8 | uint64(p[2])<<16 | uint64(p[3])<<24 |
			uint64(p[4])<<32 | uint64(p[5])<<40 | uint64(p[6])<<48 | uint64(p[7])<<56
	}
	return sum
}

func checksum(n int64) (sum uint64) {
	p := []byte(payload)
	for i := int64(1); i <= n; i++ {
		sum = fold(sum, i, p)
	}
	return sum
}

// cpuTime is what the process has used so far, in nanoseconds.
func cpuTime() int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// peakMemory is the process's peak resident memory in MiB.
func peakMemory() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kib / 1024
		}
	}
	return 0
}
