package seeds

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/aemp-go/aemp/internal/hostport"
)

// A SRV is a Source: the SRV records of a name, in a configuration
// "srv:_aemp._tcp.example.org". Each record is a seed, whatever its priority and
// weight, since a node connects to all seeds.
type SRV struct {
	// Name is asked for as it is, nothing is put in front of it.
	Name string
	// Lookup answers in place of the system's resolver, if it is there.
	Lookup func(ctx context.Context, name string) ([]*net.SRV, error)
}

func parseSRV(name string) (Source, error) {
	place, err := hostport.Parse(name)
	if err != nil {
		return nil, err
	}
	if place.Port != 0 || place.Host == hostport.ThisHost || place.Host != name {
		return nil, errors.New("SRV records have a name, such as _aemp._tcp.example.org, and say the port themselves")
	}
	return &SRV{Name: name}, nil
}

func (s *SRV) String() string { return "srv:" + s.Name }

// Refresh implements Refresher.
func (s *SRV) Refresh() time.Duration { return srvRefresh }

// Seeds implements Source.
func (s *SRV) Seeds(ctx context.Context) ([]string, error) {
	lookup := s.Lookup
	if lookup == nil {
		lookup = systemSRV
	}
	records, err := lookup(ctx, s.Name)
	var list []string
	for _, r := range records {
		if host := strings.TrimSuffix(r.Target, "."); host != "" { // "." alone: there is none
			list = append(list, net.JoinHostPort(host, strconv.Itoa(int(r.Port))))
		}
	}
	if len(list) > 0 {
		return list, nil // an error is then of other records
	}
	return nil, err
}

func systemSRV(ctx context.Context, name string) ([]*net.SRV, error) {
	_, records, err := net.DefaultResolver.LookupSRV(ctx, "", "", name)
	return records, err
}
