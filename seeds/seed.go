package seeds

import (
	"errors"
	"fmt"

	"github.com/aemp-go/aemp/internal/hostport"
)

// DefaultPort is the port of a seed that is given without one (protocol 1).
const DefaultPort = 4040

// A Seed is a place where some node of the network is expected to listen.
type Seed struct{ hostport.Place }

// An Error says which seed, or source of seeds, can't be used, and why.
type Error struct {
	Seed string // as it was given
	Err  error
}

func (e *Error) Error() string { return fmt.Sprintf("seed %q: %v", e.Seed, e.Err) }
func (e *Error) Unwrap() error { return e.Err }

// Parse reads seeds, each HOST:PORT, [v6]:PORT, HOST, or a port of this host; the
// elements may be comma lists. Each seed is returned once. The error joins an
// *Error for each that can't be read.
func Parse(list []string) ([]Seed, error) {
	var (
		all    []Seed
		faults []error
		seen   = make(map[Seed]bool)
	)
	for _, text := range hostport.Split(list) {
		seed, err := parsePlace(text)
		if err != nil {
			faults = append(faults, err)
		} else if !seen[seed] {
			seen[seed] = true
			all = append(all, seed)
		}
	}
	if len(all) > MaxSeeds {
		faults = append(faults, fmt.Errorf("seeds: %d of them, more than %d", len(all), MaxSeeds))
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	return all, nil
}

func parsePlace(text string) (Seed, error) {
	place, err := hostport.Parse(text)
	if err != nil {
		return Seed{}, &Error{text, err}
	}
	if place.Port == 0 {
		place.Port = DefaultPort
	}
	return Seed{place}, nil
}
