package seeds

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

var (
	// ErrNoneListed: a source answered, but there is no seed in the answer.
	ErrNoneListed = errors.New("no seed is listed")
	// ErrNoSeed is told when not one of the seeds can be reached any more, or yet.
	ErrNoSeed = errors.New("seeds: none of them can be reached")
)

// A Source knows where seeds are, and may tell something else each time: a file, a
// name service, a cloud's list of machines.
type Source interface {
	// String names the source in the log, as in "file:/etc/aemp/seeds". No two
	// sources of a node may have the same.
	String() string

	// Seeds lists the places that are seeds now, in the forms that Parse reads. It is called on a goroutine of its own and may block
	// until ctx ends, which it does after the monitor timeout or when the node is
	// closed. It isn't called again before it has returned. With an error, or with
	// nothing in the list, the former answer goes on to count.
	Seeds(ctx context.Context) ([]string, error)
}

// A Refresher is a Source that is also asked while all of its seeds are connected.
// Others are asked at the start and while something is missing.
type Refresher interface {
	Source
	// Refresh is about how long an answer is good for.
	Refresh() time.Duration
}

// sourceKinds are the forms of sources in a configuration: a word, a colon and what
// can't be a port. So a host that is called "srv" or "file" can be a seed, too.
var sourceKinds = map[string]func(rest string) (Source, error){
	"srv":  parseSRV,
	"file": parseFile,
}

// ParseAll reads a list in which there are sources among the seeds: srv:NAME (see SRV)
// and file:PATH (see File). Otherwise it is like Parse.
func ParseAll(list []string) ([]Seed, []Source, error) {
	var (
		places  []string
		sources []Source
		faults  []error
		seen    = make(map[string]bool)
	)
	for _, text := range hostport.Split(list) {
		source, is, err := parseSource(text)
		switch {
		case !is:
			places = append(places, text)
		case err != nil:
			faults = append(faults, &Error{text, err})
		case !seen[source.String()]:
			seen[source.String()] = true
			sources = append(sources, source)
		}
	}
	seeds, err := Parse(places)
	if err = errors.Join(append(faults, err)...); err != nil {
		return nil, nil, err
	}
	return seeds, sources, nil
}

// parseSource reads a source, if the text is meant to be one.
func parseSource(text string) (s Source, is bool, err error) {
	kind, rest, _ := strings.Cut(text, ":")
	parse := sourceKinds[kind]
	if parse == nil || rest == "*" || strings.Trim(rest, "0123456789") == "" {
		return nil, false, nil
	}
	s, err = parse(rest)
	return s, true, err
}

func refreshOf(s Source) time.Duration {
	if r, ok := s.(Refresher); ok {
		return r.Refresh()
	}
	return 0
}

// CheckSources says what is wrong with a node's sources taken together.
func CheckSources(all []Source) error {
	if len(all) > MaxSources {
		return fmt.Errorf("seeds: %d sources, more than %d", len(all), MaxSources)
	}
	seen := make(map[string]bool)
	for i, s := range all {
		if s == nil {
			return fmt.Errorf("seeds: source %d is nil", i)
		}
		name := s.String()
		if name == "" || seen[name] {
			return &Error{name, errors.New("each source needs a name of its own")}
		}
		seen[name] = true
	}
	return nil
}
