package aemp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp"
)

// config is that of a node which listens on this host only.
func config(id string) aemp.Config {
	return aemp.Config{
		Node:   id,
		Binds:  []string{"127.0.0.1:*"},
		Secret: "geheim",
		NoRC:   true,
		Logger: slog.New(slog.DiscardHandler),
	}
}

func begin(t *testing.T, c aemp.Config) *aemp.Node {
	t.Helper()
	node, err := aemp.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(node) })
	return node
}

// home is a source that knows where one node is, once that is there.
type home struct{ at chan string }

func (home) String() string { return "home" }

func (h home) Seeds(ctx context.Context) ([]string, error) {
	select {
	case at := <-h.at:
		return []string{at}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func TestAProgramCanTellWhereSeedsAre(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	source := home{make(chan string)}
	c := config("client")
	c.SeedSources = []aemp.SeedSource{source}
	client := begin(t, c)
	source.at <- place(begin(t, config("server")))
	if err := client.WaitNode(ctx, "server"); err != nil {
		t.Error(err)
	}
}

func TestSeedsAreReadFromAFileThatComesLater(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	path := filepath.Join(t.TempDir(), "seeds")
	c := config("client")
	c.Seeds = []string{"file:" + path}
	client := begin(t, c)
	wrong := make(chan error, 10)
	defer client.WatchSeeds(func(name string, err error) {
		if name == "" {
			wrong <- err
		}
	})()
	if err := <-wrong; !errors.Is(err, aemp.ErrNoSeed) {
		t.Errorf("without a file: %v", err)
	}
	server := begin(t, config("server"))
	if err := os.WriteFile(path, []byte("# the server\n"+place(server)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := client.WaitNode(ctx, "server"); err != nil {
		t.Error(err)
	}
	if err := <-wrong; err != nil {
		t.Errorf("in the end: %v", err)
	}
}

func TestANodeThatLostItsConnectionIsConnectedAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	hub := begin(t, config("hub"))
	c := config("client")
	c.Seeds = []string{place(hub)}
	client := begin(t, c)
	c.Node = "server"
	server, err := aemp.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	release := client.KeepConnected("server")
	defer client.KeepConnected("client")() // itself: nothing to do
	if err := client.WaitNode(ctx, "server"); err != nil {
		t.Fatal(err)
	}
	gone := make(chan bool, 10)
	defer client.WatchNodes(func(node string, up bool) {
		if node == "server" && !up {
			gone <- true
		}
	})()
	stop(server)
	<-gone
	begin(t, c)
	if err := client.WaitNode(ctx, "server"); err != nil {
		t.Error(err)
	}
	release()
	release()
}

func TestANodeAnnouncesWhatItIsTold(t *testing.T) {
	c := config("main")
	c.Announce = []string{"192.0.2.1,192.0.2.1:4041"}
	node := begin(t, c)
	port := node.Addresses()[0].Port()
	want := []netip.AddrPort{netip.MustParseAddrPort(fmt.Sprint("192.0.2.1:", port)), netip.MustParseAddrPort("192.0.2.1:4041")}
	if got := node.Announced(); !slices.Equal(got, want) {
		t.Errorf("announced %v, not %v", got, want)
	}
	c.Node, c.Announce = "hidden", []string{}
	if got := begin(t, c).Announced(); len(got) > 0 {
		t.Errorf("hidden, but announced %v", got)
	}
	c.Node, c.Announce = "lost", []string{"nowhere.invalid"}
	var bad *aemp.AnnounceError
	if _, err := aemp.Start(c); !errors.As(err, &bad) || bad.Announce != "nowhere.invalid" {
		t.Errorf("an unknown name: %v", err)
	}
}

func ExampleNode_KeepConnected() {
	server := start("server")
	client := start("client", place(server))
	defer stop(client, server)

	release := client.KeepConnected("server")
	fmt.Println(client.WaitNode(context.Background(), "server"))
	release() // when it is lost now it isn't connected again
	// Output: <nil>
}

// Outside of its container the node has another address.
func ExampleNode_Announced() {
	node, err := aemp.Start(aemp.Config{
		Node:     "inside",
		Binds:    []string{"127.0.0.1:*"},
		Announce: []string{"192.0.2.1:4040"},
		NoRC:     true,
		Logger:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop(node)
	fmt.Println(node.Announced())
	// Output: [192.0.2.1:4040]
}
