package discover

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	gd "github.com/hashicorp/go-discover"
	"github.com/hashicorp/go-discover/provider/k8s"

	"github.com/aemp-go/aemp/seeds"
)

// defaultRefresh is rarely enough for a thousand nodes to ask a cloud that counts
// questions, and often enough for a network in which each node knows the others anyway.
const defaultRefresh = 5 * time.Minute

// Options are what the provider isn't told.
type Options struct {
	// Name is how the log calls the source. Each source of a node needs one of its
	// own. Default: "discover:" and the provider. (What the provider is told may be
	// secret.)
	Name string

	// Port is that of machines for which the provider knows none. Default: 4040.
	Port uint16

	// Refresh is how long an answer is good: the provider is asked no more often, and
	// about that often while all is well. After an error it is asked again sooner.
	// Default: 5 minutes.
	Refresh time.Duration

	// Providers are those to choose from. Default: Providers().
	Providers map[string]gd.Provider

	// Logger gets the providers' own lines, at debug level. Default: nobody does.
	Logger *slog.Logger
}

// A ConfigError says why a configuration can't be used. The configuration itself isn't
// told, since it may have secrets in it.
type ConfigError struct {
	Provider string // "" if that can't be read
	Err      error
}

func (e *ConfigError) Error() string {
	if e.Provider == "" {
		return fmt.Sprintf("discover: %v", e.Err)
	}
	return fmt.Sprintf("discover: provider %q: %v", e.Provider, e.Err)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// Providers are all that go-discover has, with k8s, by their names.
func Providers() map[string]gd.Provider {
	all := maps.Clone(gd.Providers)
	all["k8s"] = &k8s.Provider{}
	return all
}

// A Source finds seeds in a cloud. Several nodes may share one.
type Source struct {
	name    string
	config  string
	port    uint16
	refresh time.Duration
	finder  *gd.Discover
	log     *log.Logger
	now     func() time.Time

	mu    sync.Mutex // held while the provider is asked
	found []string   // the last answer
	until time.Time  // so long it is good
}

var _ seeds.Refresher = (*Source)(nil)

// New makes a source of a configuration as go-discover reads it: "provider=NAME key=value …".
// Only its form and the provider's name are looked at. The error is a *ConfigError.
func New(config string, o Options) (*Source, error) {
	args, err := gd.Parse(config)
	if err != nil {
		return nil, &ConfigError{Err: errors.New("not of the form provider=NAME key=value …")}
	}
	provider := args["provider"]
	if o.Providers == nil {
		o.Providers = Providers()
	}
	if o.Providers[provider] == nil {
		known := strings.Join(slices.Sorted(maps.Keys(o.Providers)), ", ")
		return nil, &ConfigError{provider, fmt.Errorf("not one of %s", known)}
	}
	if o.Refresh < 0 {
		return nil, &ConfigError{provider, fmt.Errorf("a refresh of %v", o.Refresh)}
	}
	finder, err := gd.New(gd.WithProviders(o.Providers), gd.WithUserAgent("aemp"))
	if err != nil {
		return nil, &ConfigError{provider, err}
	}
	return o.source(config, provider, finder), nil
}

// source fills the defaults in.
func (o Options) source(config, provider string, finder *gd.Discover) *Source {
	s := &Source{name: o.Name, config: config, port: o.Port, refresh: o.Refresh, finder: finder, now: time.Now}
	if s.name == "" {
		s.name = "discover:" + provider
	}
	if s.port == 0 {
		s.port = seeds.DefaultPort
	}
	if s.refresh == 0 {
		s.refresh = defaultRefresh
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	s.log = slog.NewLogLogger(o.Logger.With("source", s.name).Handler(), slog.LevelDebug)
	return s
}

func (s *Source) String() string { return s.name }

// Refresh implements seeds.Refresher.
func (s *Source) Refresh() time.Duration { return s.refresh }

// Seeds implements seeds.Source. Providers don't know of contexts, so it may take longer
// than ctx; the node copes with that.
func (s *Source) Seeds(ctx context.Context) ([]string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.now().Before(s.until) {
		return s.found, nil
	}
	machines, err := s.finder.Addrs(s.config, s.log)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, machine := range machines {
		found = append(found, s.seed(machine))
	}
	s.found, s.until = found, s.now().Add(s.refresh)
	return found, nil
}

// seed is a machine in the form of a seed: providers name an address, an address with its
// port, or a host.
func (s *Source) seed(machine string) string {
	if addr, err := netip.ParseAddr(machine); err == nil {
		return netip.AddrPortFrom(addr, s.port).String()
	}
	if strings.Contains(machine, ":") {
		return machine
	}
	return machine + ":" + strconv.Itoa(int(s.port))
}
