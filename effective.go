package aemp

import (
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"runtime"
	"slices"

	"github.com/aemp-go/aemp/internal/rcfile"
)

// Effective is the configuration that counts: c with the values of the file's
// profile put in (protocol 8) and the defaults filled in. It is valid, names no
// file any more, and its Node isn't expanded yet. The warnings say what in the file
// was ignored, and where.
func (c *Config) Effective() (e Config, warnings []error, err error) {
	if err := c.validateFile(); err != nil {
		return Config{}, nil, err
	}
	e = *c
	if e.Profile == "" {
		if e.Profile, err = os.Hostname(); err != nil {
			return Config{}, nil, wrong("Profile", "", fmt.Errorf("the host's name: %w", err))
		}
	}
	if !c.NoRC {
		if warnings, err = e.applyFile(c.Profile != ""); err != nil {
			return Config{}, nil, err
		}
	}
	e.RC, e.NoRC, e.Force = "", true, false
	if e.Node == "" {
		e.Node = e.Profile + "/"
	}
	if err := e.Validate(); err != nil {
		return Config{}, nil, err
	}
	e = e.withDefaults()
	if e.Logger == nil {
		e.Logger = e.defaultLogger()
	}
	return e, warnings, nil
}

func (c *Config) defaultLogger() *slog.Logger {
	if c.LogLevel == "" {
		return slog.Default()
	}
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // Validate has tried it
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

// withDefaults has a value in each field whose default is a plain value.
func (c *Config) withDefaults() Config {
	d := *c
	if d.Binds == nil {
		d.Binds = []string{"*"}
	}
	if d.MonitorTimeout == 0 {
		d.MonitorTimeout = defaultMonitorTimeout
	}
	if d.ConnectInterval == 0 {
		d.ConnectInterval = defaultConnectInterval
	}
	if d.Loops == 0 {
		d.Loops = min(runtime.GOMAXPROCS(0), maxLoops)
	}
	return d
}

// applyFile reads the file, if there is one, and puts its values in. chosen says
// that the program asked for the profile by name.
func (c *Config) applyFile(chosen bool) (warnings []error, err error) {
	path := c.RC
	if path == "" {
		path = rcfile.Path()
	}
	if path == "" {
		return nil, nil
	}
	file, err := rcfile.Read(path)
	if err != nil {
		return nil, err
	}
	if c.RC != "" && !file.Exists() {
		return nil, wrong("RC", fmt.Sprintf("%q", c.RC), fs.ErrNotExist)
	}
	s, err := file.Profile(c.Profile)
	if err != nil {
		return nil, err
	}
	c.apply(&s)
	warnings = s.Warnings
	if s.Services != nil {
		warnings = append(warnings, fmt.Errorf("%s: services are Perl modules, ignored", path))
	}
	if chosen && !s.Found {
		warnings = append(warnings, fmt.Errorf("%s: there is no profile %q", path, c.Profile))
	}
	return warnings, nil
}

// apply puts in what the file sets.
func (c *Config) apply(s *rcfile.Settings) {
	put(&c.Node, s.NodeID, c.Force && c.Node != "")
	put(&c.Secret, s.Secret, c.Force && c.Secret != "")
	put(&c.Cert, s.Cert, c.Force && c.Cert != "")
	put(&c.Secure, s.Secure, c.Force && c.Secure)
	put(&c.MonitorTimeout, s.MonitorTimeout, c.Force && c.MonitorTimeout != 0)
	put(&c.ConnectInterval, s.ConnectInterval, c.Force && c.ConnectInterval != 0)
	put(&c.LogLevel, s.Log, c.Force && c.LogLevel != "")
	putList(&c.Seeds, s.Seeds, c.Force)
	putList(&c.Binds, s.Binds, c.Force)
	putList(&c.Announce, s.Announce, c.Force)
	putList(&c.AuthOffer, s.AuthOffer, c.Force)
	putList(&c.AuthAccept, s.AuthAccept, c.Force)
	putList(&c.Framings, ours(s.Framings), c.Force)
}

func put[T any](field, value *T, keep bool) {
	if value != nil && !keep {
		*field = *value
	}
}

func putList(field *[]string, list []string, force bool) {
	if list != nil && !(force && *field != nil) {
		*field = list
	}
}

// ours leaves out the framing that only Perl can read: a file that Perl nodes use
// too may well list it.
func ours(framings []string) []string {
	return slices.DeleteFunc(framings, func(name string) bool { return name == "storable" })
}
