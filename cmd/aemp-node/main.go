// Aemp-node is a node of an AEMP network on the command line: it runs one, and it
// sends to, calls and watches the ports of others.
//
//	aemp-node run --nodeid a --bind 127.0.0.1:4040 --secret-file secret
//	aemp-node cal --seed 127.0.0.1:4040 --secret-file secret a time
//
// It ends with status 0 when all went well, 1 when it failed, and 2 when the
// command line or the configuration makes no sense. Errors are one line on standard error; what was asked for
// goes to standard output.
//
// # Reading order
//
// command.go names the commands and finds the right one, flags.go is what they
// have in common, credentials.go reads secret and certificate. run.go is the node
// that stays, with firstrun.go for the user who has configured nothing and invite.go for the
// command that a second terminal needs; service.go is what it offers, in echo.go,
// clock.go and logservice.go, and holder.go keeps entries of the database for others.
//
// The short commands reach the network through contact.go: snd.go, cal.go and mon.go for
// ports, nodes.go and trace.go for the network, families.go, get.go, set.go, del.go and
// watch.go for the database, of which set and del ask a holder by request.go. words.go makes
// values of their arguments; print.go and entries.go write values out. logging.go is the
// log on a terminal.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/internal/rcfile"
)

const (
	statusOK     = 0
	statusFailed = 1
	statusUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // the second signal ends the process at once
	}()
	os.Exit(status(execute(ctx, os.Args[1:], os.Stdout, os.Stderr), os.Stderr))
}

// status reports an error and says with which status to end.
func status(err error, stderr io.Writer) int {
	if err == nil {
		return statusOK
	}
	fmt.Fprintln(stderr, "aemp-node: "+oneLine(err))
	if isUsage(err) {
		return statusUsage
	}
	return statusFailed
}

// isUsage says whether the command line or the configuration makes no sense.
func isUsage(err error) bool {
	var (
		usage  *usageError
		config *aemp.ConfigError
		file   *rcfile.Error
	)
	return errors.As(err, &usage) || errors.As(err, &config) || errors.As(err, &file)
}

// oneLine is an error that may be several, joined.
func oneLine(err error) string {
	return strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
}

// A usageError: the command line makes no sense.
type usageError struct {
	command string
	err     error
}

func (e *usageError) Error() string {
	if e.command == "" {
		return e.err.Error() + "; see aemp-node help"
	}
	return e.command + ": " + e.err.Error() + "; see aemp-node " + e.command + " --help"
}

func (e *usageError) Unwrap() error { return e.err }
