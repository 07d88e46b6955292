package dataconn

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

// A scenario file has comments and events, each a time and what happened; the
// indented lines after an event are what the machine wants done. A connection-to-be is
// written NODE/ID. The event
//
//	TIME accepted NODE/ID
//
// gives the connection the next number, under which it is meant from then on.
func TestScenariosAreReplayedToTheLetter(t *testing.T) { scenario.Replay(t, "testdata/*.txt", replay) }

func replay(t *testing.T, text string) string {
	t.Helper()
	m := NewMachine()
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "#":
			continue
		case words[0] == "yield":
			m.Yield = true
			continue
		}
		now, err := time.ParseDuration(words[0])
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, a := range event(t, &out, m, now, words[1], words[2:]) {
			fmt.Fprintf(&out, "\t%s\n", a)
		}
	}
	return out.String()
}

func event(t *testing.T, out *strings.Builder, m *Machine, now time.Duration, what string, args []string) []Action {
	name := parseName(args[0])
	rest := strings.Join(args[1:], " ")
	switch what {
	case "open":
		return m.Open(now, name, parseDuration(t, rest))
	case "await":
		actions, err := m.Await(now, name, parseDuration(t, rest))
		if err != nil {
			fmt.Fprintf(out, "\trefuse %v: %v\n", name, err)
		}
		return actions
	case "arrived":
		return m.Arrived(name)
	case "dial-back":
		return m.DialBack(name)
	case "found":
		var addrs []netip.AddrPort
		for _, a := range args[1:] {
			addrs = append(addrs, netip.MustParseAddrPort(a))
		}
		return m.Found(now, name, addrs)
	case "link-lost":
		return m.LinkLost(name, errors.New(rest))
	case "cancel":
		return m.Cancel(name)
	case "tick":
		return m.Tick(now, name)
	case "accepted":
		fmt.Fprintf(out, "\tit is %d\n", m.Accepted(name))
		return nil
	}
	number, err := strconv.Atoi(args[0])
	if err != nil {
		t.Fatal(err)
	}
	switch what {
	case "ready":
		return m.Ready(number, rest == "ours")
	case "verified":
		return m.Verified(number)
	case "ended":
		return m.Ended(now, number, errors.New(rest))
	}
	t.Fatalf("unknown event %q", what)
	return nil
}

func parseName(text string) Name {
	node, id, _ := strings.Cut(text, "/")
	return Name{node, id}
}

func parseDuration(t *testing.T, text string) time.Duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTheAwaitedOfOneNodeAreBoundedAndThoseOfOthersAreNot(t *testing.T) {
	m := NewMachine()
	for i := range MaxAwaited {
		if _, err := m.Await(0, Name{"b", fmt.Sprint(i)}, time.Second); err != nil {
			t.Fatal(i, err)
		}
	}
	_, err := m.Await(0, Name{"b", "one more"}, time.Second)
	if e := new(Error); !errors.As(err, &e) || e.Kind != TooMany {
		t.Errorf("one more: %v", err)
	}
	if _, err := m.Await(0, Name{"c", "0"}, time.Second); err != nil {
		t.Errorf("another node's: %v", err)
	}
	m.Tick(time.Second, Name{"b", "7"})
	if _, err := m.Await(0, Name{"b", "one more"}, time.Second); err != nil {
		t.Errorf("after a time-out: %v", err)
	}
}

func TestTheAddressesThatAreDialledAreBounded(t *testing.T) {
	m := NewMachine()
	n := Name{"b", "1"}
	m.Open(0, n, time.Hour)
	m.Arrived(n)
	var addrs []netip.AddrPort
	for i := range 2 * MaxAddresses {
		addrs = append(addrs, netip.AddrPortFrom(netip.IPv6Loopback(), uint16(i+1)))
	}
	dials := 0
	for do := m.Found(0, n, addrs); ; {
		var next []Action
		for _, a := range do {
			if a.Do == Dial {
				dials++
				next = append(next, m.Ended(0, a.Conn, errors.New("refused"))...)
			}
		}
		if do = next; len(do) == 0 {
			break
		}
	}
	if dials != MaxAddresses {
		t.Errorf("%d addresses are dialled", dials)
	}
}
