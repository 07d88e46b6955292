package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// A command is what the first word of the command line names, or the first two.
type command struct {
	name  string // one word, or a group's and its own
	args  string // as the help shows them
	brief string
	help  string
	least int // arguments
	most  int // arguments; -1: any number
	flags []func(*options, *flag.FlagSet)
	run   func(context.Context, *options, []string) error
}

func commands() []command {
	return []command{
		runCommand, sndCommand, calCommand, monCommand,
		nodesCommand, traceCommand,
		familiesCommand, getCommand, setCommand, delCommand, watchCommand,
		versionCommand,
	}
}

// execute runs the command that args name.
func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		return &usageError{err: errors.New("no command")}
	}
	switch args[0] {
	case "help", "--help", "-help", "-h":
		return help(stdout, args[1:])
	case "--version", "-version":
		args[0] = versionCommand.name
	}
	c, args, err := find(args)
	if err != nil {
		return err
	}
	o := &options{stdout: stdout, stderr: stderr}
	fs := c.flagSet(o)
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return c.writeHelp(stdout)
	case err != nil:
		return &usageError{c.name, err}
	}
	if err := c.check(fs.Args()); err != nil {
		return &usageError{c.name, err}
	}
	err = c.run(ctx, o, fs.Args())
	var usage *usageError
	if errors.As(err, &usage) && usage.command == "" {
		usage.command = c.name
	}
	return err
}

// find takes the words that name a command off.
func find(words []string) (c *command, rest []string, err error) {
	name, rest := words[0], words[1:]
	of := group(name)
	if of != nil && len(rest) > 0 {
		name, rest = name+" "+rest[0], rest[1:]
	}
	for _, c := range commands() {
		if c.name == name {
			return &c, rest, nil
		}
	}
	if of != nil {
		return nil, nil, &usageError{err: fmt.Errorf("no such command: %q, expected %s", name, strings.Join(of, ", "))}
	}
	return nil, nil, &usageError{err: fmt.Errorf("no such command: %q", name)}
}

// group is the names of the commands whose first word is that, and which have a second.
func group(word string) []string {
	var names []string
	for _, c := range commands() {
		if strings.HasPrefix(c.name, word+" ") {
			names = append(names, c.name)
		}
	}
	return names
}

func (c *command) check(args []string) error {
	if len(args) < c.least {
		return fmt.Errorf("too few arguments, expected %s", c.args)
	}
	if c.most >= 0 && len(args) > c.most {
		return fmt.Errorf("unexpected argument %q", args[c.most])
	}
	return nil
}

func (c *command) flagSet(o *options) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard) // errors are reported by main
	for _, add := range c.flags {
		add(o, fs)
	}
	return fs
}

// help is the command "help".
func help(w io.Writer, args []string) error {
	if len(args) == 0 {
		return writeOverview(w)
	}
	c, _, err := find(args)
	if err != nil {
		return err
	}
	return c.writeHelp(w)
}

func writeOverview(w io.Writer) error {
	var b strings.Builder
	b.WriteString("Aemp-node is a node of an AEMP network on the command line.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-42s %s\n", strings.TrimSpace("aemp-node "+c.name+" "+c.args), c.brief)
	}
	b.WriteString(`
aemp-node COMMAND --help tells more. Flags stand before the arguments. They
count more than the configuration file, which is ~/.perl-anyevent-mp or where the
environment's PERL_ANYEVENT_MP_RC points.

Status: 0 all went well, 1 it failed, 2 the command line or the
configuration makes no sense.
`)
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *command) writeHelp(w io.Writer) error {
	var b strings.Builder
	usage := []string{"aemp-node", c.name}
	if len(c.flags) > 0 {
		usage = append(usage, "[FLAGS]")
	}
	if c.args != "" {
		usage = append(usage, c.args)
	}
	fmt.Fprintf(&b, "%s\n\n%s\n", strings.Join(usage, " "), strings.TrimSpace(c.help))
	if len(c.flags) > 0 {
		b.WriteString("\nFlags:\n")
	}
	c.flagSet(new(options)).VisitAll(func(f *flag.Flag) {
		value, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %s\n", strings.TrimSpace("--"+f.Name+" "+value))
		fmt.Fprintf(&b, "        %s\n", strings.ReplaceAll(text, "\n", "\n        "))
	})
	_, err := io.WriteString(w, b.String())
	return err
}
