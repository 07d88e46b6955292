package main

import (
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aemp-go/aemp"
)

// options is what the command line says besides the arguments.
type options struct {
	stdout, stderr io.Writer

	config     aemp.Config
	secretFile string
	certFile   string
	logJSON    bool
	timeout    time.Duration
	text       bool // arguments are text, whatever they look like
	first      bool // mon: one death is enough
	json       bool
	at         string // node that is to own an entry
	noEval     bool
	services   []*service

	anyBind bool // nobody has said where to listen
	invite  invite
}

// nodeFlags are those of every command that is a node.
func nodeFlags(o *options, fs *flag.FlagSet) {
	c := &o.config
	c.Force = true // what is on the command line counts more than the file
	fs.StringVar(&c.Node, "nodeid", "", "the node's `ID`; %n in it is the host's name, %u and a slash at its end a unique string")
	fs.Func("seed", "`HOST:PORT` where a node of the network listens; can be repeated", appendTo(&c.Seeds))
	fs.StringVar(&c.Secret, "secret", "", "the network's secret as `TEXT`. Everybody on this machine can see it in ps:\nbetter use --secret-file, the environment's AEMP_SECRET, or the configuration file")
	fs.StringVar(&o.secretFile, "secret-file", "", "`FILE` with the secret; a line end after it doesn't count")
	fs.StringVar(&o.certFile, "cert", "", "PEM `FILE` with key, certificate, and those of the others: turns TLS on")
	fs.BoolVar(&c.AllowClear, "allow-clear", false, "accept nodes without TLS although there is a certificate, if they know the secret")
	fs.Func("framing", "`FORM` in which to be sent messages: msgpack, cbor or json; can be repeated, best first", appendTo(&c.Framings))
	fs.StringVar(&c.Profile, "profile", "", "`NAME` of the part of the configuration file that counts (default: the host's name)")
	fs.StringVar(&c.RC, "rc", "", "the configuration `FILE`")
	fs.BoolVar(&c.NoRC, "norc", false, "read no configuration file")
	fs.DurationVar(&c.MonitorTimeout, "monitor-timeout", 0, "`TIME` to wait for another node, such as 10s (default 30s)")
	fs.DurationVar(&c.ConnectInterval, "connect-interval", 0, "`TIME` until the next of a node's addresses is tried (default 2s)")
	fs.StringVar(&c.LogLevel, "log-level", "", "log from this `LEVEL` on: debug, info, warn, error (default: run info, else error)")
	fs.Func("log", "`FORM` of the log, on standard error: text or json (default text)", o.setLog)
}

func runFlags(o *options, fs *flag.FlagSet) {
	c := &o.config
	fs.Func("bind", "`HOST:PORT` to listen at, * for all addresses or any port; can be repeated, empty for none\n(default: what the configuration file says, else this machine only, 127.0.0.1:4040 or a free port)", appendTo(&c.Binds))
	fs.BoolVar(&c.Secure, "secure", false, "refuse to run functions for others")
	fs.Func("service", "`NAME` of a service to offer: echo, clock or log; can be repeated, see above", o.addService)
	fs.BoolVar(&c.Global, "global", false, "be a global node from the start: keep the whole database (else only if somebody has this node as a seed)")
	fs.Func("announce", "`HOST:PORT` by which others reach this node, in place of where it listens, as behind an\naddress translation; can be repeated", appendTo(&c.Announce))
	fs.IntVar(&c.Loops, "loops", 0, "`NUMBER` of event loops (default: one for each core)")
}

func timeoutFlag(o *options, fs *flag.FlagSet) {
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "`TIME` to wait at most (default 10s)")
}

func contactFlag(o *options, fs *flag.FlagSet) {
	fs.DurationVar(&o.timeout, "timeout", 10*time.Second, "`TIME` to wait for the seeds at most (default 10s)")
}

func textFlag(o *options, fs *flag.FlagSet) {
	fs.BoolVar(&o.text, "text", false, "take all arguments for text, also those that look like JSON")
}

func exitFlag(o *options, fs *flag.FlagSet) {
	fs.BoolVar(&o.first, "exit", false, "end after the first death")
}

func jsonFlag(o *options, fs *flag.FlagSet) {
	fs.BoolVar(&o.json, "json", false, "write JSON: one object on a line for each result")
}

func atFlag(o *options, fs *flag.FlagSet) {
	fs.StringVar(&o.at, "at", "", "`NODE` that is to own the entry, or owns it")
}

func evalFlag(o *options, fs *flag.FlagSet) {
	fs.BoolVar(&o.noEval, "no-eval", false, "don't have Perl nodes evaluate anything")
}

// appendTo collects the values of a flag that can be repeated. An empty one makes
// the list empty but set.
func appendTo(list *[]string) func(string) error {
	return func(value string) error {
		if *list == nil {
			*list = []string{}
		}
		if strings.TrimSpace(value) != "" {
			*list = append(*list, value)
		}
		return nil
	}
}

func (o *options) setLog(form string) error {
	switch form {
	case "text", "json":
		o.logJSON = form == "json"
		return nil
	}
	return fmt.Errorf("neither text nor json")
}
