package main

import (
	"context"
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
	"github.com/aemp-go/aemp/internal/testcert"
)

const secret = "geheim"

// node runs one with the given ID, and returns where it listens.
func (u *user) node(id string, flags ...string) (*process, string) {
	u.t.Helper()
	p := u.start(append([]string{"run", "--nodeid", id, "--bind", "127.0.0.1:0"}, flags...)...)
	return p, p.address()
}

func wantStatus(t *testing.T, want, got int, stderr string) {
	t.Helper()
	if got != want {
		t.Fatalf("status %d instead of %d; stderr:\n%s", got, want, stderr)
	}
}

// wantError checks for one line of error that has each of the words.
func wantError(t *testing.T, stderr string, words ...string) {
	t.Helper()
	if !strings.HasPrefix(stderr, "aemp-node: ") || strings.Count(stderr, "\n") != 1 {
		t.Errorf("stderr is not one line of error:\n%s", stderr)
	}
	for _, word := range words {
		if !strings.Contains(stderr, word) {
			t.Errorf("stderr lacks %q:\n%s", word, stderr)
		}
	}
}

func TestANodeTellsItsTimeToAnotherProcess(t *testing.T) {
	u := newUser(t)
	_, addr := u.node("a", "--secret", secret)
	before := time.Now()
	stdout, stderr, status := u.finish("cal", "--seed", addr, "--secret", secret, "a", "time")
	wantStatus(t, statusOK, status, stderr)
	seconds, err := strconv.ParseFloat(strings.TrimSpace(stdout), 64)
	if err != nil {
		t.Fatalf("answer %q: %v", stdout, err)
	}
	at := time.UnixMilli(int64(seconds * 1000))
	if at.Before(before.Add(-time.Second)) || at.After(time.Now().Add(time.Second)) {
		t.Errorf("the node's time is %v, between %v and now", at, before)
	}
}

func TestThePrintedCommandWorksAsItIs(t *testing.T) {
	u := newUser(t)
	secretFile := u.write("the secret's file", secret+"\n")
	cert := u.write("cert.pem", string(testcert.New(t)))
	rc := u.write("own rc", `{ "profile": { "p": { "secret": "x" } } }`)
	for name, c := range map[string]struct{ env, flags []string }{
		"nothing configured":             {},
		"secret":                         {nil, []string{"--secret", "ge'h $eim"}},
		"secret and no file":             {nil, []string{"--secret", secret, "--norc"}},
		"secret in a file":               {nil, []string{"--secret-file", filepath.Base(secretFile)}},
		"certificate":                    {nil, []string{"--cert", filepath.Base(cert)}},
		"another file":                   {nil, []string{"--rc", filepath.Base(rc), "--profile", "p"}},
		"another file, from environment": {[]string{"PERL_ANYEVENT_MP_RC=" + rc}, []string{"--profile", "p"}},
		"all addresses":                  {nil, []string{"--secret", secret, "--bind", "0.0.0.0:0"}},
	} {
		t.Run(name, func(t *testing.T) {
			u := &user{t, u.home, append(u.env, c.env...)}
			p := u.start(append([]string{"run"}, c.flags...)...)
			command := p.says(&p.stdout, `(?m)^  (.*cal --seed .*)\n`)
			elsewhere := newUser(t)
			elsewhere.env = u.env[:2] // the same home, without what is special
			q := elsewhere.startProgram("/bin/sh", "-c", command)
			wantStatus(t, statusOK, q.wait(), command+"\n"+q.stderr.String())
			if !regexp.MustCompile(`^\d+\.?\d*\n$`).MatchString(q.stdout.String()) {
				t.Errorf("answer %q", &q.stdout)
			}
		})
	}
}

func TestTheSecretComesFromTheEnvironmentToo(t *testing.T) {
	u := newUser(t, secretVariable+"="+secret)
	p, addr := u.node("a")
	p.says(&p.stdout, `with the same AEMP_SECRET`)
	if strings.Contains(p.stdout.String(), secret) {
		t.Error("the secret is printed")
	}
	_, stderr, status := u.finish("cal", "--seed", addr, "a", "time")
	wantStatus(t, statusOK, status, stderr)
}

// library starts a node in the test's own process.
func library(t *testing.T, id string, seeds ...string) (node *aemp.Node, addr string) {
	t.Helper()
	node, err := aemp.Start(aemp.Config{
		Node: id, Binds: []string{"127.0.0.1:0"}, Seeds: seeds, Secret: secret, NoRC: true, LogLevel: "error",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		node.Close(ctx)
	})
	return node, node.Addresses()[0].String()
}

