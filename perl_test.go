package aemp_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

// perlPeer is the environment variable that names a program which runs a node of the
// original: with the ID AEMP_NODEID, the seed AEMP_SEED, the secret AEMP_SECRET,
// and no listener, until it is killed. In Perl:
//
//	use AnyEvent; use AnyEvent::MP;
//	configure norc => 1, nodeid => $ENV{AEMP_NODEID}, binds => [],
//	   seeds => [$ENV{AEMP_SEED}], secret => $ENV{AEMP_SECRET};
//	AnyEvent->condvar->recv;
const perlPeer = "AEMP_PERL_PEER"

// A node of the original comes, relays messages without a hole, and goes.
func TestANodeOfTheOriginalJoinsInEachFraming(t *testing.T) {
	program := os.Getenv(perlPeer)
	if program == "" {
		t.Skip(perlPeer + " names no program that runs a Perl node")
	}
	for _, framing := range []string{"cbor", "json"} {
		t.Run(framing, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			node, err := aemp.Start(aemp.Config{
				Node: "go", Binds: []string{"127.0.0.1:*"}, Secret: "geheim", NoRC: true,
				Framings: []string{framing}, Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			defer node.Close(ctx)
			perl := exec.Command(program)
			perl.Env = append(os.Environ(), "AEMP_NODEID=perl", "AEMP_SECRET=geheim", "AEMP_SEED="+place(node))
			perl.Stderr = os.Stderr
			if err := perl.Start(); err != nil {
				t.Fatal(err)
			}
			defer perl.Wait()
			defer perl.Process.Kill()
			if err := node.WaitNode(ctx, "perl"); err != nil {
				t.Fatal("it doesn't come: ", err)
			}
			askTime(ctx, t, node)
			relay(ctx, t, node, 10_000)
			died := make(chan aemp.Reason, 1)
			if _, err := node.Monitor("perl", func(_ *aemp.Context, r aemp.Reason) { died <- r }); err != nil {
				t.Fatal(err)
			}
			perl.Process.Kill()
			select {
			case r := <-died:
				if r.Kind() != "transport_error" {
					t.Errorf("it died of %v", r)
				}
			case <-ctx.Done():
				t.Error("its death isn't noticed")
			}
		})
	}
}

func askTime(ctx context.Context, t *testing.T, node *aemp.Node) {
	t.Helper()
	m, err := node.Call(ctx, "perl", "time")
	if err != nil {
		t.Fatal(err)
	}
	args := m.Args()
	at := time.Unix(int64(args.Float()), 0)
	if d := time.Since(at); args.Err() != nil || d.Abs() > time.Minute {
		t.Errorf("its time is %v: %v", m, args.Err())
	}
}

// relay sends n messages to the peer's node port, which sends them back.
func relay(ctx context.Context, t *testing.T, node *aemp.Node, n int) {
	t.Helper()
	box := newMailbox(node)
	sent := make(chan error, 1)
	go func() {
		for i := range n {
			if err := node.SendContext(ctx, "perl", "snd", box.ID(), i, "ü"); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for i := range n {
		m, err := box.Receive(ctx)
		if err != nil {
			t.Fatalf("after %d messages: %v", i, err)
		}
		args := m.Args()
		if got, text := args.Int(), args.Text(); got != int64(i) || text != "ü" || args.Err() != nil {
			t.Fatalf("message %d is %v: %v", i, m, args.Err())
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
}

// startPerl runs a node of the original, with the ID perl and that seed.
func startPerl(t *testing.T, seed string) *exec.Cmd {
	t.Helper()
	program := os.Getenv(perlPeer)
	if program == "" {
		t.Skip(perlPeer + " names no program that runs a Perl node")
	}
	perl := exec.Command(program)
	perl.Env = append(os.Environ(), "AEMP_NODEID=perl", "AEMP_SECRET=geheim", "AEMP_SEED="+seed)
	perl.Stderr = os.Stderr
	if err := perl.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { perl.Process.Kill(); perl.Wait() })
	return perl
}

// eval has the Perl node run a program.
func eval(ctx context.Context, t *testing.T, node *aemp.Node, program string) {
	t.Helper()
	m, err := node.Call(ctx, "perl", "eval", program)
	if err != nil {
		t.Fatal(err)
	}
	args := m.Args()
	if text := args.Text(); text != "" || args.Err() != nil {
		t.Fatalf("%s: %s %v", program, text, args.Err())
	}
}

// A node of the original uses the database of a Go node: it sets, is found, watches, and
// what it has set is gone when it is.
func TestANodeOfTheOriginalSharesTheDatabase(t *testing.T) {
	for _, framing := range []string{"cbor", "json"} {
		t.Run(framing, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			start := func(id string, seeds ...string) *aemp.Node {
				node, err := aemp.Start(aemp.Config{
					Node: id, Binds: []string{"127.0.0.1:*"}, Seeds: seeds, Secret: "geheim", NoRC: true,
					Framings: []string{"msgpack", framing}, Logger: slog.New(slog.DiscardHandler),
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { node.Close(context.Background()) })
				return node
			}
			hub := start("hub")
			hub.DB().BecomeGlobal()
			slave := start("slave", place(hub))
			perl := startPerl(t, place(hub))
			if err := hub.WaitNode(ctx, "perl"); err != nil {
				t.Fatal("it doesn't come: ", err)
			}
			box := newMailbox(hub)
			eval(ctx, t, hub, `$::guard = AnyEvent::MP::db_mon (colours => sub {
				my ($all, $add, $change, $del) = @_;
				AnyEvent::MP::snd ("`+box.ID()+`", join " ", map "$_=$all->{$_}", sort keys %$all);
			}); ()`)
			next := func(want string) {
				t.Helper()
				m, err := box.Receive(ctx)
				if err != nil {
					t.Fatalf("waiting for %q: %v", want, err)
				}
				args := m.Args()
				if got := args.Text(); got != want {
					t.Fatalf("perl sees %q, not %q", got, want)
				}
			}
			next("")
			set := func(key string, value any) {
				t.Helper()
				if err := slave.DB().Set("colours", key, value); err != nil {
					t.Fatal(err)
				}
			}
			set("sky", "blue")
			next("sky=blue")
			eval(ctx, t, hub, `AnyEvent::MP::db_set (colours => "grass", "gr\x{fc}n"); ()`)
			next("grass=grün sky=blue")
			set("grass", "brown")
			next("grass=brown sky=blue") // set later, and by who has a stamp
			if err := slave.DB().Delete("colours", "grass"); err != nil {
				t.Fatal(err)
			}
			next("grass=grün sky=blue")
			all, err := slave.DB().Family(ctx, "colours")
			if err != nil || len(all) != 2 {
				t.Fatalf("the slave sees %v: %v", all, err)
			}
			if text, err := all["grass"].Text(); text != "grün" || err != nil {
				t.Errorf("the slave sees %q: %v", text, err)
			}
			perl.Process.Kill()
			for c, err := range slave.DB().Changes(ctx, "colours") {
				if err != nil {
					t.Fatal("what it had set stays: ", err)
				}
				if _, there := c.View.Get("grass"); !there {
					break
				}
			}
		})
	}
}
