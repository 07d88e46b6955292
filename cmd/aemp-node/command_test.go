package main

import (
	"bytes"
	"context"
	"flag"
	"strings"
	"testing"
)

// say runs a command line inside the test; it must end before it is a node.
func say(words ...string) (stdout, stderr string, code int) {
	var out, errs bytes.Buffer
	code = status(execute(context.Background(), words, &out, &errs), &errs)
	return out.String(), errs.String(), code
}

func TestTheOverviewNamesEveryCommand(t *testing.T) {
	for _, words := range [][]string{{"help"}, {"--help"}, {"-h"}} {
		stdout, stderr, code := say(words...)
		wantStatus(t, statusOK, code, stderr)
		for _, c := range commands() {
			if !strings.Contains(stdout, "aemp-node "+c.name) || !strings.Contains(stdout, c.brief) {
				t.Errorf("%v lacks %s:\n%s", words, c.name, stdout)
			}
		}
	}
}

func TestTheHelpOfACommandExplainsItsArgumentsAndFlags(t *testing.T) {
	for _, c := range commands() {
		t.Run(c.name, func(t *testing.T) {
			asked, stderr, code := say(append(strings.Fields(c.name), "--help")...)
			wantStatus(t, statusOK, code, stderr)
			if other, _, _ := say(append([]string{"help"}, strings.Fields(c.name)...)...); other != asked {
				t.Errorf("aemp-node help %s says something else:\n%s", c.name, other)
			}
			for _, want := range []string{"aemp-node " + c.name, c.args, strings.TrimSpace(c.help)} {
				if !strings.Contains(asked, want) {
					t.Errorf("it lacks %q:\n%s", want, asked)
				}
			}
			c.flagSet(new(options)).VisitAll(func(f *flag.Flag) {
				if f.Usage == "" || !strings.Contains(asked, "\n  --"+f.Name) {
					t.Errorf("it lacks the flag %s:\n%s", f.Name, asked)
				}
			})
		})
	}
}

func TestAWrongCommandLineIsSaidWithTheWayToTheHelp(t *testing.T) {
	for _, c := range []struct{ words, want string }{
		{"", "no command; see aemp-node help"},
		{"fly", `no such command: "fly"; see aemp-node help`},
		{"help fly", `no such command: "fly"; see aemp-node help`},
		{"run --fly", "run: flag provided but not defined: -fly; see aemp-node run --help"},
		{"run x", `run: unexpected argument "x"`},
		{"snd", "snd: too few arguments, expected PORTID [ARG…]"},
		{"cal", "cal: too few arguments"},
		{"mon", "mon: too few arguments"},
		{"db", `no such command: "db", expected db families, db get, db set, db del, db watch; see aemp-node help`},
		{"db fly x", `no such command: "db fly", expected db families`},
		{"help db", `no such command: "db", expected db families`},
		{"db get", "db get: too few arguments, expected FAMILY [KEY]; see aemp-node db get --help"},
		{"db get a b c", `db get: unexpected argument "c"`},
		{"db set a b", "db set: too few arguments, expected FAMILY KEY VALUE"},
		{"db del a", "db del: too few arguments"},
		{"db del a b", "db del: an entry belongs to the node that has set it: name that with --at NODE"},
		{"db watch", "db watch: too few arguments, expected FAMILY"},
		{"db families x", `db families: unexpected argument "x"`},
		{"nodes x", `nodes: unexpected argument "x"`},
		{"trace --norc --secret x", "trace: no seed"},
		{"run --service dance", `invalid value "dance" for flag -service: no such service, expected echo, clock, log`},
		{"run --norc --secret x --announce h:x", `"h:x"`},
		{"cal --log xml a", `invalid value "xml" for flag -log: neither text nor json`},
		{"cal --timeout soon a", "-timeout"},
		{"cal --norc --secret x a", "cal: no seed"},
		{"cal --norc --secret x --seed ::: a", `seed ":::"`},
		{"cal --norc --secret x --seed h --rc f a", "RC"},
		{"run --norc --secret x --bind h:x", `bind "h:x"`},
		{"run --norc --secret x --nodeid a#b", "a#b"},
		{"run --norc --secret x --framing morse", `"morse"`},
	} {
		t.Run(c.words, func(t *testing.T) {
			_, stderr, code := say(strings.Fields(c.words)...)
			wantStatus(t, statusUsage, code, stderr)
			wantError(t, stderr, c.want)
		})
	}
}

func TestTheVersionIsOneLine(t *testing.T) {
	for _, words := range []string{"version", "--version"} {
		stdout, stderr, code := say(words)
		wantStatus(t, statusOK, code, stderr)
		if !strings.HasPrefix(stdout, "aemp-node ") || strings.Count(stdout, "\n") != 1 {
			t.Errorf("%s: %q", words, stdout)
		}
	}
}
