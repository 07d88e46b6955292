package kernel_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/kernel"
	"github.com/aemp-go/aemp/kernel/dataconn"
	"github.com/aemp-go/aemp/loop/sim"
)

// 10_dataconn_patched holds a raw connection between two Perl nodes: a has opened it, and
// each says a line. Our node takes the place of either. The link between the two wasn't
// recorded, so what is said on it is written here.

// rawRecording is what each of the two nodes said on the raw connection.
type rawRecording struct {
	lines map[string][]string // of the handshake
	data  map[string]string
	ended []string // in which order
}

const recordedID = "b@a"

func readRawRecording(t *testing.T, file string, conn int) *rawRecording {
	text, err := os.ReadFile("../codec/testdata/transcripts/" + file + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	r := &rawRecording{lines: map[string][]string{}, data: map[string]string{}}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var chunk recordedChunk
		if err := json.Unmarshal(lines.Bytes(), &chunk); err != nil {
			t.Fatal(err)
		}
		if chunk.Conn != conn {
			continue
		}
		p, err := hex.DecodeString(chunk.Hex)
		if err != nil {
			t.Fatal(err)
		}
		from, _, _ := strings.Cut(chunk.Dir, ">")
		r.data[from] += string(p)
		if chunk.EOF {
			r.ended = append(r.ended, from)
		}
	}
	for from, data := range r.data {
		for range 3 {
			line, rest, ok := strings.Cut(data, "\n")
			if !ok {
				t.Fatalf("%s has said only %q", from, data)
			}
			r.lines[from] = append(r.lines[from], line)
			data = rest
		}
		r.data[from] = data
	}
	return r
}

// isLine1 compares our greeting with a recorded one: ours says which extensions it has and
// not by which library it was made, and offers other methods and framings.
func (r *rawRecording) isLine1(t *testing.T, self, ours string) {
	t.Helper()
	want, err := codec.ParseGreeting([]byte(r.lines[self][0]))
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.ParseGreeting([]byte(ours))
	if err != nil {
		t.Fatal(err)
	}
	names := func(g codec.Greeting, not ...string) (list []string) {
		for _, k := range g.Keys {
			if !slices.Contains(not, k.Name) {
				list = append(list, k.Name)
			}
		}
		slices.Sort(list)
		return list
	}
	if got.Protocol != want.Protocol || got.Version != want.Version || got.Node != want.Node ||
		!slices.Equal(names(got, "x", "kinds", "inst"), names(want, "provider")) {
		t.Errorf("line 1 is %s, recorded %s", ours, r.lines[self][0])
	}
}

// isProof checks our line 3: the method and the framing are those of the recording.
func (r *rawRecording) isProof(t *testing.T, self, ours string, p *rawPeer) {
	t.Helper()
	want, err := codec.ParseProof([]byte(r.lines[self][2]))
	if err != nil {
		t.Fatal(err)
	}
	got, err := codec.ParseProof([]byte(ours))
	if err != nil {
		t.Fatal(err)
	}
	sum := codec.HMACProof([]byte(secret), codec.Binding([]byte(p.theirs[0]), []byte(p.theirs[1]), []byte(p.own[0]), []byte(p.own[1])))
	if got.Method != want.Method || got.Framing != want.Framing || got.Data != sum {
		t.Errorf("line 3 is %s, recorded %s", ours, r.lines[self][2])
	}
}

// greet has the peer say the recorded lines 1 and 2, and reads ours.
func (r *rawRecording) greet(t *testing.T, p *rawPeer, node string) {
	t.Helper()
	p.own = [2]string{r.lines[node][0], r.lines[node][1]}
	p.out = codec.CBOR
	p.write(p.own[0] + "\n" + p.own[1] + "\n")
	p.theirs[0], p.theirs[1] = p.line(), p.line()
}

func seededWorld(t testing.TB, seed uint64) *world {
	w := &world{World: sim.New(sim.Options{Seed: seed, Whole: seed == 0}), t: t}
	t.Cleanup(w.finish)
	return w
}

