package kernel_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/link"
	"github.com/aemp-go/aemp/loop/sim"
)

// What isn't in the recordings, but in each Perl node's nature: it works off one message
// after the other, whether they are for a port or for the node.
func TestTranscriptPeersMessagesTakeEffectInTheirOrder(t *testing.T) {
	rec := readRecording(t, "04_mon_kil")
	for seed := range uint64(40) {
		w := sim.New(sim.Options{Seed: seed})
		n := newSimNode(t, w.Host("ours").Group(1+int(seed%4)), kernel.Options{
			Links: link.Config{Node: "b", Secret: rec.secretOf("b"), Extensions: true},
		})
		addr := netip.AddrPortFrom(w.Host("ours").Addr(), 4040)
		n.Listen([]netip.AddrPort{addr}, func(_ []netip.AddrPort, err error) {
			if err != nil {
				t.Error(err)
			}
		})
		seen := map[string][]string{}
		for _, name := range []string{"watching", "victim"} {
			p, err := n.NewNamedPort(name)
			if err != nil {
				t.Fatal(err)
			}
			p.OnDefault(func(self *kernel.Context, m codec.Message) {
				seen[name] = append(seen[name], render("", m))
				if m.Len() > 1 {
					return
				}
				if _, err := self.Monitor("a#far", func(_ *kernel.Context, r kernel.Reason) {
					seen[name] = append(seen[name], "far ended: "+render("", r.Args()))
				}); err != nil {
					t.Error(err)
				}
			})
		}
		w.Run(w.Now() + transcriptSettle)
		p := newPerl(w, w.Host("perl").Group(1).Loops()[0], rec.conns[0], "a", rec.secretOf("a"), seed%2 == 1)
		w.Do(p.loop, func() { p.loop.Dial(addr, time.Second, p) })
		say := func(messages ...[]any) {
			var all []byte
			for _, m := range messages {
				args, err := codec.MessageOf(m[1:]...)
				if err != nil {
					t.Fatal(err)
				}
				b, err := inCBOR(m[0].(string), args)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, b...)
			}
			w.Do(p.loop, func() { p.write(all) })
			if !w.RunUntil(transcriptWait, p.idle) {
				t.Fatal("the peer can't write")
			}
			w.Run(w.Now() + transcriptSettle)
		}
		if !w.RunUntil(transcriptWait, func() bool { return len(p.theirs) == 3 && p.idle() }) {
			t.Fatalf("seed %d: no link: %q, %v", seed, p.theirs, p.err)
		}
		say([]any{"watching", "monitor"})
		say([]any{"watching", "before", 1}, []any{"", "kil0", "far", "bad"}, []any{"watching", "after", 1})
		say([]any{"victim", "before", 1}, []any{"", "kil1", "victim"}, []any{"victim", "after", 1})
		if want := []string{`["monitor"]`, `["before",1]`, `far ended: ["bad"]`, `["after",1]`}; !slices.Equal(seen["watching"], want) {
			t.Errorf("seed %d: got %q, want %q", seed, seen["watching"], want)
		}
		if want := []string{`["before",1]`}; !slices.Equal(seen["victim"], want) {
			t.Errorf("seed %d: got %q, want %q", seed, seen["victim"], want)
		}
		w.Close()
	}
}
