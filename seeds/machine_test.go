package seeds

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/internal/scenario"
)

// A scenario file has comments, settings (seeds, source, random, monitor_timeout), and
// events, each a time and what happened; the indented lines after an event are
// what the machine wants done.
func TestScenariosAreReplayedToTheLetter(t *testing.T) {
	replayAll(t, "testdata/*.txt", func() actor { return &player{timeout: monitorTimeout} })
}

// An actor takes the lines of a scenario.
type actor interface {
	play(words []string) ([]Action, error)
}

func replayAll(t *testing.T, pattern string, cast func() actor) {
	scenario.Replay(t, pattern, func(t *testing.T, text string) string { return replay(t, text, cast()) })
}

func replay(t *testing.T, text string, p actor) string {
	t.Helper()
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		actions, err := p.play(words)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, a := range actions {
			fmt.Fprintf(&out, "\t%s\n", a)
		}
	}
	return out.String()
}

type player struct {
	seeds   []Seed
	sources []Listing
	timeout time.Duration
	random  float64
	machine *Machine
}

func (p *player) play(words []string) (actions []Action, err error) {
	switch words[0] {
	case "seeds":
		p.seeds, err = Parse(words[1:])
		return nil, err
	case "source":
		refresh, err := time.ParseDuration(words[2])
		p.sources = append(p.sources, Listing{words[1], refresh})
		return nil, err
	case "random":
		p.random, err = strconv.ParseFloat(words[1], 64)
		return nil, err
	case "monitor_timeout":
		p.timeout, err = time.ParseDuration(words[1])
		return nil, err
	}
	now, err := time.ParseDuration(words[0])
	if err != nil {
		return nil, err
	}
	if p.machine == nil {
		p.machine = NewMachine(p.seeds, p.sources, p.timeout, func() float64 { return p.random })
	}
	return p.event(now, words[1], words[2:])
}

func (p *player) event(now time.Duration, what string, args []string) ([]Action, error) {
	switch what {
	case "tick":
		return p.machine.Tick(now), nil
	case "listed":
		seeds, err := Parse(args[1:])
		return p.machine.Listed(now, args[0], seeds, err), nil
	case "unlisted":
		return p.machine.Listed(now, args[0], nil, errors.New(strings.Join(args[1:], " "))), nil
	case "overdue":
		return p.machine.Overdue(now, args[0], errors.New(strings.Join(args[1:], " "))), nil
	case "resolved":
		seeds, err := Parse(args[:1])
		if err != nil {
			return nil, err
		}
		addrs, err := parseAddrs(args[1:])
		return p.machine.Resolved(now, seeds[0], addrs, nil), err
	case "unresolved":
		seeds, err := Parse(args[:1])
		if err != nil {
			return nil, err
		}
		return p.machine.Resolved(now, seeds[0], nil, errors.New(strings.Join(args[1:], " "))), nil
	case "dialled", "failed", "self":
		return p.dialled(now, what, args)
	case "up":
		return p.machine.NodeUp(now, args[0]), nil
	case "down":
		return p.machine.NodeDown(now, args[0]), nil
	}
	return nil, fmt.Errorf("unknown event %q", what)
}

func (p *player) dialled(now time.Duration, what string, args []string) ([]Action, error) {
	addr, err := netip.ParseAddrPort(args[0])
	if err != nil {
		return nil, err
	}
	switch what {
	case "self":
		return p.machine.Dialled(now, addr, "me", fmt.Errorf("handshake: %w", ErrSelf)), nil
	case "failed":
		node := strings.Join(args[1:], " ")
		return p.machine.Dialled(now, addr, node, errors.New("connection refused")), nil
	}
	return p.machine.Dialled(now, addr, args[1], nil), nil
}

func parseAddrs(list []string) ([]netip.AddrPort, error) {
	var addrs []netip.AddrPort
	for _, text := range list {
		addr, err := netip.ParseAddrPort(text)
		if err != nil {
			return nil, err
		}
		addrs = append(addrs, addr)
	}
	return addrs, nil
}

func TestAMachineWithoutAMonitorTimeoutIsRefused(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic: its rounds would follow each other without a pause")
		}
	}()
	NewMachine(nil, nil, 0, func() float64 { return 0 })
}

func TestASeedWithTooManyAddressesIsReportedOnceAndBounded(t *testing.T) {
	var addrs []netip.AddrPort
	for i := range MaxAddresses + 1 {
		addrs = append(addrs, netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), DefaultPort))
	}
	seed := parseOne(t, "a")
	m := NewMachine([]Seed{seed}, nil, time.Second, func() float64 { return 0 })
	counts := make(map[Kind]int)
	for now := range time.Duration(3) {
		for _, a := range append(m.Tick(now*time.Second), m.Resolved(now*time.Second, seed, addrs, nil)...) {
			counts[a.Do]++
		}
	}
	if counts[Log] != 1 || counts[Dial] != MaxAddresses {
		t.Errorf("%d lines, %d dials", counts[Log], counts[Dial])
	}
}
