package kernel

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/loop"
)

func TestBindsAreReadWithListsAndOnce(t *testing.T) {
	for text, want := range map[string]string{
		"*":                            "*",
		"*:4040,[::1]":                 "*:4040 [::1]",
		"a:1;b:1":                      "",
		"10.0.0.1:*,10.0.0.1,10.0.0.1": "10.0.0.1",
		"4040":                         "*:4040",
		"":                             "",
	} {
		binds, err := ParseBinds(strings.Split(text, "|"))
		var got []string
		for _, bind := range binds {
			got = append(got, bind.String())
		}
		if strings.Join(got, " ") != want || (err != nil) != strings.Contains(text, ";") {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestEachBadBindIsNamed(t *testing.T) {
	_, err := ParseBinds([]string{"::1", "a:1", "b:x"})
	var bad *BindError
	if !errors.As(err, &bad) || bad.Bind != "::1" || !strings.Contains(err.Error(), `bind "b:x"`) {
		t.Errorf("got %v", err)
	}
}

// namedLoop answers from a table, in the opposite order of asking.
type namedLoop struct {
	loop.Loop
	names   map[string]string
	pending []func()
}

func (l *namedLoop) Later(t loop.Task) { l.pending = append(l.pending, t.Run) }

func (l *namedLoop) Addresses() ([]netip.Addr, error) { return l.look("*") }

func (l *namedLoop) Resolve(name string, done func([]netip.Addr, error)) {
	l.pending = append(l.pending, func() { done(l.look(name)) })
}

var errNoSuchHost = errors.New("no such host")

func (l *namedLoop) look(name string) (addrs []netip.Addr, err error) {
	text, known := l.names[name]
	if !known {
		return nil, errNoSuchHost
	}
	for _, addr := range strings.Fields(text) {
		addrs = append(addrs, netip.MustParseAddr(addr))
	}
	return addrs, nil
}

func resolveBinds(t *testing.T, text string) (got []string, err error) {
	t.Helper()
	l := &namedLoop{names: map[string]string{
		"*":         "10.0.0.1 10.0.0.2",
		"a":         "10.0.0.2 10.0.0.3",
		"127.0.0.1": "127.0.0.1",
		"empty":     "",
	}}
	binds, fault := ParseBinds([]string{text})
	if fault != nil {
		t.Fatal(fault)
	}
	calls := 0
	ResolveBinds(l, binds, func(addrs []netip.AddrPort, fault error) {
		calls++
		err = fault
		for _, addr := range addrs {
			got = append(got, addr.String())
		}
	})
	if calls != 0 {
		t.Error("answered inside the call")
	}
	for i := len(l.pending) - 1; i >= 0; i-- {
		l.pending[i]()
	}
	if calls != 1 {
		t.Errorf("answered %d times", calls)
	}
	return got, err
}

func TestBindsBecomeAddressesInTheirOrder(t *testing.T) {
	for text, want := range map[string]string{
		"":                 "",
		"127.0.0.1":        "127.0.0.1:0",
		"*":                "10.0.0.1:0 10.0.0.2:0",
		"a:40,127.0.0.1:1": "10.0.0.2:40 10.0.0.3:40 127.0.0.1:1",
		"*:40,a:40":        "10.0.0.1:40 10.0.0.2:40 10.0.0.3:40",
	} {
		got, err := resolveBinds(t, text)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%q: %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestABindWithoutAnAddressIsAnErrorThatNamesIt(t *testing.T) {
	_, err := resolveBinds(t, "a,nowhere:1,empty")
	var bad *BindError
	if !errors.As(err, &bad) || bad.Bind != "nowhere:1" || !errors.Is(err, errNoSuchHost) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(err.Error(), `bind "empty": the name has no address`) {
		t.Errorf("got %v", err)
	}
}
