package aemp_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	chaosFor  = flag.Duration("chaos", 4*time.Second, "how long TestNodesThatAreKilledAgainAndAgainAgreeInTheEnd kills nodes")
	chaosSeed = flag.Uint64("chaos-seed", 0, "decides which node is killed when (0: another one each time)")
)

const (
	// killEvery is the time from one kill to the next.
	killEvery = 300 * time.Millisecond
	// agreeIn is how long the nodes may take to agree once it is quiet, agreeInShort the
	// same for a short run, beside other tests.
	agreeIn      = 5 * time.Second
	agreeInShort = 30 * time.Second
)

// Five nodes, of which two are the seeds and so the global ones, set, delete, register, watch
// and query. A random one of them is killed with SIGKILL and started anew, again and again. When
// that ends all of them and two witnesses that were never killed give the same answer, which is
// what the living hold.
func TestNodesThatAreKilledAgainAndAgainAgreeInTheEnd(t *testing.T) {
	seed := *chaosSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-chaos-seed %d", seed)

	places := freePlaces(t, 5)
	seeds := places[:2]
	var victims, witnesses []*chaosProcess
	for i, place := range places {
		c := chaosConfig{Node: fmt.Sprintf("n%d", i), Bind: place, Seeds: seeds}
		if i == len(places)-1 {
			c.Node += "/" // another ID each time
		}
		victims = append(victims, startChaosProcess(t, c))
	}
	for _, c := range []chaosConfig{{Node: "slave"}, {Node: "global", Global: true}} {
		c.Bind, c.Seeds = "127.0.0.1:*", seeds
		witnesses = append(witnesses, startChaosProcess(t, c))
	}
	all := slices.Concat(witnesses, victims)

	waitForLoad(t, all)
	t.Logf("before the first kill they agree after %v", agree(t, all))
	before := reports(t, witnesses)

	tell(t, all, "load")
	total := killAgainAndAgain(t, victims, rand.New(rand.NewPCG(seed, 0)))
	if least := int(*chaosFor/time.Minute) * 150; total < least {
		t.Errorf("fewer than %d kills: the machine is too slow for this test to mean anything", least)
	}

	t.Logf("after the last kill they agree after %v", agree(t, all))
	for i, now := range reports(t, witnesses) {
		t.Logf("%s: %d operations; goroutines %d, then %d; heap %d KiB, then %d KiB", now.Node, now.Operations,
			before[i].Goroutines, now.Goroutines, before[i].Heap>>10, now.Heap>>10)
		if now.Goroutines > before[i].Goroutines+2 {
			t.Errorf("%s has %d goroutines more than before", now.Node, now.Goroutines-before[i].Goroutines)
		}
		if now.Heap > before[i].Heap*3/2+8<<20 {
			t.Errorf("the heap of %s has grown by %d KiB", now.Node, (now.Heap-before[i].Heap)>>10)
		}
	}
	for _, p := range all {
		p.end(t)
	}
}

// killAgainAndAgain kills a random living node every killEvery. One half of them begin their
// next life at once, the others up to a second later. In the end all live.
func killAgainAndAgain(t *testing.T, victims []*chaosProcess, random *rand.Rand) (total int) {
	t.Helper()
	kills := map[string]int{}
	rest := map[*chaosProcess]int{} // ticks to the next life of the dead
	start := time.Now()
	for at := range time.Tick(killEvery) {
		if at.Sub(start) > *chaosFor {
			break
		}
		for _, p := range victims {
			if rest[p]--; rest[p] == 0 {
				p.start(t)
			}
		}
		alive := slices.DeleteFunc(slices.Clone(victims), func(p *chaosProcess) bool { return rest[p] > 0 })
		victim := alive[random.IntN(len(alive))]
		victim.kill(t)
		kills[victim.config.Node]++
		total++
		if rest[victim] = random.IntN(7) - 3; rest[victim] <= 0 {
			victim.start(t)
		}
	}
	t.Logf("%d kills in %v: %v", total, time.Since(start), kills)
	for _, p := range victims {
		if rest[p] > 0 {
			p.start(t)
		}
	}
	return total
}