func TestTranscriptOfARawConnectionAsItsInitiator(t *testing.T) {
	r := readRawRecording(t, "10_dataconn_patched", 2)
	for seed := range uint64(20) {
		w := seededWorld(t, seed)
		a := w.node("a", 1+int(seed%3))
		addr := netip.AddrPortFrom(w.Host("b").Addr(), 5042)
		ear := w.listen(w.Host("b"), addr)
		a.SetAddresses("b", addr)
		b := a.raw().perl("b")
		d := a.dial("b", 5*time.Second, "pkg::receiver", 1)
		announced := b.expectMatch(func(s string) bool { return strings.HasSuffix(s, `, 5, "pkg::receiver", 1]`) }, "the announcement")
		echo := b.expectMatch(func(s string) bool { return strings.HasPrefix(s, ` ["snd", "a#`) }, "something to come back")
		if word(announced, 0) != dataconn.ExpectRequest || word(announced, 2) != word(echo, 1) {
			t.Errorf("announced %s, and behind it %s", announced, echo)
		}
		_, courier := codec.SplitPortID(word(echo, 1))
		b.send(courier)

		p := ear.next()
		r.greet(t, p, "b")
		r.isLine1(t, "a", p.theirs[0])
		if !strings.Contains(p.theirs[0], ";dataconn_id="+word(announced, 1)) || !strings.Contains(p.theirs[0], ";peeraddr="+addr.String()) {
			t.Errorf("line 1 is %s", p.theirs[0])
		}
		p.write(p.proof(secret))
		r.isProof(t, "a", p.line(), p)
		c := d.connects()
		_, err := io.WriteString(c, r.data["a"])
		w.ok(err)
		if got := p.line() + "\n"; got != r.data["a"] {
			t.Errorf("said %q, recorded %q", got, r.data["a"])
		}
		p.write(r.data["b"])
		got := make([]byte, len(r.data["b"]))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != r.data["b"] {
			t.Errorf("read %q, %v; recorded %q", got, err, r.data["b"])
		}
		w.ok(c.Close())
		if rest := p.ended(); rest != "" {
			t.Errorf("said beside what was recorded: %q", rest)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestTranscriptOfARawConnectionAsTheAwaitingSide(t *testing.T) {
	r := readRawRecording(t, "10_dataconn_patched", 2)
	if want := []string{"a", "b"}; !slices.Equal(r.ended, want) {
		t.Fatalf("%v ended", r.ended)
	}
	for seed := range uint64(20) {
		w := seededWorld(t, seed)
		b := w.node("b", 1+int(seed%3))
		s := b.serve("pkg::receiver")
		a := b.raw().perl("a")
		a.send("", dataconn.ExpectRequest, recordedID, "a#port", 5, "pkg::receiver", 1)
		a.send("", "snd", "a#echo")
		a.expect("echo []")

		p := b.raw()
		r.greet(t, p, "a")
		r.isLine1(t, "b", p.theirs[0])
		p.write(p.proof(secret) + r.data["a"])
		r.isProof(t, "b", p.line(), p) // the recorded node sent it before: protocol 2.5
		c := s.gets()
		if s.args[0] != "[1]" || c.(*kernel.DataConn).Node() != "a" {
			t.Errorf("called with %s, from %s", s.args[0], c.(*kernel.DataConn).Node())
		}
		got := make([]byte, len(r.data["a"]))
		if _, err := io.ReadFull(c, got); err != nil || string(got) != r.data["a"] {
			t.Errorf("read %q, %v; recorded %q", got, err, r.data["a"])
		}
		_, err := io.WriteString(c, r.data["b"])
		w.ok(err)
		if got := p.line() + "\n"; got != r.data["b"] {
			t.Errorf("said %q, recorded %q", got, r.data["b"])
		}
		p.hangUp()
		if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
			t.Errorf("read %q, %v beside what was recorded", rest, err)
		}
		w.ok(c.Close())
		if rest := p.ended(); rest != "" {
			t.Errorf("said beside what was recorded: %q", rest)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// The original as it is shipped announces a connection and never dials.
func TestTranscriptOfAnInitiatorThatNeverDials(t *testing.T) {
	text, err := os.ReadFile("../codec/testdata/transcripts/10_dataconn_orig.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), hex.EncodeToString([]byte("aemp-dataconn"))) {
		t.Fatal("it dials")
	}
	w := newWorld(t)
	b := w.node("b", 2)
	s := b.serve("pkg::receiver")
	a := b.raw().perl("a")
	a.send("", dataconn.ExpectRequest, recordedID, "a#port", 5, "pkg::receiver", 1)
	a.expect(fmt.Sprintf(` ["kil1", "port", %q]`, dataconn.Reason))
	if len(s.conns) > 0 {
		t.Error("the function was called")
	}
	b.nothingLeft()
}
