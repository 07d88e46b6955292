package main

import (
	"context"
	"net"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// network is one seed, and nodes that nobody knows but the seed.
type network struct {
	*user
	seed string // its address
}

func newNetwork(t *testing.T, flags ...string) *network {
	u := newUser(t)
	_, addr := u.node("seed", append([]string{"--secret", secret}, flags...)...)
	return &network{u, addr}
}

// join starts a further node.
func (n *network) join(id string, flags ...string) *process {
	n.t.Helper()
	p, _ := n.node(id, append([]string{"--secret", secret, "--seed", n.seed}, flags...)...)
	return p
}

// words are a command line of somebody who knows only the seed. The command may have two words.
func (n *network) words(command string, args ...string) []string {
	return append(append(strings.Fields(command), "--seed", n.seed, "--secret", secret), args...)
}

// does runs a command that has to succeed.
func (n *network) does(command string, args ...string) (stdout string) {
	n.t.Helper()
	stdout, stderr, status := n.finish(n.words(command, args...)...)
	wantStatus(n.t, statusOK, status, stderr)
	return stdout
}

// eventually runs a command until it succeeds and prints what is wanted: the node that it asks
// about may have been started this very moment.
func (n *network) eventually(want, command string, args ...string) {
	n.t.Helper()
	pattern := regexp.MustCompile(want)
	for until := time.Now().Add(patience); ; {
		stdout, stderr, status := n.finish(n.words(command, args...)...)
		if status == statusOK && pattern.MatchString(stdout) {
			return
		}
		if time.Now().After(until) {
			n.t.Fatalf("%s %v: status %d, stdout:\n%s\nstderr:\n%s", command, args, status, stdout, stderr)
		}
	}
}

func TestANodeThatOnlyTheSeedKnowsIsReachedByItsName(t *testing.T) {
	n := newNetwork(t)
	worker := n.join("worker", "--service", "echo", "--service", "log")
	n.eventually(`^worker#echo null\n$`, "db get", "echo")
	if got := n.does("cal", "worker#echo", "hello", "3"); got != "\"hello\" 3\n" {
		t.Errorf("echo: %q", got)
	}
	n.does("snd", "worker#log", "hello", `{"a":1}`)
	worker.says(&worker.stdout, `(?m)^"hello" \{"a":1\}$`)

	p := n.start(n.words("mon", "worker#echo")...)
	p.says(&p.stderr, "watching worker#echo\n")
	worker.signal(syscall.SIGKILL)
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
	if !strings.Contains(p.stdout.String(), `worker#echo "transport_error" "worker"`) {
		t.Errorf("stdout: %q", &p.stdout)
	}
}

func TestANodeThatNobodyKnowsIsSaidToBeUnknown(t *testing.T) {
	n := newNetwork(t)
	for _, command := range []string{"snd", "cal"} {
		_, stderr, status := n.finish(n.words(command, "nobody#x", "y")...)
		wantStatus(t, statusFailed, status, stderr)
		wantError(t, stderr, "nobody#x: no known address", "no such node")
	}
	if got := n.does("mon", "nobody"); !strings.Contains(got, "no known address") {
		t.Errorf("mon: %q", got)
	}
}

// One that takes connections and never says a word.
func TestASeedThatIsStuckHoldsNoCommandUp(t *testing.T) {
	n := newNetwork(t)
	n.join("worker", "--service", "echo")
	n.eventually(`worker#echo`, "db get", "echo")
	stuck, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	if got := n.does("cal", "--seed", stuck.Addr().String(), "worker#echo", "hello"); got != "\"hello\"\n" {
		t.Errorf("got %q", got)
	}
}

// What a killed node held is gone for everybody at once: the system closes its connections.
func TestTheEntriesOfAKilledNodeAreGoneEverywhereAtOnce(t *testing.T) {
	n := newNetwork(t)
	worker := n.join("worker", "--service", "echo")
	other := n.join("other", "--global").address()
	var watchers []*process
	for _, seed := range []string{n.seed, n.seed, other} { // is the watcher's master
		p := n.start("db", "watch", "--seed", seed, "--secret", secret, "echo")
		p.says(&p.stdout, `added worker#echo null\n`)
		watchers = append(watchers, p)
	}
	start := time.Now()
	worker.signal(syscall.SIGKILL)
	for _, p := range watchers {
		p.says(&p.stdout, `deleted worker#echo\n`)
	}
	took := time.Since(start)
	t.Logf("gone everywhere %v after the kill", took)
	if took > 5*time.Second { // then it wasn't the connection's end by which it was noticed
		t.Errorf("it took %v", took)
	}
	if got := n.does("db get", "echo"); got != "" {
		t.Errorf("a query still gives %q", got)
	}
	for _, p := range watchers {
		p.signal(os.Interrupt)
		wantStatus(t, statusOK, p.wait(), p.stderr.String())
	}
}

func TestNodesListsWhoIsThere(t *testing.T) {
	n := newNetwork(t)
	n.join("a")
	n.start("run", "--nodeid", "b", "--bind", "", "--secret", secret, "--seed", n.seed)
	n.eventually(`(?s)a .*b .*seed`, "nodes")
	pattern := `^a +127\.0\.0\.1:\d+\nb +listens nowhere\nseed +global +` + regexp.QuoteMeta(n.seed) + `\n$`
	if got := n.does("nodes"); !regexp.MustCompile(pattern).MatchString(got) {
		t.Errorf("nodes:\n%s", got)
	}
	const objects = `^\{"node":"a","global":false,"addresses":\["127\.0\.0\.1:\d+"\]\}\n` +
		`\{"node":"b","global":false,"addresses":\[\]\}\n\{"node":"seed","global":true,"addresses":\["\S+"\]\}\n$`
	if got := n.does("nodes", "--json"); !regexp.MustCompile(objects).MatchString(got) {
		t.Errorf("nodes --json:\n%s", got)
	}
}

func TestTraceListsWhoIsLinkedWithWhom(t *testing.T) {
	n := newNetwork(t)
	n.join("a")
	n.join("b", "--secure")
	n.eventually(`a b`, "trace")
	want := "a: seed\nb: (\"it doesn't tell: eval: not supported by this node\")\nseed: a b\n"
	if got := n.does("trace"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	want = `{"node":"a","links":["seed"]}
{"node":"b","error":"it doesn't tell"}
{"node":"seed","links":["a","b"]}
`
	if got := n.does("trace", "--json", "--no-eval"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The nodes are in a row, with the seed at one end.
func TestTraceAsksANodeThroughThoseThatKnowIt(t *testing.T) {
	n := newNetwork(t)
	p, middle := n.node("middle", "--secret", secret, "--seed", n.seed)
	p.says(&p.stderr, `node up .*peer=seed`)
	q, _ := n.node("far", "--secret", secret, "--seed", middle)
	q.says(&q.stderr, `node up .*peer=middle`)
	const want = "far: middle\nmiddle: far seed\nseed: middle\n"
	if got := n.does("trace"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// The program that AEMP_PERL_PEER names is described in perl_test.go of the root.
func TestANodeOfTheOriginalIsListedAndTraced(t *testing.T) {
	program := os.Getenv("AEMP_PERL_PEER")
	if program == "" {
		t.Skip("AEMP_PERL_PEER names no program that runs a Perl node")
	}
	n := newNetwork(t)
	perl := *n.user
	perl.env = append(perl.env[:len(perl.env):len(perl.env)], "AEMP_NODEID=perl", "AEMP_SECRET="+secret, "AEMP_SEED="+n.seed)
	perl.startProgram(program)
	n.eventually(`(?m)^perl +listens nowhere$`, "nodes")
	if got, want := n.does("trace"), "perl: seed\nseed: perl\n"; got != want {
		t.Errorf("trace:\n%s", got)
	}
	if got := n.does("trace", "--no-eval"); !strings.Contains(got, `perl: ("it doesn't tell")`) {
		t.Errorf("trace --no-eval:\n%s", got)
	}
}

func TestSetKeepsAnEntryUntilItIsInterrupted(t *testing.T) {
	n := newNetwork(t)
	p := n.start(n.words("db set", "jobs", "first", `{"size":3}`)...)
	p.says(&p.stdout, `^jobs first \{"size":3\} is set at anon/\S+\n`)
	p.says(&p.stderr, `stays until this command ends`)
	if got := n.does("db get", "jobs", "first"); got != "{\"size\":3}\n" {
		t.Errorf("the value: %q", got)
	}
	if got, want := n.does("db get", "--json", "jobs"), `{"family":"jobs","key":"first","value":{"size":3}}`+"\n"; got != want {
		t.Errorf("as JSON: %q", got)
	}
	p.signal(os.Interrupt)
	wantStatus(t, statusOK, p.wait(), p.stderr.String())
	n.eventually(`^$`, "db get", "jobs")
	_, stderr, status := n.finish(n.words("db get", "jobs", "first")...)
	wantStatus(t, statusFailed, status, stderr)
	wantError(t, stderr, "family jobs has no key first")
}

func TestANodeOwnsEntriesForOthers(t *testing.T) {
	n := newNetwork(t)
	worker := n.join("worker")
	n.eventually(`worker`, "nodes")
	if got, want := n.does("db set", "--at", "worker", "jobs", "first", "1"), "jobs first 1 is set at worker\n"; got != want {
		t.Errorf("got %q", got)
	}
	want := `{"family":"jobs","key":"second","value":"2","owner":"worker"}` + "\n"
	if got := n.does("db set", "--at", "worker", "--json", "--text", "jobs", "second", "2"); got != want {
		t.Errorf("got %q", got)
	}
	n.eventually(`^first 1\nsecond "2"\n$`, "db get", "jobs")

	_, stderr, status := n.finish(n.words("db del", "--at", "worker", "jobs", "first", "third")...)
	wantStatus(t, statusFailed, status, stderr)
	wantError(t, stderr, "worker", "key third was not set here")
	if got, want := n.does("db del", "--at", "worker", "jobs", "first"), "jobs first is deleted at worker\n"; got != want {
		t.Errorf("got %q", got)
	}
	n.eventually(`^second "2"\n$`, "db get", "jobs")
	n.does("db set", "--at", "worker", "jobs", "third", "3")
	want = `{"family":"jobs","key":"second","owner":"worker"}` + "\n" + `{"family":"jobs","key":"third","owner":"worker"}` + "\n"
	if got := n.does("db del", "--at", "worker", "--json", "jobs", "second", "third"); got != want {
		t.Errorf("got %q", got)
	}
	n.does("db set", "--at", "worker", "jobs", "last", "4")
	n.eventually(`^last 4\n$`, "db get", "jobs")
	worker.signal(syscall.SIGTERM)
	n.eventually(`^$`, "db get", "jobs")
}

func TestASecureNodeTakesNoEntries(t *testing.T) {
	n := newNetwork(t, "--secure")
	for _, command := range []string{"db set", "db del"} {
		_, stderr, status := n.finish(n.words(command, "--at", "seed", "jobs", "first", "1")...)
		wantStatus(t, statusFailed, status, stderr)
		wantError(t, stderr, "seed", "takes no entries", "secure")
	}
	_, stderr, status := n.finish(n.words("db families")...)
	wantStatus(t, statusFailed, status, stderr)
	wantError(t, stderr, "seed doesn't tell which families there are")
}

func TestAnEntryThatCantBeIsRefused(t *testing.T) {
	n := newNetwork(t)
	for _, c := range []struct {
		status      int
		words, want []string
	}{
		{statusUsage, []string{"db", "get", "1x"}, []string{`db get: family "1x" doesn't begin with a letter`, "db get --help"}},
		{statusUsage, []string{"db", "watch", "a-b"}, []string{`db watch: family "a-b" has '-', which is none of`}},
		{statusUsage, []string{"db", "set", "'l", "x", "1"}, []string{`db set: family "'l"`}},
		{statusUsage, []string{"db", "set", "jobs", "", "1"}, []string{`db set: key "" is empty`}},
		{statusFailed, []string{"db", "set", "--at", "seed", "jobs", "", "1"}, []string{"node seed refuses", `key "" is empty`}},
		{statusFailed, []string{"db", "set", "--at", "nobody", "jobs", "x", "1"}, []string{"nobody: no known address"}},
	} {
		flags := 2
		words := append(append(c.words[:flags:flags], "--seed", n.seed, "--secret", secret), c.words[flags:]...)
		_, stderr, status := n.finish(words...)
		wantStatus(t, c.status, status, stderr)
		wantError(t, stderr, c.want...)
	}
}

func TestANodeIsFoundWhereItAnnouncesItself(t *testing.T) {
	n := newNetwork(t)
	elsewhere := freeAddress(t)
	n.join("a", "--announce", elsewhere)
	n.eventually(`(?m)^a +`+regexp.QuoteMeta(elsewhere)+`$`, "nodes")
}

func TestAGlobalNodeThatWasToldToBeOneIsListedAsOne(t *testing.T) {
	n := newNetwork(t)
	n.join("a", "--global")
	n.eventually(`(?m)^a +global +127`, "nodes")
}

func TestWatchTellsOfEachChange(t *testing.T) {
	n := newNetwork(t)
	set := func(key, value string) {
		n.does("db set", "--at", "seed", "jobs", key, value)
	}
	set("first", "1")
	text := n.start(n.words("db watch", "jobs")...)
	object := n.start(n.words("db watch", "--json", "jobs")...)
	const stamp = `(?m)^\d{4}-\d\d-\d\dT\S+ `
	text.says(&text.stdout, stamp+`added first 1$`)
	object.says(&object.stdout, `^\{"time":"\d{4}\S+","event":"added","family":"jobs","key":"first","value":1\}\n`)
	set("first", "[2]")
	text.says(&text.stdout, stamp+`changed first \[2\]$`)
	object.says(&object.stdout, `"event":"changed","family":"jobs","key":"first","value":\[2\]\}\n`)
	set("a key", "null")
	text.says(&text.stdout, stamp+`added "a key" null$`)
	n.does("db del", "--at", "seed", "jobs", "first")
	text.says(&text.stdout, stamp+`deleted first$`)
	object.says(&object.stdout, `"event":"deleted","family":"jobs","key":"first"\}\n`)
	for _, p := range []*process{text, object} {
		p.signal(os.Interrupt)
		wantStatus(t, statusOK, p.wait(), p.stderr.String())
	}
}

func TestFamiliesListsThoseWithEntries(t *testing.T) {
	n := newNetwork(t, "--service", "echo", "--service", "clock")
	n.join("worker", "--service", "echo")
	n.eventually(`(?m)^echo 2\n`, "db families")
	got := n.does("db families")
	if !regexp.MustCompile(`^'g 1\n'l \d\nclock 1\necho 2\n$`).MatchString(got) {
		t.Errorf("families:\n%s", got)
	}
	if got := n.does("db families", "--json"); !strings.Contains(got, `{"family":"echo","entries":2}`+"\n") {
		t.Errorf("as JSON:\n%s", got)
	}
}

func TestTheClockTicksForItsSubscribers(t *testing.T) {
	n := newNetwork(t, "--service", "clock")
	if got := n.does("cal", "seed#clock", "time"); !regexp.MustCompile(`^\d{10}(\.\d+)?\n$`).MatchString(got) {
		t.Errorf("time: %q", got)
	}
	if got := n.does("cal", "seed#clock", "subscribe"); !regexp.MustCompile(`^"tick" \d{10}(\.\d+)?\n$`).MatchString(got) {
		t.Errorf("subscribe: %q", got)
	}
	if got := n.does("cal", "seed#clock", "what", "time"); !strings.Contains(got, "clock knows: time PORT") {
		t.Errorf("nonsense: %q", got)
	}
	node, _ := library(t, "lib", n.seed)
	box, err := node.NewMailbox()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := node.WaitNode(ctx, "seed"); err != nil {
		t.Fatal(err)
	}
	if err := node.Send("seed#clock", "subscribe", box.ID(), 0.02); err != nil {
		t.Fatal(err)
	}
	for last := 0.0; last == 0; {
		for range 5 {
			m, err := box.Receive(ctx)
			if err != nil {
				t.Fatal(err)
			}
			args := m.Args()
			tag, at := args.Text(), args.Float()
			if tag != "tick" || at < last || args.Err() != nil {
				t.Fatalf("after %v: %v", last, m)
			}
			last = at
		}
	}
	for _, every := range []float64{0, -1, 1e9} {
		if err := node.Send("seed#clock", "subscribe", box.ID(), every); err != nil {
			t.Fatal(err)
		}
		for { // the ticks that were on their way
			m, err := box.Receive(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if tag, _ := m.Tag(); string(tag) == clockUsage {
				break
			}
		}
	}
}
