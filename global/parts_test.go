package global

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// A pair of players, linked, whose messages arrive at once or later.
type pair struct {
	t    testing.TB
	a, b *player
	ours bool
	sent map[string][]codec.Message // to whom, all that was ever sent
	left []mail
	hold bool // nothing arrives
}

type mail struct {
	to *player
	m  codec.Message
}

func newPair(t testing.TB, ours bool) *pair {
	x := &pair{t: t, a: newPlayer(t, "a").start(), b: newPlayer(t, "b").start(), ours: ours, sent: map[string][]codec.Message{}}
	x.do(x.a, x.a.Promote(0))
	return x
}

func (x *pair) link() {
	x.do(x.a, x.a.NodeUp(0, "b", x.ours))
	x.do(x.b, x.b.NodeUp(0, "a", x.ours))
}

// do carries out what one of the two wants, and all that follows.
func (x *pair) do(p *player, actions []Action) {
	x.carry(p, actions)
	for !x.hold && len(x.left) > 0 {
		l := x.left[0]
		x.left = x.left[1:]
		from := "a"
		if l.to == x.a {
			from = "b"
		}
		actions, err := l.to.Message(0, from, l.m)
		if err != nil {
			x.t.Fatal(l.m, err)
		}
		x.carry(l.to, actions)
	}
}

func (x *pair) carry(p *player, actions []Action) {
	to := x.b
	if p == x.b {
		to = x.a
	}
	for _, a := range actions {
		switch a.Do {
		case Send:
			m := a.Message.Clone()
			x.sent[a.Node] = append(x.sent[a.Node], m)
			x.left = append(x.left, mail{to, m})
		case AwaitRoom: // there is some, but not in this input
			p.heard = append(p.heard, "await "+a.Node)
		case Changed, Answer:
			text := a.String()
			if a.Do == Answer {
				n, _ := elements(a.Result)
				text = fmt.Sprintf("answer %d of %d", a.Query, n)
			}
			p.heard = append(p.heard, text)
		}
	}
	for p.Dirty() {
		x.carry(p, p.Flush(0))
	}
}

// fill puts n entries of 20 + 8 octets into a's own part of the database.
func (x *pair) fill(family string, n int) {
	for i := range n {
		if err := x.a.local.Set(family, fmt.Sprintf("%020d", i), "1234567"); err != nil {
			x.t.Fatal(err)
		}
	}
	x.do(x.a, x.a.LocalChanged(0))
}

// check says whether all messages are of a good size and can be carried.
func (x *pair) check(limit int) {
	for to, list := range x.sent {
		for _, m := range list {
			if len(m.Raw()) > limit {
				x.t.Errorf("to %s: %.60s has %d octets", to, m, len(m.Raw()))
			}
			for _, f := range framings {
				if err := carries(f, m); err != nil {
					x.t.Errorf("to %s: %.60s: %v", to, m, err)
				}
			}
		}
	}
}

const largeFamily = 100_000