// waitForLoad waits until every node has done something.
func waitForLoad(t *testing.T, all []*chaosProcess) {
	t.Helper()
	for _, p := range all {
		for until := time.Now().Add(time.Minute); ; {
			if r := p.ask(t, "load"); r.Operations > 500 && r.Wrong == "" {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%s doesn't get going; its log:\n%s", p.config.Node, p.log)
			}
		}
	}
}

func tell(t *testing.T, all []*chaosProcess, what string) {
	t.Helper()
	for _, p := range all {
		p.ask(t, what)
	}
}

func reports(t *testing.T, all []*chaosProcess) (r []*chaosReport) {
	t.Helper()
	for _, p := range all {
		r = append(r, p.ask(t, "report"))
	}
	return r
}

// agree ends the load, and waits until all nodes agree.
func agree(t *testing.T, all []*chaosProcess) time.Duration {
	t.Helper()
	tell(t, all, "quiet")
	limit := agreeIn
	if *chaosFor < time.Minute {
		limit = agreeInShort
	}
	start := time.Now()
	for {
		now := reports(t, all)
		why := disagreement(now)
		took := time.Since(start)
		if why == "" {
			return took
		}
		if took > limit {
			for _, p := range all {
				t.Logf("log of %s:\n%s", p.config.Node, p.log.tail())
			}
			t.Fatalf("after %v they don't agree: %s", took, why)
		}
	}
}

// disagreement says what is wrong with the reports, if anything is.
func disagreement(reports []*chaosReport) string {
	for _, r := range reports {
		for _, fault := range r.Faults {
			return r.Node + ": " + fault
		}
		if r.Wrong != "" {
			return r.Node + ": " + r.Wrong
		}
	}
	for _, family := range chaosFamilies {
		if why := disagreementIn(family, reports); why != "" {
			return why
		}
	}
	return ""
}

func disagreementIn(family string, reports []*chaosReport) string {
	held := map[string][]string{} // the values that somebody has set, by key
	for _, r := range reports {
		for key, value := range r.Own[family] {
			held[key] = append(held[key], value)
		}
	}
	first := reports[0].Seen[family]
	for _, r := range reports {
		if why := difference(r.Seen[family], first); why != "" {
			return fmt.Sprintf("%s: %s sees what %s doesn't: %s", family, r.Node, reports[0].Node, why)
		}
		if why := difference(r.Watched[family], first); why != "" {
			return fmt.Sprintf("%s: %s has watched what %s doesn't see: %s", family, r.Node, reports[0].Node, why)
		}
	}
	for key, values := range held {
		if seen, ok := first[key]; !ok || !slices.Contains(values, seen) {
			return fmt.Sprintf("%s: %q is set to %q, and seen as %q", family, key, values, seen)
		}
	}
	for key := range first {
		if held[key] == nil {
			return fmt.Sprintf("%s: %q is seen, and nobody has it", family, key)
		}
	}
	return ""
}