func TestSndDeliversValues(t *testing.T) {
	u := newUser(t)
	node, addr := library(t, "lib")
	box, err := node.NewMailbox()
	if err != nil {
		t.Fatal(err)
	}
	words := []string{box.ID(), "hello", "3", `"3"`, "0.5", "null", `{"a":[1,"ü"]}`, "[1", "18446744073709551615"}
	for flag, want := range map[string]string{
		"--text=false": `"hello" 3 "3" 0.5 null {"a":[1,"ü"]} "[1" 18446744073709551615`,
		"--text":       `"hello" "3" "\"3\"" "0.5" "null" "{\"a\":[1,\"ü\"]}" "[1" "18446744073709551615"`,
	} {
		_, stderr, status := u.finish(append([]string{"snd", "--seed", addr, "--secret", secret, flag}, words...)...)
		wantStatus(t, statusOK, status, stderr)
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		m, err := box.Receive(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if got := line(m); got != want {
			t.Errorf("%s: got %s, want %s", flag, got, want)
		}
	}
}

func TestCalPrintsAllValuesOfTheAnswer(t *testing.T) {
	u := newUser(t)
	node, addr := library(t, "lib")
	adder, err := node.NewNamedPort("adder")
	if err != nil {
		t.Fatal(err)
	}
	adder.On("add", func(self *aemp.Context, m aemp.Message) {
		args := m.Args()
		a, b, reply := args.Int(), args.Int(), args.Text()
		self.Send(reply, a+b, "two\nlines", []byte{0xe9, 0x9b}, nil, true)
	})
	stdout, stderr, status := u.finish("cal", "--seed", addr, "--secret", secret, "lib#adder", "add", "3", "4")
	wantStatus(t, statusOK, status, stderr)
	if want := "7 \"two\\nlines\" \"é\\u009b\" null true\n"; stdout != want {
		t.Errorf("got %q, want %q", stdout, want)
	}
}

func TestTheProgramOfTheReadmeAdds(t *testing.T) {
	u := newUser(t)
	addr := freeAddress(t)
	u.write(".perl-anyevent-mp", `{ "secret": "geheim", "binds": "`+addr+`" }`) // counts more than the program
	u.startProgram(adder)
	stdout, stderr, status := u.finish("cal", "--seed", addr, "calc#adder", "add", "3", "4")
	wantStatus(t, statusOK, status, stderr)
	if stdout != "7\n" {
		t.Errorf("got %q", stdout)
	}
}

func TestCalSaysWhyThereIsNoAnswer(t *testing.T) {
	u := newUser(t)
	node, addr := library(t, "lib")
	silent, err := node.NewMailbox()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		words []string
		want  []string
	}{
		"no such port":  {[]string{"lib#nobody", "x"}, []string{"lib#nobody", "no_such_port"}},
		"no answer":     {[]string{"--timeout", "300ms", silent.ID()}, []string{silent.ID(), "no answer within 300ms"}},
		"unknown node":  {[]string{"elsewhere#x"}, []string{"elsewhere#x", "no known address"}},
		"impossible ID": {[]string{"#x"}, []string{"invalid", "#x"}},
	} {
		t.Run(name, func(t *testing.T) {
			u.t = t
			_, stderr, status := u.finish(append([]string{"cal", "--seed", addr, "--secret", secret}, c.words...)...)
			wantStatus(t, statusFailed, status, stderr)
			wantError(t, stderr, c.want...)
		})
	}
}

func TestSndFailsIfNobodyCanHaveReceivedTheMessage(t *testing.T) {
	u := newUser(t)
	_, addr := library(t, "lib")
	for port, want := range map[string]string{"lib#nobody": "no_such_port", "elsewhere#x": "no known address"} {
		_, stderr, status := u.finish("snd", "--seed", addr, "--secret", secret, port, "x")
		wantStatus(t, statusFailed, status, stderr)
		wantError(t, stderr, port, want)
	}
}

