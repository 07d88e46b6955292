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
	given := c.Secret != "" || c.Cert != ""
	if c.NoRC {
		if !given {
			return &usageError{err: errors.New("no secret, and without the configuration file no place for a new one")}
		}
		o.bindHere(nil)
		return nil
	}
	file, err := o.readFile()
	if err != nil {
		return err
	}
	s, err := o.settings(file)
	if err != nil {
		return err
	}
	o.bindHere(s.Binds)
	if given || has(s.Secret) || has(s.Cert) {
		return nil
	}
	return o.keepSecret(file)
}

// bindHere has the node listen on this machine only, unless somebody said where.
func (o *options) bindHere(inFile []string) {
	if o.config.Binds == nil && inFile == nil {
		o.config.Binds, o.anyBind = []string{usualBind}, true
	}
}

func has(s *string) bool { return s != nil && *s != "" }

func (o *options) readFile() (*rcfile.File, error) {
	path := o.rcPath()
	if path == "" {
		return nil, &usageError{err: errors.New("there is no home directory to look for the configuration file in: give --rc or --norc")}
	}
	return rcfile.Read(path)
}

// settings are what counts of the file for this program.
func (o *options) settings(file *rcfile.File) (s rcfile.Settings, err error) {
	profile := o.config.Profile
	if profile == "" {
		if profile, err = os.Hostname(); err != nil {
			return s, err
		}
	}
	return file.Profile(profile)
}

func (o *options) rcPath() string {
	if o.config.RC != "" {
		return o.config.RC
	}
	return rcfile.Path()
}

// nobody is a profile that no file has: for it counts what is there for all.
const nobody = "\x00"

// keepSecret puts a random secret into the configuration file, for all profiles. It
// replaces none: a profile may hide the one that is there for the others.
func (o *options) keepSecret(file *rcfile.File) error {
	common, err := file.Profile(nobody)
	if err != nil {
		return err
	}
	if has(common.Secret) || has(common.Cert) {
		return o.hidden()
	}
	var random [secretOctets]byte
	rand.Read(random[:]) // never fails
	if err := file.SetTop("secret", base64.RawURLEncoding.EncodeToString(random[:])); err != nil {
		return err
	}
	if s, err := o.settings(file); err != nil || !has(s.Secret) {
		return errors.Join(err, o.hidden())
	}
	if err := file.WriteAtomic(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(o.stdout, "there was no secret: wrote a random one to %s\n", o.rcPath())
	return err
}

func (o *options) hidden() error {
	return &usageError{err: fmt.Errorf("%s: the profile hides the secret of all, and has none: give it one", o.rcPath())}
}
