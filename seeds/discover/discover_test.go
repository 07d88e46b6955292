package discover

import (
	"bytes"
	"context"
	"errors"
	"log"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	gd "github.com/hashicorp/go-discover"

	"github.com/aemp-go/aemp/seeds"
)

// A cloud of the test has its machines in memory.
type cloud struct {
	machines []string
	fault    error
	asked    int
	args     map[string]string
}

func (c *cloud) Addrs(args map[string]string, l *log.Logger) ([]string, error) {
	c.asked++
	c.args = args
	l.Printf("[DEBUG] cloud: asked")
	return c.machines, c.fault
}

func (c *cloud) Help() string { return "" }

func newSource(t *testing.T, c *cloud, o Options) *Source {
	t.Helper()
	o.Providers = map[string]gd.Provider{"test": c}
	s, err := New(`provider=test tag=seed key="a b"`, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachMachineIsASeed(t *testing.T) {
	c := &cloud{machines: []string{"10.0.0.1", "2001:db8::1", "10.0.0.2:5000", "[2001:db8::2]:5000", "db.internal"}}
	got, err := newSource(t, c, Options{}).Seeds(t.Context())
	want := []string{"10.0.0.1:4040", "[2001:db8::1]:4040", "10.0.0.2:5000", "[2001:db8::2]:5000", "db.internal:4040"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
	if c.args["tag"] != "seed" || c.args["key"] != "a b" {
		t.Errorf("told %q", c.args)
	}
	if _, err := seeds.Parse(got); err != nil {
		t.Error(err)
	}
	got, _ = newSource(t, c, Options{Port: 7}).Seeds(t.Context())
	if got[0] != "10.0.0.1:7" || got[2] != "10.0.0.2:5000" {
		t.Errorf("with a port: %q", got)
	}
}

func TestAProviderIsNotAskedAgainWhileItsAnswerIsGood(t *testing.T) {
	c := &cloud{fault: errors.New("too many questions")}
	s := newSource(t, c, Options{Refresh: time.Minute})
	now := time.Unix(0, 0)
	s.now = func() time.Time { return now }
	ask := func(after time.Duration, asked int, want string) {
		t.Helper()
		now = now.Add(after)
		got, err := s.Seeds(t.Context())
		if strings.Join(got, " ") != want || c.asked != asked || want == "" && !errors.Is(err, c.fault) {
			t.Errorf("got %q, %v, asked %d times", got, err, c.asked)
		}
	}
	ask(0, 1, "")
	ask(time.Second, 2, "") // an error is no answer
	c.machines, c.fault = []string{"10.0.0.1"}, nil
	ask(time.Second, 3, "10.0.0.1:4040")
	c.machines = []string{"10.0.0.2"}
	ask(59*time.Second, 3, "10.0.0.1:4040")
	ask(time.Second, 4, "10.0.0.2:4040")
	if s.Refresh() != time.Minute || newSource(t, c, Options{}).Refresh() != 5*time.Minute {
		t.Error("it doesn't say how long an answer is good")
	}
}

func TestNobodyIsAskedWhenItIsOver(t *testing.T) {
	c := &cloud{machines: []string{"10.0.0.1"}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newSource(t, c, Options{}).Seeds(ctx); !errors.Is(err, context.Canceled) || c.asked > 0 {
		t.Errorf("%v, asked %d times", err, c.asked)
	}
}

func TestTheProvidersLinesGoToTheLogger(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := newSource(t, &cloud{}, Options{Name: "east", Logger: logger})
	if _, err := s.Seeds(t.Context()); err != nil {
		t.Error(err)
	}
	if s.String() != "east" || !strings.Contains(out.String(), "level=DEBUG msg=\"[DEBUG] cloud: asked\" source=east") {
		t.Errorf("got %s", &out)
	}
}

func TestAConfigurationThatMakesNoSenseIsRefusedWithoutItsSecrets(t *testing.T) {
	for config, want := range map[string]string{
		"":                                "discover: not one of aliyun, aws, azure,",
		"secret_access_key=hush":          "discover: not one of aliyun, aws, azure,",
		"provider=moon key=hush":          `discover: provider "moon": not one of aliyun, aws, azure,`,
		"provider=aws key=hush key=hush2": "discover: not of the form provider=NAME key=value …",
		`provider="aws`:                   "discover: not of the form",
	} {
		_, err := New(config, Options{})
		var bad *ConfigError
		if !errors.As(err, &bad) || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: got %v; want %s", config, err, want)
		}
	}
	if _, err := New("provider=aws", Options{Refresh: -1}); err == nil {
		t.Error("a negative refresh is taken")
	}
}

func TestAllProvidersAreThere(t *testing.T) {
	for _, name := range []string{"aliyun", "aws", "azure", "digitalocean", "gce", "k8s", "linode", "os", "scaleway", "vsphere"} {
		s, err := New("provider="+name, Options{})
		if err != nil || s.String() != "discover:"+name {
			t.Errorf("%s: %v, %v", name, s, err)
		}
	}
}

// What the providers themselves find wrong is Seeds' error. These don't get as far as
// the network.
func TestWhatAProviderFindsWrongIsTold(t *testing.T) {
	for config, want := range map[string]string{
		"provider=k8s kubeconfig=/nonexistent/kubeconfig": "no such file or directory",
		"provider=azure":        "discover-azure",
		"provider=digitalocean": "discover-digitalocean",
	} {
		s, err := New(config, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Seeds(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v; want %s", config, err, want)
		}
	}
}
