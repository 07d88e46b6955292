package main

import (
	"net/netip"
	"os/exec"
	"strings"
	"testing"
)

func TestABinaryThatGoRunMadeIsKnown(t *testing.T) {
	id := strings.Repeat("0123456789abcdef", 4)
	for path, made := range map[string]bool{
		"/tmp/go-build856952394/b001/exe/aemp-node":         true,
		"/home/u/.cache/go-build/36/" + id + "-d/aemp-node": true,
		"/opt/cache/36/" + id + "-d/aemp-node":              true,
		`C:\Temp\go-build85\b001\exe\aemp-node.exe`:         true,
		"/usr/local/bin/aemp-node":                          false,
		"./aemp-node":                                       false,
		"/home/u/go-build/aemp-node":                        false,
	} {
		if builtToRun.MatchString(path) != made {
			t.Errorf("%s: made by go run is not %v", path, made)
		}
	}
}

func TestAShellReadsAQuotedWordAsItWas(t *testing.T) {
	for _, word := range []string{"plain-word_1:/.", "", "two words", "it's", `$HOME "x" \n`, "ü;|&", "a\nb", "#", "~"} {
		out, err := exec.Command("/bin/sh", "-c", "printf %s "+shellQuoted(word)).Output()
		if err != nil || string(out) != word {
			t.Errorf("%q became %q, %v", word, out, err)
		}
	}
	if got := shellQuoted("127.0.0.1:4040"); got != "127.0.0.1:4040" {
		t.Errorf("quoted without need: %s", got)
	}
}

func TestAListenerOnAllAddressesIsReachedByLoopback(t *testing.T) {
	for addr, want := range map[string]string{
		"0.0.0.0:1":   "127.0.0.1:1",
		"[::]:1":      "[::1]:1",
		"192.0.2.1:1": "192.0.2.1:1",
	} {
		if got := reachable(netip.MustParseAddrPort(addr)).String(); got != want {
			t.Errorf("%s: %s instead of %s", addr, got, want)
		}
	}
}
