package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/aemp-go/aemp/internal/rcfile"
)

// secretOctets is how many random octets a secret is made of: nobody guesses 24.
const secretOctets = 24

// firstRun makes a node usable for which nobody has configured anything: with a
// secret, kept in the configuration file, and listening on this machine only. It
// replaces nothing that is configured.
func (o *options) firstRun() error {
	c := &o.config
	secretMissing := c.Secret == "" && c.Cert == ""
	bindsMissing := c.Binds == nil
	if !c.NoRC {
		file, s, err := o.readFile()
		if err != nil {
			return err
		}
		bindsMissing = bindsMissing && s.Binds == nil
		if secretMissing && !has(s.Secret) && !has(s.Cert) {
			if err := o.keepSecret(file); err != nil {
				return err
			}
		}
	} else if secretMissing {
		return &usageError{err: errors.New("no secret, and without the configuration file no place for a new one")}
	}
	if bindsMissing {
		c.Binds, o.anyBind = []string{usualBind}, true
	}
	return nil
}

func has(s *string) bool { return s != nil && *s != "" }

// readFile reads what counts of the configuration file.
func (o *options) readFile() (*rcfile.File, rcfile.Settings, error) {
	path := o.rcPath()
	if path == "" {
		return nil, rcfile.Settings{}, &usageError{err: errors.New("there is no home directory to look for the configuration file in: give --rc or --norc")}
	}
	file, err := rcfile.Read(path)
	if err != nil {
		return nil, rcfile.Settings{}, err
	}
	profile := o.config.Profile
	if profile == "" {
		if profile, err = os.Hostname(); err != nil {
			return nil, rcfile.Settings{}, err
		}
	}
	s, err := file.Profile(profile)
	return file, s, err
}

func (o *options) rcPath() string {
	if o.config.RC != "" {
		return o.config.RC
	}
	return rcfile.Path()
}

// keepSecret puts a random secret into the configuration file.
func (o *options) keepSecret(file *rcfile.File) error {
	var random [secretOctets]byte
	rand.Read(random[:]) // never fails
	if err := file.SetTop("secret", base64.RawURLEncoding.EncodeToString(random[:])); err != nil {
		return err
	}
	if err := file.WriteAtomic(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(o.stdout, "there was no secret: wrote a random one to %s\n", o.rcPath())
	return err
}
