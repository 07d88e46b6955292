package hostport

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/loop"
)

func TestPlacesAreReadInAllTheirForms(t *testing.T) {
	for text, want := range map[string]Place{
		"a.example:4040":       {"a.example", 4040},
		"a_b-c.example":        {"a_b-c.example", 0},
		"10.0.0.1:65535":       {"10.0.0.1", 65535},
		"10.0.0.1:0":           {"10.0.0.1", 0},
		"10.0.0.1:*":           {"10.0.0.1", 0},
		"[::1]:4040":           {"::1", 4040},
		"[fe80::1%eth0]:4040":  {"fe80::1%eth0", 4040},
		"[::1]":                {"::1", 0},
		"[::1]:*":              {"::1", 0},
		"*":                    {ThisHost, 0},
		"*:4040":               {ThisHost, 4040},
		"*:*":                  {ThisHost, 0},
		"4040":                 {ThisHost, 4040},
		"xn--bcher-kva.eu:040": {"xn--bcher-kva.eu", 40},
	} {
		got, err := Parse(text)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestPlacesThatMakeNoSenseAreRefusedWithTheReason(t *testing.T) {
	for text, reason := range map[string]string{
		":4040":                         "no host",
		"":                              "no host",
		"a:":                            `port "" is not a number`,
		"a:http":                        `port "http" is not a number`,
		"a:-1":                          `port "-1" is not a number`,
		"a:65536":                       "port 65536 is above 65535",
		"99999999999999999999":          "is above 65535",
		"::1":                           "needs brackets",
		"::1:4040":                      "needs brackets",
		"[::1":                          "isn't closed",
		"[::1]4040":                     `"4040" after the bracket`,
		"[10.0.0.1]:4040":               `"10.0.0.1" is not an IPv6 address`,
		"[::1]:":                        `port "" is not a number`,
		"unix/:/tmp/socket":             `'/' in a host name`,
		"unix/:4040":                    `'/' in a host name`,
		"bücher.example:4040":           `'ü' in a host name`,
		"10:4040":                       `"10" is a number, not a host`,
		"a b:4040":                      `' ' in a host name`,
		strings.Repeat("a", 254):        "longer than 253",
		strings.Repeat("a", 254) + ":1": "longer than 253",
	} {
		_, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), reason) {
			t.Errorf("Parse(%q): %v; want it to say %q", text, err, reason)
		}
	}
}

func TestAPlaceIsWrittenAsItIsRead(t *testing.T) {
	for _, text := range []string{"a:1", "a", "[::1]:4040", "[::1]", "*", "*:4040", "10.0.0.1:1"} {
		place, err := Parse(text)
		if err != nil || place.String() != text {
			t.Errorf("%q is written as %q (%v)", text, place, err)
		}
	}
}

func TestCommaListsAreTakenApart(t *testing.T) {
	got := Split([]string{"a, b", "", " ", ",c,,", "d"})
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// host is a loop whose name service is a table. Its callbacks wait for turn.
type host struct {
	loop.Loop
	names map[string][]netip.Addr
	own   []netip.Addr
	fault error
	later []func()
}

func (h *host) Later(t loop.Task) { h.later = append(h.later, t.Run) }

func (h *host) Addresses() ([]netip.Addr, error) { return h.own, h.fault }

func (h *host) Resolve(name string, done func([]netip.Addr, error)) {
	h.later = append(h.later, func() { done(h.names[name], h.fault) })
}

func (h *host) turn() {
	for _, f := range h.later {
		f()
	}
}

func addrs(list ...string) (all []netip.Addr) {
	for _, text := range list {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}

func resolve(t *testing.T, h *host, p Place) (string, error) {
	t.Helper()
	calls := 0
	var got []string
	var fault error
	Resolve(h, p, func(places []netip.AddrPort, err error) {
		calls++
		fault = err
		for _, place := range places {
			got = append(got, place.String())
		}
	})
	if calls != 0 {
		t.Error("answered inside the call")
	}
	h.turn()
	if calls != 1 {
		t.Errorf("answered %d times", calls)
	}
	return strings.Join(got, " "), fault
}

func TestAPlaceResolvesToItsAddressesEachOnce(t *testing.T) {
	h := &host{
		names: map[string][]netip.Addr{"a": addrs("10.0.0.1", "10.0.0.2", "::ffff:10.0.0.1", "2001:db8::1")},
		own:   addrs("10.0.0.9", "2001:db8::9"),
	}
	got, err := resolve(t, h, Place{"a", 40})
	if want := "10.0.0.1:40 10.0.0.2:40 [2001:db8::1]:40"; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestThisHostResolvesToItsOwnAddresses(t *testing.T) {
	got, err := resolve(t, &host{own: addrs("10.0.0.9", "2001:db8::9")}, Place{ThisHost, 0})
	if want := "10.0.0.9:0 [2001:db8::9]:0"; got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func TestAPlaceWithoutAnAddressIsAnError(t *testing.T) {
	if _, err := resolve(t, &host{}, Place{"a", 1}); !errors.Is(err, ErrNoAddress) {
		t.Errorf("a name: %v", err)
	}
	if _, err := resolve(t, &host{}, Place{ThisHost, 1}); !errors.Is(err, ErrNoOwnAddress) {
		t.Errorf("this host: %v", err)
	}
	fault := errors.New("no interfaces")
	for _, name := range []string{"a", ThisHost} {
		if _, err := resolve(t, &host{fault: fault}, Place{name, 1}); !errors.Is(err, fault) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"a:1", "[::1]:4040", "*:*", "4040", "::1", "[", "unix/:/x"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		place, err := Parse(text)
		if err != nil {
			return
		}
		if again, err := Parse(place.String()); err != nil || again != place {
			t.Errorf("%q became %v, which became %v, %v", text, place, again, err)
		}
	})
}