func TestMonTellsWhenAndWhy(t *testing.T) {
	u := newUser(t)
	node, addr := library(t, "lib")
	names := []string{"normal", "reason", "nobody"}
	var ports []*aemp.Port
	for _, name := range names[:2] {
		p, err := node.NewNamedPort(name)
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, p)
	}
	p := u.start("mon", "--seed", addr, "--secret", secret, "lib#normal", "lib#reason", "lib#nobody")
	p.says(&p.stdout, `lib#nobody "no_such_port"`) // so that the others' monitors are set too
	for i, reason := range [][]any{nil, {"broken", 3}} {
		if err := node.Kill(ports[i].ID(), reason...); err != nil {
			t.Fatal(err)
		}
	}
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
	const stamp = `^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d) `
	for _, want := range []string{`lib#normal normal$`, `lib#reason "broken" 3$`} {
		if !regexp.MustCompile(`(?m)` + stamp + want).MatchString(p.stdout.String()) {
			t.Errorf("stdout lacks %q:\n%s", want, &p.stdout)
		}
	}
	if n := len(p.stdout.lines()); n != 3 {
		t.Errorf("%d lines for three deaths:\n%s", n, &p.stdout)
	}
}

func TestMonSeesANodeThatIsKilled(t *testing.T) {
	u := newUser(t)
	node, addr := u.node("a", "--secret", secret)
	p := u.start("mon", "--seed", addr, "--secret", secret, "a")
	p.says(&p.stderr, "watching a\n")
	node.signal(syscall.SIGKILL)
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
	if !regexp.MustCompile(`^\S+ a "transport_error" "a" ".+"\n$`).MatchString(p.stdout.String()) {
		t.Errorf("stdout: %q", &p.stdout)
	}
}

func TestMonEndsAfterTheFirstDeathIfAsked(t *testing.T) {
	u := newUser(t)
	_, addr := u.node("a", "--secret", secret)
	stdout, stderr, status := u.finish("mon", "--exit", "--seed", addr, "--secret", secret, "a", "a#nobody")
	wantStatus(t, statusOK, status, stderr)
	if strings.Count(stdout, "\n") != 1 || !strings.Contains(stdout, " a#nobody ") {
		t.Errorf("stdout: %q", stdout)
	}
}

func TestMonEndsWhenItIsInterrupted(t *testing.T) {
	u := newUser(t)
	_, addr := u.node("a", "--secret", secret)
	p := u.start("mon", "--seed", addr, "--secret", secret, "a")
	p.says(&p.stderr, "watching a\n")
	p.signal(os.Interrupt)
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
}

func TestANodeEndsInGoodOrder(t *testing.T) {
	for _, s := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(s.String(), func(t *testing.T) {
			u := newUser(t)
			node, addr := u.node("a", "--secret", secret)
			p := u.start("mon", "--seed", addr, "--secret", secret, "a")
			p.says(&p.stderr, "watching a\n")
			node.signal(s)
			wantStatus(t, statusOK, node.wait(), node.stderr.String())
			p.says(&p.stdout, `a "transport_error" "a"`)
			if !strings.Contains(node.stderr.String(), "info  ending node=a\n") {
				t.Errorf("log:\n%s", &node.stderr)
			}
		})
	}
}

func TestTheShortCommandsCanBeInterrupted(t *testing.T) {
	u := newUser(t)
	node, addr := library(t, "lib")
	heard := make(chan struct{})
	silent, err := node.NewPort()
	if err != nil {
		t.Fatal(err)
	}
	silent.On("x", func(*aemp.Context, aemp.Message) { close(heard) })
	p := u.start("cal", "--seed", addr, "--secret", secret, silent.ID(), "x")
	<-heard
	p.signal(os.Interrupt)
	wantStatus(t, statusFailed, p.wait(), p.stderr.String())
	wantError(t, p.stderr.String(), "interrupted")
}

func TestNodesWithACertificateTalkOverTLS(t *testing.T) {
	u := newUser(t)
	own := u.write("own.pem", string(testcert.New(t)))
	foreign := u.write("foreign.pem", string(testcert.New(t)))
	node, addr := u.node("a", "--cert", own)

	_, stderr, status := u.finish("cal", "--seed", addr, "--cert", own, "a", "time")
	wantStatus(t, statusOK, status, stderr)
	node.says(&node.stderr, `node up .*auth=tls`)

	for name, flags := range map[string][]string{
		"foreign certificate": {"--cert", foreign},
		"no certificate":      {"--secret", secret},
	} {
		t.Run(name, func(t *testing.T) {
			u.t = t
			words := append([]string{"cal", "--seed", addr}, flags...)
			_, stderr, status := u.finish(append(words, "a", "time")...)
			wantStatus(t, statusFailed, status, stderr)
			wantError(t, stderr, "seed "+addr+": ", "handshake")
		})
	}
}

