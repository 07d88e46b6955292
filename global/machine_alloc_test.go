package global

import (
	"fmt"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// A flow is a machine and messages that it gets over and over again.
type flow struct {
	tb   testing.TB
	p    *player
	from string
	msgs []codec.Message
	next int
	sent int
}

// step is one message and the end of its turn.
func (f *flow) step() {
	actions, err := f.p.Message(0, f.from, f.msgs[f.next])
	if err != nil {
		f.tb.Fatal(err)
	}
	f.next = (f.next + 1) % len(f.msgs)
	f.sent += len(actions) + len(f.p.Flush(0))
}

// relayed is a slave's changes on their way to a watching slave, another slave, an original
// global and one of ours.
func relayed(tb testing.TB) *flow {
	f := &flow{tb: tb, p: newPlayer(tb, "me").start(), from: "s"}
	f.p.tell(`
	. promote
	. up s
	. says s ["g_slave",{"'l":{"s":[]}},{"'l":{"s":[5,null]}}]
	. up w
	. says w ["g_mon1","fam"]
	. up g
	. says g ["g_global"]
	. up p original
	. says p ["g_global"]
	`)
	for i := range 64 {
		set, meta := map[string]any{}, map[string]any{}
		for k := range 4 {
			key := fmt.Sprintf("port#%d", (i+k)%16)
			set[key], meta[key] = fmt.Sprintf("value%03d", i), []any{uint64(1000 + i), nil}
		}
		f.msgs = append(f.msgs, message(tb, "g_upd", "fam", set, []any{fmt.Sprintf("port#%d", (i+8)%16)}, meta))
	}
	return f
}

// watched is a master's changes on their way to a slave's watcher.
func watchedFlow(tb testing.TB) *flow {
	f := &flow{tb: tb, p: newPlayer(tb, "me").start(), from: "m"}
	f.p.tell(`
	. watch fam
	. up m
	. seed-up m
	. says m ["g_chg1","fam",null]
	`)
	for i := range 64 {
		set := map[string]any{}
		for k := range 4 {
			set[fmt.Sprintf("port#%d", (i+k)%16)] = fmt.Sprintf("value%03d", i)
		}
		f.msgs = append(f.msgs, message(tb, "g_chg2", "fam", set, []any{fmt.Sprintf("port#%d", (i+8)%16)}))
	}
	return f
}

func TestPassingOnAChangeAllocatesNothing(t *testing.T) {
	for name, f := range map[string]*flow{"relayed": relayed(t), "watched": watchedFlow(t)} {
		for range 1000 {
			f.step()
		}
		f.sent = 0
		if n := testing.AllocsPerRun(1000, f.step); n != 0 {
			t.Errorf("%s: %v allocations for each message", name, n)
		}
		if f.sent < 1000 {
			t.Errorf("%s: only %d actions", name, f.sent)
		}
	}
}

func BenchmarkRelayChange(b *testing.B) { relayed(b).run(b) }
func BenchmarkWatchChange(b *testing.B) { watchedFlow(b).run(b) }

// run counts messages, of five keys each.
func (f *flow) run(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		f.step()
	}
}
