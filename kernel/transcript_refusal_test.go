package kernel_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop"
	"github.com/aemp-go/aemp/loop/sim"
)

// A refusal is how a recorded handshake that doesn't go through looks to a node in the
// place of one of the two. All refusals are a silent close, and each is told once:
// the kind is counted for each connection, and logged, but not again within seconds.
//
// In the place of the refused node we don't always send the line 3 that Perl sent, nor as
// the refusing one: we decide which connection is the link, and so prove ourselves only
// to a peer that has done so (protocol 2.5).
type refusal struct {
	file, self string
	kind       string
	after      int // the peer's line at which we close; 0: it is the peer that closes
	options    func(*kernel.Options)
}

var refusals = []refusal{
	{file: "09a_wrong_secret", self: "seed", kind: "wrong_secret", after: 3},
	{file: "09a_wrong_secret", self: "x", kind: "wrong_secret", after: 3},
	{file: "09b_version_mismatch", self: "seed", kind: "version", after: 1},
	// Our node can't have another version, but to a dialler it looks the same.
	{file: "09b_version_mismatch", self: "x", kind: "cut_short"},
	{file: "09c_no_common_framing", self: "seed", kind: "no_common_framing", after: 2},
	{file: "09c_no_common_framing", self: "x", kind: "no_common_framing", after: 2,
		options: func(o *kernel.Options) { o.Links.Framings = []codec.Framing{codec.Msgpack} }},
	{file: "09d_no_common_auth", self: "seed", kind: "no_common_auth", after: 2},
	{file: "09d_no_common_auth", self: "x", kind: "no_common_auth", after: 2,
		options: func(o *kernel.Options) { o.Links.AuthOffer, o.Links.AuthAccept = []string{}, []string{} }},
	{file: "09e_same_nodeid", self: "seed", kind: "own_id", after: 1},
	{file: "09e_same_nodeid", self: "x", kind: "own_id", after: 1,
		options: func(o *kernel.Options) { o.Links.Node = "seed" }},
	{file: "09f_duplicate_nodeid", self: "x", kind: "cut_short",
		options: func(o *kernel.Options) { o.Links.Node = "a" }},
}

