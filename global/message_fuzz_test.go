package global

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// FuzzMessage has peers of all kinds say anything to a node with a master and to a global
// one. Whatever they say, the machine sends well-formed messages to nodes that it is
// linked with, and answers each question at most once.
func FuzzMessage(f *testing.F) {
	for _, file := range []string{"01b_join_cbor_promote", "06_database", "06_database_json", "07_two_globals"} {
		var talk []byte
		for _, one := range readRecording(f, file) {
			if !one.end {
				talk = appendSaid(f, talk, one.from, one.m)
			}
		}
		f.Add(talk)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal("no scenarios", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		var talk []byte
		for line := range strings.Lines(string(text)) {
			if _, event, ok := strings.Cut(strings.TrimSpace(line), " says "); ok && line[0] != '\t' && line[0] != '#' {
				from, says, _ := strings.Cut(event, " ")
				talk = appendSaid(f, talk, from, jsonMessage(f, says))
			}
		}
		f.Add(talk)
	}
	f.Fuzz(func(t *testing.T, talk []byte) {
		for _, global := range []bool{false, true} {
			d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits)
			d.Feed(talk)
			g := newGuest(t, global)
			for {
				kind, body, ok, err := d.Next()
				if err != nil || !ok {
					break
				}
				if kind != codec.KindMessage {
					continue // not checked
				}
				if port, m, err := codec.Split(body); err == nil && len(port) > 0 {
					g.says(g.peers[int(port[len(port)-1])%len(g.peers)], m)
				}
			}
		}
	})
}

// appendSaid appends a frame whose port name says who sends it.
func appendSaid(t testing.TB, b []byte, from string, m codec.Message) []byte {
	b, err := codec.AppendFrameMessage(b, from, m, codec.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A guest is a machine among peers that say anything.
type guest struct {
	*Machine
	t        testing.TB
	peers    []string
	answered map[uint64]bool
	found    map[string]bool
}

func newGuest(t testing.TB, global bool) *guest {
	p := newPlayer(t, "me")
	p.quotas = Quotas{Keys: 5, Families: 3, Octets: 1000}
	p.start()
	p.tell(`
	. set fam mine 1
	. watch fam
	. watch 'l
	. query 1 family fam
	. query 2 keys fam
	. query 11 values fam
	. find a
	. find x
	. up a
	. up b original
	. up c
	. up d original
	`)
	if global {
		p.tell(`
		. promote
		. says a ["g_global"]
		. says b ["g_global"]
		. says c ["g_slave",{}]
		. says d ["g_slave",{}]
		. says c ["g_mon1","fam"]
		. says d ["g_mon1","fam"]
		`)
	} else {
		p.tell(`. seed-up a`)
	}
	return &guest{p.Machine, t, []string{"a", "b", "c", "d"}, map[uint64]bool{}, map[string]bool{}}
}

func (g *guest) says(from string, m codec.Message) {
	actions, err := g.Message(0, from, m)
	var bad *MessageError
	if err != nil && !errors.As(err, &bad) {
		g.t.Errorf("%s: %T: %v", m, err, err)
	}
	g.check(actions)
	for g.Dirty() {
		g.check(g.Flush(0))
	}
	for _, family := range []string{"fam", familyNodes} {
		n := 0
		for key := range g.Entries(family) {
			if _, ok := g.Get(family, string(key)); !ok {
				g.t.Errorf("%s has no %q", family, key)
			}
			n++
		}
		if n != g.Len(family) {
			g.t.Errorf("%s has %d keys, not %d", family, n, g.Len(family))
		}
	}
	for node, p := range g.Machine.peers {
		if h := p.holdings; h.keys < 0 || h.octets < 0 || h.keys > 5 || h.octets > 1000 || h.families.len() > 3 {
			g.t.Errorf("%s holds %+v", node, h)
		}
	}
}

func (g *guest) check(actions []Action) {
	for _, a := range actions {
		switch a.Do {
		case Send:
			frame, err := codec.AppendFrameMessage(nil, "", a.Message, codec.DefaultLimits)
			if err == nil {
				err = codec.Check(frame[4:], codec.DefaultLimits)
			}
			if err != nil || g.Machine.peers[a.Node] == nil {
				g.t.Errorf("%s: %v", a, err)
			}
		case Answer:
			if g.answered[a.Query] || codec.Check(a.Result.Raw(), codec.DefaultLimits) != nil {
				g.t.Errorf("again or malformed: %s", a)
			}
			g.answered[a.Query] = true
		case Found:
			if g.found[a.Node] {
				g.t.Errorf("again: %s", a)
			}
			g.found[a.Node] = true
		case Changed:
			for _, d := range a.Changes {
				if d.Before == nil && d.After == nil || alike(d.Before, d.After) {
					g.t.Errorf("no change: %s", a)
				}
			}
		}
	}
}