func TestDisagreementIsFound(t *testing.T) {
	type contents = map[string]string
	report := func(own, seen, watched contents) *chaosReport {
		in := func(c contents) map[string]map[string]string { return map[string]map[string]string{"shared": c} }
		return &chaosReport{Node: "n", Own: in(own), Seen: in(seen), Watched: in(watched)}
	}
	none, a, b, both := contents{}, contents{"k": "1"}, contents{"k": "2"}, contents{"k": "1", "l": "2"}
	for _, c := range []struct {
		why     string
		reports []*chaosReport
	}{
		{"", []*chaosReport{report(a, a, a), report(none, a, a)}},
		{"", []*chaosReport{report(a, b, b), report(b, b, b)}},
		{`"k" is set to ["1"], and seen as ""`, []*chaosReport{report(a, none, none)}},
		{`"k" is set to ["1"], and seen as "2"`, []*chaosReport{report(a, b, b)}},
		{`"l" is seen, and nobody has it`, []*chaosReport{report(a, both, both)}},
		{`"k" is "2", not "1"`, []*chaosReport{report(a, a, a), report(b, b, b)}},
		{`it lacks "k"`, []*chaosReport{report(a, a, none)}},
		{"unknown key deleted", []*chaosReport{{Faults: []string{"unknown key deleted"}}}},
		{"no master", []*chaosReport{{Wrong: "no master"}}},
	} {
		got := disagreement(c.reports)
		if (got == "") != (c.why == "") || !strings.Contains(got, c.why) {
			t.Errorf("got %q, want %q", got, c.why)
		}
	}
}

// difference is one between two contents of a family.
func difference(a, b map[string]string) string {
	if reflect.DeepEqual(a, b) {
		return ""
	}
	for key, value := range a {
		if other, ok := b[key]; !ok || other != value {
			return fmt.Sprintf("%d keys, not %d; %q is %q, not %q", len(a), len(b), key, value, other)
		}
	}
	for key := range b {
		if _, ok := a[key]; !ok {
			return fmt.Sprintf("%d keys, not %d; it lacks %q", len(a), len(b), key)
		}
	}
	return ""
}

// chaosProcess is a chaos node in all of its lives.
type chaosProcess struct {
	config chaosConfig
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	log    *chaosLog
}

func startChaosProcess(t *testing.T, c chaosConfig) *chaosProcess {
	t.Helper()
	p := &chaosProcess{config: c, log: new(chaosLog)}
	p.start(t)
	t.Cleanup(func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
	})
	return p
}

// start begins a life, and waits until the node listens.
func (p *chaosProcess) start(t *testing.T) {
	t.Helper()
	config, err := json.Marshal(p.config)
	if err != nil {
		t.Fatal(err)
	}
	p.cmd = exec.Command(os.Args[0])
	p.cmd.Env = append(os.Environ(), chaosChild+"="+string(config))
	p.cmd.Stderr = p.log
	in, err := p.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if _, err := p.out.ReadString('\n'); err != nil {
		t.Fatalf("%s doesn't start: %v; its log:\n%s", p.config.Node, err, p.log)
	}
}

func (p *chaosProcess) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatalf("%s: %v; its log:\n%s", p.config.Node, err, p.log)
	}
	p.cmd.Wait() // its error is the signal
}

// end has the node close, and looks through the logs of all its lives.
func (p *chaosProcess) end(t *testing.T) {
	t.Helper()
	p.in.Close()
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("%s: %v", p.config.Node, err)
	}
	for line := range strings.Lines(p.log.String()) {
		for _, bad := range []string{"level=ERROR", "panic", "fatal error", "DATA RACE"} {
			if strings.Contains(line, bad) {
				t.Errorf("%s: %s", p.config.Node, line)
			}
		}
	}
}

// ask has the node do something, and report.
func (p *chaosProcess) ask(t *testing.T, what string) *chaosReport {
	t.Helper()
	if _, err := fmt.Fprintln(p.in, what); err != nil {
		t.Fatalf("%s: %v; its log:\n%s", p.config.Node, err, p.log)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("%s: %v; its log:\n%s", p.config.Node, err, p.log)
	}
	r := new(chaosReport)
	if err := json.Unmarshal(line, r); err != nil {
		t.Fatal(err)
	}
	return r
}

// chaosLog is what a node has written to its standard error.
type chaosLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *chaosLog) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(b)
}

func (l *chaosLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// tail is the end of it.
func (l *chaosLog) tail() string {
	text := l.String()
	return text[max(0, len(text)-4000):]
}

// freePlaces are addresses where nobody listens.
func freePlaces(t *testing.T, n int) (places []string) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		places = append(places, l.Addr().String())
	}
	return places
}
