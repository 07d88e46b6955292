package seeds

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop/sim"
)

// announced is what a node on host "a" announces that is bound to the addresses.
func announced(t *testing.T, w *sim.World, list []string, bound ...string) (got string, fault error) {
	t.Helper()
	places, err := ParseAnnounce(list)
	if err != nil {
		t.Fatal(err)
	}
	var addrs []netip.AddrPort
	for _, at := range bound {
		addrs = append(addrs, netip.MustParseAddrPort(at))
	}
	calls := 0
	done := func(all []netip.AddrPort, err error) { calls, got, fault = calls+1, fmt.Sprint(all), err }
	l := w.Host("a").Group(1).Loops()[0]
	w.Do(l, func() {
		if list == nil {
			AnnouncedBinds(l, addrs, done)
		} else {
			Announced(l, places, addrs, done)
		}
		if calls > 0 {
			t.Error("answered inside the call")
		}
	})
	w.Run(w.Now() + time.Minute)
	if calls != 1 {
		t.Errorf("answered %d times", calls)
	}
	return got, fault
}

func TestWhatIsAnnouncedHasItsPortsAndIsNamedOnce(t *testing.T) {
	w := newWorld(t, 40)
	w.SetHost("outside", netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"))
	w.Host("a").SetAddrs(netip.MustParseAddr("10.0.0.1"))
	for _, c := range []struct {
		list  []string
		bound []string
		want  string
	}{
		{[]string{"192.0.2.7:4041"}, []string{"10.0.0.1:4040"}, "[192.0.2.7:4041]"},
		{[]string{"192.0.2.7"}, []string{"10.0.0.1:4040"}, "[192.0.2.7:4040]"},
		{[]string{"192.0.2.7:*, 192.0.2.7"}, []string{"10.0.0.1:4040", "[fd00::1]:4040", "10.0.0.1:5"}, "[192.0.2.7:4040 192.0.2.7:5]"},
		{[]string{"outside:1", "[2001:db8::1]:1"}, []string{"10.0.0.1:4040"}, "[192.0.2.1:1 [2001:db8::1]:1]"},
		{[]string{"*", "5000"}, []string{"0.0.0.0:4040"}, "[10.0.0.1:4040 10.0.0.1:5000]"},
		{[]string{}, []string{"10.0.0.1:4040"}, "[]"},
		{[]string{""}, []string{"10.0.0.1:4040"}, "[]"},
	} {
		if got, err := announced(t, w, c.list, c.bound...); err != nil || got != c.want {
			t.Errorf("%q at %q: got %s, %v; want %s", c.list, c.bound, got, err, c.want)
		}
	}
}

func TestWhatIsBoundIsAnnouncedUnlessItSaysNothing(t *testing.T) {
	w := newWorld(t, 41)
	w.Host("a").SetAddrs(netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("fd00::1"))
	for want, bound := range map[string][]string{
		"[]":                             nil,
		"[127.0.0.1:1 10.0.0.1:2]":       {"127.0.0.1:1", "10.0.0.1:2"},
		"[10.0.0.1:4040]":                {"0.0.0.0:4040"},
		"[[fd00::1]:4040]":               {"[::]:4040"},
		"[10.0.0.1:4040 [fd00::1]:4041]": {"10.0.0.1:4040", "[::]:4041", "0.0.0.0:4040"},
	} {
		if got, err := announced(t, w, nil, bound...); err != nil || got != want {
			t.Errorf("%q: got %s, %v; want %s", bound, got, err, want)
		}
	}
}

func TestAnAnnouncementThatCannotBeMadeIsNamed(t *testing.T) {
	_, err := ParseAnnounce([]string{"a", "::1,b:x"})
	var bad *AnnounceError
	if !errors.As(err, &bad) || bad.Announce != "::1" || !strings.Contains(err.Error(), `announce "b:x": port "x" is not a number`) {
		t.Errorf("got %v", err)
	}
	w := newWorld(t, 42)
	w.Host("a").SetAddrs()
	_, err = announced(t, w, []string{"nowhere.example", "*:4"}, "10.0.0.1:4040")
	if err == nil || !strings.Contains(err.Error(), `announce "nowhere.example": `) || !strings.Contains(err.Error(), `announce "*:4": this host has no address`) {
		t.Errorf("got %v", err)
	}
}
