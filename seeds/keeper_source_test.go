package seeds

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

func TestAFileThatChangesIsFollowed(t *testing.T) {
	w := newWorld(t, 30)
	startNode(t, w, "a", "alpha")
	startNode(t, w, "b", "beta")
	f := fileOf(t, "# none yet")
	n := startNode(t, w, "c", "gamma", f.String())
	w.Run(10 * time.Minute)
	if got := n.log.String(); strings.Count(got, "\n") != 2 || !strings.Contains(got, "seeds can't be found") ||
		!strings.Contains(got, "no seed is listed") || !strings.Contains(got, "no seed can be reached") {
		t.Errorf("got %s", got)
	}
	write := func(text string) {
		if err := os.WriteFile(string(f), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a # the first\n")
	expect(t, w, n, w.Now()+2*fileRefresh, "up alpha")
	write("a\nb:x\n")
	w.Run(w.Now() + time.Minute)
	if got := n.log.String(); !strings.Contains(got, `:2: seed \"b:x\": port \"x\" is not a number`) {
		t.Errorf("got %s", got)
	}
	write("a\nb:4040\n")
	expect(t, w, n, w.Now()+2*fileRefresh, "up alpha", "up beta")
	want := []string{
		f.String() + ": no seed is listed", ": seeds: none of them can be reached", f.String() + ": <nil>", ": <nil>",
		f.String() + ": " + string(f) + `:2: seed "b:x": port "x" is not a number`, f.String() + ": <nil>",
	}
	if !slices.Equal(n.reports, want) {
		t.Errorf("reported\n%s\nnot\n%s", strings.Join(n.reports, "\n"), strings.Join(want, "\n"))
	}
}

func TestSRVRecordsAreAskedForAgainWhenASeedIsLost(t *testing.T) {
	w := newWorld(t, 31)
	alpha := startNode(t, w, "a", "alpha")
	startNode(t, w, "b", "beta")
	target, asked := "a.", 0
	srv := &SRV{Name: "_aemp._tcp.example", Lookup: func(context.Context, string) ([]*net.SRV, error) {
		asked++
		return []*net.SRV{{Target: target, Port: DefaultPort}}, nil
	}}
	n := startWith(t, w, "c", "gamma", []Source{srv})
	expect(t, w, n, time.Second, "up alpha")
	w.Run(time.Hour)
	if asked < 30 || asked > 121 {
		t.Errorf("asked %d times in a quiet hour", asked)
	}
	alpha.group.Crash()
	target = "b"
	expect(t, w, n, w.Now()+5*time.Second, "up alpha", "down alpha", "up beta")
}

// A slowLoop is one whose offloaded work takes until the test says so.
type slowLoop struct {
	loop.Loop
	works, dones []func()
}

func (l *slowLoop) Offload(work, done func()) {
	l.works, l.dones = append(l.works, work), append(l.dones, done)
}

// finish does the work that has waited longest.
func (l *slowLoop) finish(w *sim.World) {
	work, done := l.works[0], l.dones[0]
	l.works, l.dones = l.works[1:], l.dones[1:]
	work()
	w.Do(l.Loop, done)
}

// A slowNode's sources take their time.
type slowNode struct {
	*node
	slow *slowLoop
}

func (n *slowNode) Loop() loop.Loop { return n.slow }

func startSlow(w *sim.World, source Source) *slowNode {
	group := w.Host("c").Group(1)
	n := &slowNode{node: &node{name: "gamma", group: group, loop: group.Loops()[0]}}
	n.slow = &slowLoop{Loop: n.loop}
	n.keeper = NewKeeper(n, Options{
		Sources:        []Source{source},
		MonitorTimeout: monitorTimeout,
		Observer:       n,
		Logger:         slog.New(slog.NewTextHandler(&n.log, nil)),
	})
	w.Do(n.loop, n.keeper.Start)
	return n
}

func TestASourceThatHangsIsGivenUpAndNotAskedTwiceAtOnce(t *testing.T) {
	w := newWorld(t, 32)
	startNode(t, w, "a", "alpha")
	works := false
	source := &known{"cloud", func(ctx context.Context) ([]string, error) {
		if works {
			return []string{"a"}, nil
		}
		return nil, ctx.Err()
	}}
	n := startSlow(w, source)
	w.Run(monitorTimeout - time.Second)
	if n.log.Len() > 0 {
		t.Errorf("too early: %s", &n.log)
	}
	w.Run(10 * monitorTimeout)
	if got := n.log.String(); len(n.slow.works) != 1 || strings.Count(got, "no answer within 30s") != 1 || strings.Count(got, "\n") != 2 {
		t.Errorf("asked %d times: %s", len(n.slow.works), got)
	}
	n.slow.finish(w)
	if !w.RunUntil(w.Now()+monitorTimeout+time.Second, func() bool { return len(n.slow.works) > 0 }) {
		t.Fatal("it isn't asked again")
	}
	works = true
	n.slow.finish(w)
	expect(t, w, n.node, w.Now()+time.Second, "up alpha")
}

func TestAClosedKeeperAsksNoMoreAndLetsItsSourcesGo(t *testing.T) {
	w := newWorld(t, 33)
	var ended error
	source := &known{"cloud", func(ctx context.Context) ([]string, error) {
		ended = ctx.Err()
		return []string{"a"}, nil
	}}
	n := startSlow(w, source)
	w.Run(time.Second)
	w.Do(n.loop, n.keeper.Close)
	n.slow.finish(w)
	if !errors.Is(ended, context.Canceled) {
		t.Errorf("the source goes on: %v", ended)
	}
	w.Run(time.Hour)
	if len(n.slow.works) > 0 || n.log.Len() > 0 || n.dials > 0 {
		t.Errorf("asked %d times, %d dials: %s", len(n.slow.works), n.dials, &n.log)
	}
}

func TestWhatASourceListsWronglyIsSaidOnce(t *testing.T) {
	w := newWorld(t, 34)
	startNode(t, w, "a", "alpha")
	list, fault := []string{"a, ::1"}, error(nil)
	source := &known{"cloud", func(context.Context) ([]string, error) { return list, fault }}
	n := startWith(t, w, "c", "gamma", []Source{source})
	w.Run(10 * time.Minute)
	if got := n.log.String(); strings.Count(got, "source=cloud") != 1 || !strings.Contains(got, `seed \"::1\": an IPv6 address needs brackets`) {
		t.Errorf("got %s", got)
	}
	list = []string{"a"}
	expect(t, w, n, w.Now()+monitorTimeout+time.Second, "up alpha")
	fault = errors.New("no more")
	w.Run(w.Now() + time.Hour)
	if len(n.events) != 1 {
		t.Errorf("told %q", n.events)
	}
}

func TestASourceThatPanicsHasFailed(t *testing.T) {
	panics := 0
	w := sim.New(sim.Options{Seed: 35, Fatal: func(sim.Panic) { panics++ }})
	t.Cleanup(w.Close)
	source := &known{"cloud", func(context.Context) ([]string, error) { panic("ouch") }}
	n := startWith(t, w, "c", "gamma", []Source{source})
	w.Run(time.Minute)
	if got := n.log.String(); panics < 2 || !strings.Contains(got, "the source panicked") {
		t.Errorf("%d panics: %s", panics, got)
	}
}

func TestAKeeperThatIsClosedBeforeItStartsDoesNothing(t *testing.T) {
	w := newWorld(t, 36)
	n := &node{loop: w.Host("a").Group(1).Loops()[0]}
	k := NewKeeper(n, Options{Seeds: []Seed{parseOne(t, "a")}, MonitorTimeout: time.Second})
	w.Do(n.loop, k.Close)
	w.Do(n.loop, k.Start)
	w.Run(time.Minute)
	if n.dials > 0 || len(n.watchers) > 0 {
		t.Errorf("%d dials, %d watchers", n.dials, len(n.watchers))
	}
}