func TestTranscriptRefusalsCloseAndAreToldOnce(t *testing.T) {
	for _, r := range refusals {
		t.Run(fmt.Sprintf("%s/as %s", r.file, r.self), func(t *testing.T) {
			rec := readRecording(t, r.file)
			for seed := range uint64(10) {
				w := sim.New(sim.Options{Seed: seed})
				r.play(t, rec, w, seed)
				for _, p := range w.Panics {
					t.Error(p)
				}
				w.Close()
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
}

// play tries each recorded connection at its time.
func (r *refusal) play(t *testing.T, rec *recording, w *sim.World, seed uint64) {
	log := &logLines{}
	o := kernel.Options{
		Links:  link.Config{Node: r.self, Secret: rec.secretOf(r.self), Extensions: true},
		Logger: slog.New(log),
	}
	if r.options != nil {
		r.options(&o)
	}
	v := &refusalStage{T: t, w: w, r: r, rec: rec, seed: seed}
	v.node = newSimNode(t, w.Host("ours").Group(1+int(seed%4)), o)
	v.node.WatchNodes(func(node string, up bool) { t.Errorf("%s is up: %v", node, up) })
	if r.self == rec.nodes[1] {
		v.addr = netip.AddrPortFrom(w.Host("ours").Addr(), 4040)
		v.node.Listen([]netip.AddrPort{v.addr}, func(_ []netip.AddrPort, err error) {
			if err != nil {
				t.Error(err)
			}
		})
	}
	for i, c := range rec.conns {
		v.try(c, netip.AddrPortFrom(w.Host("perl").Addr(), uint16(4040+i)))
	}
	stats := statsOf(w, v.node)
	if want := map[string]uint64{r.kind: uint64(len(rec.conns))}; fmt.Sprint(stats.Handshakes) != fmt.Sprint(want) || stats.Pending != 0 || len(stats.Links) > 0 {
		t.Errorf("%d pending, links %v, ended %v, want %v", stats.Pending, stats.Links, stats.Handshakes, want)
	}
	if want := []string{"WARN connection refused reason=" + r.kind}; !slices.Equal(log.lines, want) {
		t.Errorf("logged %q, want %q", log.lines, want)
	}
}

// refusalStage is our node and, one after the other, the recorded connections.
type refusalStage struct {
	*testing.T
	w    *sim.World
	r    *refusal
	rec  *recording
	seed uint64
	node *kernel.Node
	addr netip.AddrPort // ours, if we listen
}

// try plays one connection. The peer sends its lines one by one, so that it shows which
// one we don't like.
func (v *refusalStage) try(c *recordedConn, peerAddr netip.AddrPort) {
	v.w.Run(max(v.w.Now(), c.start))
	other := v.rec.other(v.r.self)
	p := newPerl(v.w, v.w.Host("perl").Group(1).Loops()[0], c, other, v.rec.secretOf(other), v.seed%2 == 1)
	p.manual = true
	var dialled []error
	if v.r.self == v.rec.nodes[1] {
		v.w.Do(p.loop, func() { p.loop.Dial(v.addr, time.Second, p) })
	} else {
		v.w.Do(p.loop, func() {
			if _, err := p.loop.Listen(peerAddr, func(netip.AddrPort) loop.Handler { return p }); err != nil {
				v.Fatal(err)
			}
		})
		v.w.Do(v.node.Loop(), func() {
			v.node.DialSeed(peerAddr, func(_ string, err error) { dialled = append(dialled, err) })
		})
	}
	if !v.w.RunUntil(transcriptWait, func() bool { return len(p.theirs) == 2 }) {
		v.Fatalf("greeting %q, %v", p.theirs, p.err)
	}
	sent := 0
	for sent < len(p.lines) && !p.ended {
		line := p.lines[sent]
		if sent == 2 {
			line = p.proof()
		}
		sent++
		v.w.Do(p.loop, func() { p.write([]byte(line + "\n")) })
		if !v.w.RunUntil(transcriptWait, p.idle) {
			v.Fatal("the peer can't write")
		}
		v.w.Run(v.w.Now() + transcriptSettle)
	}
	switch {
	case v.r.after > 0 && (!p.ended || sent != v.r.after):
		v.Errorf("closed: %v, after line %d; want %d", p.ended, sent, v.r.after)
	case v.r.after == 0:
		if p.ended {
			v.Errorf("closed after line %d", sent)
			return
		}
		v.w.Do(p.loop, func() { p.conn.CloseWrite() })
	}
	if !v.w.RunUntil(transcriptWait, func() bool { return p.ended }) {
		v.Error("the connection isn't closed")
	}
	v.w.Run(v.w.Now() + transcriptSettle)
	if len(p.theirs) != 2 || p.err != nil {
		v.Errorf("we sent %q, %v", p.theirs, p.err)
	}
	if v.r.self == v.rec.nodes[1] {
		return
	}
	var hs *link.HandshakeError
	if len(dialled) != 1 || !errors.As(dialled[0], &hs) || hs.Kind.String() != v.r.kind {
		v.Errorf("the dial was told %v, want %s", dialled, v.r.kind)
	}
}

// The recorded seed was connected to another process with the ID a. Perl refuses the second
// at its greeting. We hold it until the living link has answered (protocol 2.5).
func TestTranscriptSecondProcessWithAnIDDoesntDisturbTheFirst(t *testing.T) {
	const file, self, twin = "09f_duplicate_nodeid", "seed", "x"
	rec := readRecording(t, file)
	for seed := range uint64(10) {
		w := sim.New(sim.Options{Seed: seed})
		log := &logLines{}
		n := newSimNode(t, w.Host("ours").Group(1+int(seed%4)), kernel.Options{
			Links:  link.Config{Node: self, Secret: rec.secretOf(self), Extensions: true},
			Logger: slog.New(log),
		})
		addr := netip.AddrPortFrom(w.Host("ours").Addr(), 4040)
		n.Listen([]netip.AddrPort{addr}, func(_ []netip.AddrPort, err error) {
			if err != nil {
				t.Error(err)
			}
		})
		var events []string
		n.WatchNodes(func(node string, up bool) { events = append(events, fmt.Sprintf("%s %v", node, up)) })
		w.Run(w.Now() + transcriptSettle)
		connect := func(c *recordedConn) *perl {
			p := newPerl(w, w.Host("perl").Group(1).Loops()[0], c, twin, rec.secretOf(twin), seed%2 == 1)
			p.echo = true
			w.Do(p.loop, func() { p.loop.Dial(addr, time.Second, p) })
			return p
		}
		first := connect(rec.conns[0])
		if !w.RunUntil(transcriptWait, func() bool { return len(first.theirs) == 3 }) {
			t.Fatalf("seed %d: no link: %q, %v", seed, first.theirs, first.err)
		}
		for _, c := range rec.conns {
			p := connect(c)
			if !w.RunUntil(transcriptWait, func() bool { return p.ended }) || len(p.theirs) != 2 || p.err != nil {
				t.Errorf("seed %d: closed: %v, after %q, %v", seed, p.ended, p.theirs, p.err)
			}
		}
		w.Run(w.Now() + transcriptSettle)
		if stats := statsOf(w, n); first.ended || first.err != nil || len(first.heard) > 0 || !n.NodeIsUp("a") || stats.Pending != 0 {
			t.Errorf("seed %d: the first process: ended %v, %v, got %v; up: %v; %d pending", seed, first.ended, first.err, first.heard, n.NodeIsUp("a"), stats.Pending)
		}
		if !slices.Equal(events, []string{"a true"}) || !slices.Equal(log.lines, []string{"INFO node up"}) {
			t.Errorf("seed %d: events %v, logged %q", seed, events, log.lines)
		}
		w.Close()
		if t.Failed() {
			return
		}
	}
}

func newSimNode(t *testing.T, g loop.Group, o kernel.Options) *kernel.Node {
	n, err := kernel.New(g, o)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// statsOf takes the node's statistics on its loop, where nobody waits for an answer.
func statsOf(w *sim.World, n *kernel.Node) (s kernel.Stats) {
	w.Do(n.Loop(), func() { s = n.Stats() })
	return s
}

// logLines keeps what a node logs for its operator: level, message and reason.
type logLines struct {
	slog.Handler
	lines []string
}

func (l *logLines) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

func (l *logLines) Handle(_ context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "reason" {
			line += " reason=" + a.Value.String()
		}
		return true
	})
	l.lines = append(l.lines, strings.TrimSpace(line))
	return nil
}
