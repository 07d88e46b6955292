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