func (x *pair) run(what string) (rounds int) {
	for ; strings.HasPrefix(last(x.a.heard), "await") || strings.HasPrefix(last(x.b.heard), "await"); rounds++ {
		for _, p := range []*player{x.a, x.b} {
			if to, ok := strings.CutPrefix(last(p.heard), "await "); ok {
				p.heard = p.heard[:len(p.heard)-1]
				x.do(p, p.Room(0, to))
			}
		}
	}
	x.t.Logf("%s: %d rounds", what, rounds)
	return rounds
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

func TestALargeFamilyIsToldInPartsAndShownAsOne(t *testing.T) {
	for _, ours := range []bool{true, false} {
		t.Run(fmt.Sprintf("ours=%v", ours), func(t *testing.T) {
			x := newPair(t, ours)
			x.fill("fam", largeFamily)
			x.link()
			x.do(x.b, x.b.SeedUp(0, "a"))
			x.do(x.b, x.b.Watch(0, "fam"))
			if rounds := x.run("watch"); rounds < 2 {
				t.Errorf("all was sent in %d turns", rounds)
			}
			if n := x.b.Len("fam"); n != largeFamily {
				t.Errorf("%d keys", n)
			}
			if ours {
				if got := strings.Join(x.b.heard, "; "); got != "changed fam first" {
					t.Errorf("shown %.200q", got)
				}
				x.check(pieceOctets + 1000)
			} else {
				x.check(wholeOctets + 1000)
			}
			x.b.heard, x.sent = nil, map[string][]codec.Message{}
			for i, kind := range []QueryKind{QueryFamily, QueryKeys, QueryValues} {
				x.do(x.b, x.b.Query(0, uint64(i), kind, "fam"))
				x.run("query")
				if want := fmt.Sprintf("answer %d of %d", i, largeFamily); last(x.b.heard) != want {
					t.Errorf("%q, not %q", last(x.b.heard), want)
				}
			}
			if ours {
				x.check(pieceOctets + 1000)
			}
		})
	}
}

func TestALargeDatabaseOfASlaveIsToldInParts(t *testing.T) {
	for _, ours := range []bool{true, false} {
		x := newPair(t, ours)
		x.link()
		for i := range largeFamily {
			if err := x.b.local.Set(fmt.Sprintf("f%d", i%3), fmt.Sprintf("%020d", i), "1234567"); err != nil {
				t.Fatal(err)
			}
		}
		x.do(x.b, x.b.SeedUp(0, "a"))
		x.run("register")
		x.check(pieceOctets + 1000)
		if n := x.a.Len("f0") + x.a.Len("f1") + x.a.Len("f2"); n != largeFamily {
			t.Errorf("ours %v: %d keys", ours, n)
		}
	}
}

func TestALargeDatabaseOfAGlobalIsToldInParts(t *testing.T) {
	for _, ours := range []bool{true, false} {
		x := newPair(t, ours)
		x.fill("fam", largeFamily)
		x.fill("gam", 10)
		x.do(x.b, x.b.Promote(0))
		x.link()
		x.run("meet")
		x.check(pieceOctets + 1000)
		if n := x.b.Len("fam") + x.b.Len("gam"); n != largeFamily+10 {
			t.Errorf("ours %v: %d keys", ours, n)
		}
	}
}

func TestAHugeChangeIsCutIntoPieces(t *testing.T) {
	x := newPair(t, true)
	x.link()
	x.do(x.b, x.b.SeedUp(0, "a"))
	x.do(x.b, x.b.Watch(0, "fam"))
	x.fill("fam", 2*publishBatches*takeKeys)
	x.run("change")
	x.check(pieceOctets + 1000)
	if n := x.b.Len("fam"); n != 2*publishBatches*takeKeys {
		t.Errorf("%d keys", n)
	}
	keys := make([]string, 0, 2*publishBatches*takeKeys)
	for key := range x.b.Entries("fam") {
		keys = append(keys, string(key))
	}
	if err := x.a.local.Delete("fam", keys...); err != nil {
		t.Fatal(err)
	}
	x.do(x.a, x.a.LocalChanged(0))
	x.run("delete")
	if n := x.b.Len("fam"); n != 0 {
		t.Errorf("%d keys are left", n)
	}
}

// What is owed to a peer that doesn't read is paid in pieces, too.
func TestALargeDebtIsPaidInPieces(t *testing.T) {
	x := newPair(t, true)
	x.link()
	x.do(x.b, x.b.SeedUp(0, "a"))
	x.do(x.b, x.b.Watch(0, "fam"))
	x.a.crowded["b"] = true
	for range 3 {
		x.fill("fam", largeFamily)
		for key := range x.a.Entries("fam") {
			if err := x.a.local.Delete("fam", string(key)); err != nil {
				t.Fatal(err)
			}
			break
		}
		x.do(x.a, x.a.LocalChanged(0))
	}
	if n := len(x.a.peers["b"].debts[0].told); n != largeFamily {
		t.Errorf("%d keys are owed", n)
	}
	delete(x.a.crowded, "b")
	x.do(x.a, x.a.Room(0, "b"))
	x.run("pay")
	x.check(pieceOctets + 1000)
	if n := x.b.Len("fam"); n != largeFamily-1 || len(x.a.peers["b"].debts) > 0 {
		t.Errorf("%d keys, and %d debts", n, len(x.a.peers["b"].debts))
	}
}

func TestPartsThatNeverEndAreAnErrorAtSomeTime(t *testing.T) {
	if err := gatherable(maxGathered); err != nil {
		t.Error(err)
	}
	if gatherable(maxGathered+1) == nil {
		t.Error("no error")
	}
}

func TestPartsArePutTogetherWhateverTheirHeads(t *testing.T) {
	for _, sizes := range [][]int{{1}, {3, 0, 2}, {20, 20}, {70_000, 1}, {1, 70_000, 20}} {
		for _, kind := range []QueryKind{QueryFamily, QueryKeys} {
			var g gathering
			n := 0
			for i, size := range sizes {
				m := map[string]int{}
				list := []int{}
				for range size {
					m[fmt.Sprint(n)] = n
					list = append(list, n)
					n++
				}
				part := message(t, m).At(0)
				if kind == QueryKeys {
					part = message(t, list).At(0)
				}
				whole, done, err := g.part(part, i < len(sizes)-1)
				if err != nil || done != (i == len(sizes)-1) {
					t.Fatal(sizes, i, done, err)
				}
				if !done {
					continue
				}
				if got, _ := elements(whole); got != n || codec.Check(whole.Raw(), codec.DefaultLimits) != nil {
					t.Errorf("%v: %d of %d elements", sizes, got, n)
				}
			}
		}
	}
}
