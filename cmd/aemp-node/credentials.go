package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
)

// secretVariable is the environment variable that may hold the secret.
const secretVariable = "AEMP_SECRET"

// readCredentials fills in what is not on the command line itself.
func (o *options) readCredentials() error {
	c := &o.config
	switch {
	case c.Secret != "" && o.secretFile != "":
		return &usageError{err: errors.New("both --secret and --secret-file")}
	case o.secretFile != "":
		text, err := readNonEmpty("secret", o.secretFile)
		if err != nil {
			return err
		}
		c.Secret = strings.TrimSuffix(strings.TrimSuffix(text, "\n"), "\r")
		o.invite.file("--secret-file", o.secretFile)
	case c.Secret != "":
		o.invite.add("--secret", c.Secret)
	case os.Getenv(secretVariable) != "":
		c.Secret = os.Getenv(secretVariable)
		o.invite.condition = " (with the same " + secretVariable + ")"
	}
	if o.certFile != "" {
		text, err := readNonEmpty("certificate", o.certFile)
		if err != nil {
			return err
		}
		c.Cert = text
		o.invite.file("--cert", o.certFile)
	}
	return nil
}

func readNonEmpty(what, path string) (string, error) {
	octets, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the %s: %w", what, err)
	}
	if len(strings.TrimSpace(string(octets))) == 0 {
		return "", fmt.Errorf("reading the %s: %s is empty", what, path)
	}
	return string(octets), nil
}