// Who decides which connection survives sees the other's proof first: one end
// learns that the secret is wrong, the other only that it is refused.
func TestAWrongSecretIsSaidAtOnce(t *testing.T) {
	u := newUser(t)
	for id, want := range map[string]string{"a": "node a refuses us, is the secret", "z": "handshake with z: wrong_secret"} {
		t.Run(id, func(t *testing.T) {
			u.t = t
			_, addr := u.node(id, "--secret", secret)
			_, stderr, status := u.finish("cal", "--timeout", "1h", "--seed", addr, "--secret", "wrong", id, "time")
			wantStatus(t, statusFailed, status, stderr)
			wantError(t, stderr, "seed "+addr+": ", want)
		})
	}
}

func TestASeedThatIsNotThereIsSaidInTheEnd(t *testing.T) {
	u := newUser(t)
	addr := freeAddress(t)
	_, stderr, status := u.finish("cal", "--timeout", "300ms", "--seed", addr, "--secret", secret, "a", "time")
	wantStatus(t, statusFailed, status, stderr)
	wantError(t, stderr, "seed "+addr+": ", "connection refused")
}

func TestACommandWaitsForASeedThatIsJustBeingStarted(t *testing.T) {
	u := newUser(t)
	addr := freeAddress(t)
	p := u.start("cal", "--log-level", "warn", "--timeout", "1h", "--seed", addr, "--secret", secret, "a", "time")
	p.says(&p.stderr, "seed can't be reached")
	u.start("run", "--nodeid", "a", "--bind", addr, "--secret", secret)
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
}

func TestACommandReachesWhateverSeedIsUp(t *testing.T) {
	u := newUser(t)
	_, a := u.node("a", "--secret", secret)
	_, b := u.node("b", "--secret", secret)
	for _, target := range []string{"a", "b"} {
		_, stderr, status := u.finish("cal", "--seed", freeAddress(t)+","+a, "--seed", b, "--secret", secret, target, "time")
		wantStatus(t, statusOK, status, stderr)
	}
}

// freeAddress is one where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestABindThatIsInUseEndsTheStart(t *testing.T) {
	u := newUser(t)
	_, addr := u.node("a", "--secret", secret)
	_, stderr, status := u.finish("run", "--bind", addr, "--secret", secret)
	wantStatus(t, statusFailed, status, stderr)
	wantError(t, stderr, addr, "address already in use")
}

func TestASecondNodeWithoutBindTakesAFreePort(t *testing.T) {
	u := newUser(t)
	first := u.start("run", "--secret", secret).address() // 4040, unless somebody else has it
	second := u.start("run", "--secret", secret).address()
	if second == usualBind || second == first || !strings.HasPrefix(second, "127.0.0.1:") {
		t.Errorf("the first listens at %s, the second at %s", first, second)
	}
}

func TestBadCredentialsAreSaidWithTheirFile(t *testing.T) {
	u := newUser(t)
	empty := u.write("empty", "\n")
	garbage := u.write("garbage", "no PEM")
	for name, c := range map[string]struct {
		flags  []string
		status int
		want   []string
	}{
		"certificate missing":    {[]string{"--cert", "nowhere.pem"}, statusFailed, []string{"certificate", "nowhere.pem", "no such file"}},
		"certificate empty":      {[]string{"--cert", empty}, statusFailed, []string{"certificate", empty}},
		"certificate is garbage": {[]string{"--cert", garbage}, statusUsage, []string{"Cert"}},
		"secret missing":         {[]string{"--secret-file", "nowhere"}, statusFailed, []string{"secret", "nowhere", "no such file"}},
		"secret empty":           {[]string{"--secret-file", empty}, statusFailed, []string{"secret", empty}},
		"two secrets":            {[]string{"--secret", "x", "--secret-file", empty}, statusUsage, []string{"both"}},
		"no secret, no place":    {[]string{"--norc"}, statusUsage, []string{"no secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			u.t = t
			_, stderr, status := u.finish(append([]string{"run"}, c.flags...)...)
			wantStatus(t, c.status, status, stderr)
			wantError(t, stderr, c.want...)
		})
	}
}

func TestTheFirstRunKeepsASecret(t *testing.T) {
	u := newUser(t)
	run := func() string {
		t.Helper()
		p := u.start("run", "--bind", "127.0.0.1:0")
		p.address()
		p.signal(syscall.SIGTERM)
		wantStatus(t, statusOK, p.wait(), p.stderr.String())
		return p.stdout.String()
	}
	if said := run(); !strings.Contains(said, "wrote a random one to "+u.rcPath()) {
		t.Errorf("it doesn't say that it wrote a file:\n%s", said)
	}
	content := u.read(u.rcPath())
	if !regexp.MustCompile(`"secret" : "[\w-]{32}"`).MatchString(content) {
		t.Errorf("file:\n%s", content)
	}
	info, err := os.Stat(u.rcPath())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if said := run(); strings.Contains(said, "wrote") || u.read(u.rcPath()) != content {
		t.Error("the second run changes the file")
	}
}

