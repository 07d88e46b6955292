package seeds

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

func TestSourcesAreToldFromSeeds(t *testing.T) {
	places, sources, err := ParseAll([]string{
		"a,srv:_aemp._tcp.example.org", "file:/etc/aemp/seeds, srv:4040", "file:./x", "file:*",
		"file:/etc/aemp/seeds", "srv", "srv:aemp.service.consul.",
	})
	if want := "[a:4040 srv:4040 file:4040]"; err != nil || fmt.Sprint(places) != want {
		t.Errorf("got %v, %v; want %s", places, err, want)
	}
	if want := "[srv:_aemp._tcp.example.org file:/etc/aemp/seeds file:./x srv:aemp.service.consul.]"; fmt.Sprint(sources) != want {
		t.Errorf("got %v; want %s", sources, want)
	}
}

func TestEachBadSourceIsNamed(t *testing.T) {
	for text, want := range map[string]string{
		"file:seeds":     "the path of a file begins with / or ./",
		"file:":          `port "" is not a number`,
		"srv:":           `port "" is not a number`,
		"srv:a/b":        `'/' in a host name`,
		"srv:a:4040":     "say the port themselves",
		"srv:[::1]":      "SRV records have a name",
		"dns:a":          `port "a" is not a number`,
		"srv:_a._b.c, :": "no host",
	} {
		_, _, err := ParseAll([]string{text})
		var bad *Error
		if !errors.As(err, &bad) || !strings.Contains(text, bad.Seed) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v; want %s", text, err, want)
		}
	}
}

// known is a source with an answer.
type known struct {
	name   string
	answer func(ctx context.Context) ([]string, error)
}

func (k *known) String() string                              { return k.name }
func (k *known) Seeds(ctx context.Context) ([]string, error) { return k.answer(ctx) }

func TestSourcesNeedNamesAndThereAreNotTooMany(t *testing.T) {
	a, b := &known{name: "a"}, &known{name: "b"}
	if err := CheckSources([]Source{a, b}); err != nil {
		t.Error(err)
	}
	var many []Source
	for i := range MaxSources + 1 {
		many = append(many, &known{name: fmt.Sprint(i)})
	}
	for want, all := range map[string][]Source{
		`seed "a": each source needs a name of its own`: {a, b, a},
		`seed "": each source needs a name of its own`:  {&known{}},
		"seeds: source 1 is nil":                        {a, nil},
		"seeds: 17 sources, more than 16":               many,
	} {
		if err := CheckSources(all); err == nil || err.Error() != want {
			t.Errorf("got %v; want %s", err, want)
		}
	}
}

func TestEachSRVRecordIsASeed(t *testing.T) {
	s := &SRV{Name: "_aemp._tcp.example.org"}
	var fault error
	records := []*net.SRV{{Target: "a.example.org.", Port: 4040, Priority: 2}, {Target: "."}, {Target: "b", Port: 5000}}
	s.Lookup = func(_ context.Context, name string) ([]*net.SRV, error) {
		if name != s.Name {
			t.Errorf("asked for %q", name)
		}
		return records, fault
	}
	want := []string{"a.example.org:4040", "b:5000"}
	if got, err := s.Seeds(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	fault = errors.New("some records are no good")
	if got, err := s.Seeds(t.Context()); err != nil || !slices.Equal(got, want) {
		t.Errorf("with some bad ones: got %q, %v", got, err)
	}
	records = nil
	if got, err := s.Seeds(t.Context()); err != fault || got != nil {
		t.Errorf("without any: got %q, %v", got, err)
	}
}

func TestTheSystemIsAskedForSRVRecords(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s, err := parseSRV("_aemp._tcp.invalid")
	if err != nil {
		t.Fatal(err)
	}
	var fault *net.DNSError
	if _, err := s.Seeds(ctx); !errors.As(err, &fault) || fault.Name != "_aemp._tcp.invalid" {
		t.Errorf("got %v", err)
	}
}
