package global

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/internal/scenario"
)

// A scenario file has comments, settings and events, each a time and what happened; the
// indented lines after an event are what the machine wants done. A turn ends after each
// event. Messages are written as JSON. The node's clock stands at 1970, so its stamps are
// 1, 2, 3…
//
// Settings: node ID, monitor_timeout DURATION, quota families|keys|octets N,
// local FAMILY KEY VALUE (before the first event).
func TestScenariosOfTheDatabaseAreReplayedToTheLetter(t *testing.T) {
	scenario.Replay(t, "testdata/*.txt", replay)
}

// A player is a Machine with what a driver would have around it.
type player struct {
	t       testing.TB
	node    string
	timeout time.Duration
	quotas  Quotas
	local   *Local
	*Machine
	now      time.Duration
	crowded  map[string]bool
	framings map[string]codec.Framing
	heard    []string // what was done since the last look, but for timers and debug lines
}

func newPlayer(t testing.TB, node string) *player {
	p := &player{
		t: t, node: node, timeout: 30 * time.Second,
		crowded: map[string]bool{}, framings: map[string]codec.Framing{},
	}
	p.local = newLocal(node, Quotas{}, func() time.Time { return time.UnixMicro(0) }, func() {})
	p.local.setInternal(familyNodes, node, jsonValue(t, `["10.0.0.9:4040"]`))
	return p
}

// start makes the machine; settings come before.
func (p *player) start() *player {
	p.Machine = NewMachine(Config{
		Node: p.node, Local: p.local, MonitorTimeout: p.timeout, Quotas: p.quotas,
		Crowded: func(node string) bool { return p.crowded[node] },
	})
	return p
}

// jsonMessage makes a message of its JSON form.
func jsonMessage(t testing.TB, text string) codec.Message {
	t.Helper()
	d := codec.NewDecoder(codec.JSON, codec.DefaultLimits)
	d.Feed([]byte(`["",` + strings.TrimPrefix(text, "[")))
	_, body, ok, err := d.Next()
	if err != nil || !ok {
		t.Fatalf("no message: %s: %v", text, err)
	}
	_, m, err := codec.Split(body)
	if err != nil {
		t.Fatal(err)
	}
	return m.Clone()
}

func jsonValue(t testing.TB, text string) []byte { return jsonMessage(t, "["+text+"]").Raw() }

// carry does with actions what a driver does: it sends, and tells what failed.
func (p *player) carry(actions []Action) {
	for i := 0; i < len(actions); i++ {
		a := actions[i]
		text := a.String()
		if f, ok := p.framings[a.Node]; ok && a.Do == Send {
			if err := carries(f, a.Message); err != nil {
				text += " fails: " + err.Error()
				actions = p.Failed(p.now, i, err)
			}
		}
		if a.Do == Changed && a.First {
			for _, key := range p.keys(a.Family) {
				v, _ := p.Get(a.Family, key)
				text += fmt.Sprintf(" %s=%s", key, v)
			}
		}
		p.heard = append(p.heard, text)
	}
}

func carries(f codec.Framing, m codec.Message) error {
	frame, err := codec.AppendFrameMessage(nil, "", m, codec.DefaultLimits)
	if err != nil {
		return err
	}
	_, err = codec.AppendFrame(nil, f, frame[4:], codec.DefaultLimits)
	return err
}

func (p *player) keys(family string) (keys []string) {
	for key := range p.Entries(family) {
		keys = append(keys, string(key))
	}
	slices.Sort(keys)
	return keys
}

// turn ends a turn.
func (p *player) turn() {
	for p.Dirty() {
		p.carry(p.Flush(p.now))
	}
}

// play says what happened.
func (p *player) play(event string) error {
	what, rest, _ := strings.Cut(event, " ")
	words := strings.Fields(rest)
	var actions []Action
	var err error
	switch what {
	case "up":
		actions = p.NodeUp(p.now, words[0], len(words) == 1)
	case "down":
		actions = p.NodeDown(p.now, words[0])
	case "seed-up":
		actions = p.SeedUp(p.now, words[0])
	case "seed-down":
		actions = p.SeedDown(p.now, words[0])
	case "promote":
		actions = p.Promote(p.now)
	case "tick":
		actions = p.Tick(p.now)
	case "watch":
		actions = p.Watch(p.now, words[0])
	case "unwatch":
		actions = p.Unwatch(p.now, words[0])
	case "query":
		number, _ := strconv.ParseUint(words[0], 10, 64)
		kind := map[string]QueryKind{"family": QueryFamily, "keys": QueryKeys, "values": QueryValues}[words[1]]
		actions = p.Query(p.now, number, kind, words[2])
	case "cancel":
		number, _ := strconv.ParseUint(words[0], 10, 64)
		p.Cancel(number)
	case "find":
		actions = p.Find(p.now, words[0])
	case "crowded":
		p.crowded[words[0]] = true
	case "room":
		delete(p.crowded, words[0])
		actions = p.Room(p.now, words[0])
	case "set", "delete":
		actions = p.change(what, words)
	case "says":
		from, text, _ := strings.Cut(rest, " ")
		actions, err = p.Message(p.now, from, jsonMessage(p.t, text))
	default:
		return fmt.Errorf("unknown event %q", what)
	}
	p.carry(actions)
	if err != nil {
		p.heard = append(p.heard, "error "+err.Error())
	}
	p.turn()
	return nil
}

// change is what this node's program does.
func (p *player) change(what string, words []string) []Action {
	var err error
	if what == "set" {
		err = p.local.Set(words[0], words[1], codec.Raw(jsonValue(p.t, strings.Join(words[2:], " "))))
	} else {
		err = p.local.Delete(words[0], words[1:]...)
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return p.LocalChanged(p.now)
}

// setting takes a line before the first event.
func (p *player) setting(words []string) (ok bool, err error) {
	switch words[0] {
	case "node":
		*p = *newPlayer(p.t, words[1])
	case "monitor_timeout":
		p.timeout, err = time.ParseDuration(words[1])
	case "quota":
		n, _ := strconv.Atoi(words[2])
		*map[string]*int{"families": &p.quotas.Families, "keys": &p.quotas.Keys, "octets": &p.quotas.Octets}[words[1]] = n
	case "json":
		p.framings[words[1]] = codec.JSON
	case "local":
		err = p.local.Set(words[1], words[2], codec.Raw(jsonValue(p.t, words[3])))
	default:
		return false, nil
	}
	return true, err
}

func replay(t *testing.T, text string) string {
	t.Helper()
	p := newPlayer(t, "me")
	var out strings.Builder
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "\t") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		if ok, err := p.setting(words); ok || err != nil {
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			continue
		}
		if p.Machine == nil {
			p.start()
		}
		now, event, _ := strings.Cut(strings.TrimSpace(line), " ")
		var err error
		if p.now, err = time.ParseDuration(now); err == nil {
			err = p.play(event)
		}
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		for _, done := range p.heard {
			fmt.Fprintf(&out, "\t%s\n", done)
		}
		p.heard = nil
	}
	return out.String()
}