func TestTheFirstRunChangesNothingElseInTheFile(t *testing.T) {
	u := newUser(t)
	u.write(".perl-anyevent-mp", "# mine\n{\n   \"nodeid\" : \"n\", # name\n   \"binds\" : [\"127.0.0.1:*\"],\n}\n")
	p := u.start("run")
	p.says(&p.stdout, `node (n) listens at 127.0.0.1:\d+`)
	content := u.read(u.rcPath())
	pattern := "^# mine\n{\n   \"nodeid\" : \"n\", # name\n   \"binds\" : \\[\"127.0.0.1:\\*\"\\],\n   \"secret\" : \"[\\w-]{32}\"\n}\n$"
	if !regexp.MustCompile(pattern).MatchString(content) {
		t.Errorf("file:\n%s", content)
	}
}

func TestTheFirstRunReplacesNoSecretThatAProfileHides(t *testing.T) {
	u := newUser(t)
	for _, content := range []string{
		`{ "secret": "of all", "profile": { "p": { "secret": null } } }`,
		`{ "profile": { "p": { "secret": "" } } }`,
	} {
		u.write(".perl-anyevent-mp", content)
		_, stderr, status := u.finish("run", "--profile", "p")
		wantStatus(t, statusUsage, status, stderr)
		wantError(t, stderr, u.rcPath(), "hides")
		if got := u.read(u.rcPath()); got != content {
			t.Errorf("the file is now:\n%s", got)
		}
	}
}

func TestWithoutAHomeThereIsNoPlaceForASecret(t *testing.T) {
	u := newUser(t)
	u.env = u.env[1:]
	_, stderr, status := u.finish("run")
	wantStatus(t, statusUsage, status, stderr)
	wantError(t, stderr, "no home directory")
}

func TestABrokenFileIsLeftAlone(t *testing.T) {
	u := newUser(t)
	const broken = "{\n  \"nodeid\" : oops\n}\n"
	u.write(".perl-anyevent-mp", broken)
	for _, words := range [][]string{{"run"}, {"cal", "--seed", "127.0.0.1:1", "a", "time"}} {
		_, stderr, status := u.finish(words...)
		wantStatus(t, statusUsage, status, stderr)
		wantError(t, stderr, u.rcPath()+":2:14")
		if got := u.read(u.rcPath()); got != broken {
			t.Errorf("the file is now:\n%s", got)
		}
	}
}

func TestTheCommandLineCountsMoreThanTheFile(t *testing.T) {
	u := newUser(t)
	_, addr := u.node("a", "--secret", secret)
	u.write(".perl-anyevent-mp", `{ "secret": "another", "nodeid": "a", "binds": "*", "seeds": "127.0.0.1:1",
		"profile": { "p": { "secret": "geheim", "seeds": "`+addr+`" } } }`)
	for _, flags := range [][]string{{"--secret", secret, "--seed", addr}, {"--profile", "p"}} {
		_, stderr, status := u.finish(append(append([]string{"cal"}, flags...), "a", "time")...)
		wantStatus(t, statusOK, status, stderr)
	}
}

func TestTheLogCanBeJSON(t *testing.T) {
	u := newUser(t)
	p, addr := u.node("a", "--secret", secret, "--log", "json", "--log-level", "debug")
	_, stderr, status := u.finish("cal", "--seed", addr, "--secret", secret, "a", "time")
	wantStatus(t, statusOK, status, stderr)
	p.says(&p.stderr, `"msg":"node up"`)
	p.signal(syscall.SIGTERM)
	p.wait()
	for _, text := range p.stderr.lines() {
		var record map[string]any
		if err := json.Unmarshal([]byte(text), &record); err != nil {
			t.Errorf("%v in %q", err, text)
		}
	}
}

func TestTheFileCanSilenceTheLog(t *testing.T) {
	u := newUser(t)
	u.write(".perl-anyevent-mp", `{ "log": "error" }`)
	p, addr := u.node("a", "--secret", secret)
	_, stderr, status := u.finish("cal", "--seed", addr, "--secret", secret, "a", "time")
	wantStatus(t, statusOK, status, stderr)
	p.signal(syscall.SIGTERM)
	p.wait()
	if p.stderr.String() != "" {
		t.Errorf("log:\n%s", &p.stderr)
	}
}
