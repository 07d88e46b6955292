package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"
)

// invite collects what another terminal needs to get into the same network.
type invite struct {
	flags     []string
	condition string
}

func (i *invite) add(words ...string) { i.flags = append(i.flags, words...) }

// file adds a flag that names a file, which another terminal may have to look for
// from another directory.
func (i *invite) file(flag, path string) {
	if full, err := filepath.Abs(path); err == nil {
		path = full
	}
	i.add(flag, path)
}

// invitation is a command that asks the node for its time.
func (o *options) invitation(node string, addr netip.AddrPort) string {
	words := append(startedAs(), "cal", "--seed", reachable(addr).String())
	c := &o.config
	i := invite{flags: words}
	i.add(o.invite.flags...)
	switch {
	case c.NoRC:
		i.add("--norc")
	case c.RC != "" || os.Getenv("PERL_ANYEVENT_MP_RC") != "":
		i.file("--rc", o.rcPath())
	}
	if c.Profile != "" {
		i.add("--profile", c.Profile)
	}
	i.add(node, "time")
	for at, word := range i.flags {
		i.flags[at] = shellQuoted(word)
	}
	return strings.Join(i.flags, " ")
}

// reachable is where a listener can be reached from this machine.
func reachable(addr netip.AddrPort) netip.AddrPort {
	switch {
	case !addr.Addr().IsUnspecified():
		return addr
	case addr.Addr().Is4():
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), addr.Port())
	}
	return netip.AddrPortFrom(netip.IPv6Loopback(), addr.Port())
}

// builtToRun matches where "go run" puts the programs that it builds.
var builtToRun = regexp.MustCompile(`[/\\](go-build\d+[/\\]b\d+[/\\]exe|[0-9a-f]{2}[/\\][0-9a-f]{64}-d)[/\\][^/\\]+$`)

// startedAs is how this program was started, as far as it can know.
func startedAs() []string {
	program := os.Args[0]
	if !builtToRun.MatchString(program) {
		return []string{program}
	}
	const here = "./cmd/aemp-node"
	if _, err := os.Stat(here); err == nil {
		return []string{"go", "run", here}
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return []string{"go", "run", "."}
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return []string{"go", "run", info.Path + "@" + v}
	}
	return []string{"go", "run", info.Path}
}

var shellSafe = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellQuoted is a word as a shell reads it.
func shellQuoted(word string) string {
	if shellSafe.MatchString(word) {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
