package codec_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// A transcript is what two real Perl nodes said to each other.
type transcript struct {
	name   string
	header struct {
		Secret   string
		Framing  string
		Perl     map[string]string
		Received map[string][]string
	}
	streams map[stream][]byte
}

// A stream is one direction of one connection of a transcript.
type stream struct {
	conn     int
	from, to string
}

func (s stream) back() stream { return stream{s.conn, s.to, s.from} }

func (s stream) String() string { return fmt.Sprintf("%d:%s-to-%s", s.conn, s.from, s.to) }

func transcripts(t testing.TB) []*transcript {
	files, err := filepath.Glob("testdata/transcripts/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	var all []*transcript
	for _, file := range files {
		all = append(all, readTranscript(t, file))
	}
	return all
}

func readTranscript(t testing.TB, file string) *transcript {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tr := &transcript{name: strings.TrimSuffix(filepath.Base(file), ".jsonl"), streams: map[stream][]byte{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for first := true; lines.Scan(); first = false {
		if first {
			if err := json.Unmarshal(lines.Bytes(), &tr.header); err != nil {
				t.Fatal(err)
			}
			continue
		}
		var chunk struct {
			Conn     int
			Dir, Hex string
		}
		if err := json.Unmarshal(lines.Bytes(), &chunk); err != nil {
			t.Fatal(err)
		}
		from, to, _ := strings.Cut(chunk.Dir, ">")
		b, err := hex.DecodeString(chunk.Hex)
		if err != nil {
			t.Fatal(err)
		}
		s := stream{chunk.Conn, from, to}
		tr.streams[s] = append(tr.streams[s], b...)
	}
	return tr
}

// secret is what that node has as its secret.
func (tr *transcript) secret(node string) []byte {
	for _, part := range strings.Split(tr.header.Secret, " / ") {
		if secret, found := strings.CutSuffix(part, " ("+node+")"); found {
			return []byte(secret)
		}
	}
	return []byte(tr.header.Secret)
}

// What one direction of a connection consists of.
type played struct {
	lines    []string
	framing  codec.Framing
	messages []string // bodies, in CBOR: there each value has only one form
	opaque   int      // octets of TLS or a raw connection
	err      error
}

// play takes a stream apart that comes in the given pieces. after says what
// follows how many lines: opaque octets.
func play(after int, pieces ...[]byte) (p played) {
	var lines codec.LineReader
	var d *codec.Decoder
	for _, piece := range pieces {
		for d == nil && len(p.lines) < after && len(piece) > 0 {
			line, rest, ok, err := lines.Feed(piece)
			if err != nil {
				p.err = err
				return p
			}
			piece = rest
			if !ok {
				break
			}
			p.lines = append(p.lines, string(line))
			if len(p.lines) == 3 && after == 4 {
				proof, err := codec.ParseProof(line)
				if err != nil {
					p.err = err
					return p
				}
				p.framing, ok = codec.ParseFraming(proof.Framing)
				if !ok {
					p.err = fmt.Errorf("unknown framing %q", proof.Framing)
					return p
				}
				d = codec.NewDecoder(p.framing, codec.DefaultLimits)
			}
		}
		if d == nil {
			p.opaque += len(piece)
			continue
		}
		d.Feed(piece)
		for {
			_, body, ok, err := d.Next()
			if err != nil {
				p.err = err
				return p
			}
			if !ok {
				break
			}
			form, err := codec.AppendFrame(nil, codec.CBOR, body, codec.DefaultLimits)
			if err != nil {
				p.err = err
				return p
			}
			p.messages = append(p.messages, string(form))
		}
	}
	if d != nil && d.Buffered() > 0 {
		p.err = fmt.Errorf("%d octets are left over", d.Buffered())
	}
	return p
}

// linesOf says after how many lines a stream is opaque; 4 if messages follow.
func (tr *transcript) linesOf(s stream) int {
	both := string(tr.streams[s]) + string(tr.streams[s.back()])
	switch {
	case strings.Contains(both, ";tls=1.0"):
		return 2
	case strings.Contains(both, "aemp-dataconn;"):
		return 3
	}
	return 4
}

func eachStream(t *testing.T, f func(t *testing.T, tr *transcript, s stream, b []byte)) {
	for _, tr := range transcripts(t) {
		for s, b := range tr.streams {
			if len(b) > 0 {
				t.Run(tr.name+"/"+s.String(), func(t *testing.T) { f(t, tr, s, b) })
			}
		}
	}
}

func TestTranscriptsAreConsumedWhole(t *testing.T) {
	eachStream(t, func(t *testing.T, tr *transcript, s stream, b []byte) {
		p := play(tr.linesOf(s), b)
		if tr.name == "03c_json_inf_poison" && s.from == "a" {
			// Here Perl itself sent what isn't JSON, after one good value.
			e, ok := p.err.(*codec.SyntaxError)
			if !ok || e.Framing != codec.JSON || !strings.Contains(e.What, "'i' instead of a value") {
				t.Fatalf("error %v instead of one about inf", p.err)
			}
			if last := p.messages[len(p.messages)-1]; !strings.Contains(last, "int1") {
				t.Errorf("the last good message is %q", last)
			}
			return
		}
		if p.err != nil {
			t.Fatal(p.err)
		}
		g, err := codec.ParseGreeting([]byte(p.lines[0]))
		if err != nil {
			t.Fatal(err)
		}
		if g.Node != s.from && tr.name != "09e_same_nodeid" && tr.name != "09f_duplicate_nodeid" {
			t.Errorf("node is %q", g.Node)
		}
		if again := string(g.Append(nil)); again != p.lines[0] && g.Version == codec.Version {
			t.Errorf("greeting %q is written as %q", p.lines[0], again)
		}
		if len(p.lines) >= 3 {
			proof, _ := codec.ParseProof([]byte(p.lines[2]))
			if again := string(proof.Append(nil)); again != p.lines[2] {
				t.Errorf("proof %q is written as %q", p.lines[2], again)
			}
		}
		if tr.linesOf(s) == 2 && p.opaque == 0 {
			t.Error("no TLS records")
		}
		t.Logf("%d lines, %d messages in %s, %d opaque octets", len(p.lines), len(p.messages), p.framing, p.opaque)
	})
}

func TestTranscriptsCutAnywhereReadTheSame(t *testing.T) {
	eachStream(t, func(t *testing.T, tr *transcript, s stream, b []byte) {
		after := tr.linesOf(s)
		want := play(after, b)
		for i := range b {
			if got := play(after, b[:i], b[i:]); !reflect.DeepEqual(got, want) {
				t.Fatalf("cut at %d:\n%v\nwhole:\n%v", i, got, want)
			}
		}
		var octets [][]byte
		for i := range b {
			octets = append(octets, b[i:i+1])
		}
		if got := play(after, octets...); !reflect.DeepEqual(got, want) {
			t.Fatalf("octet by octet:\n%v\nwhole:\n%v", got, want)
		}
	})
}

func TestTranscriptProofsAreWhatWeCompute(t *testing.T) {
	hmacs := 0
	eachStream(t, func(t *testing.T, tr *transcript, s stream, b []byte) {
		own, peer := play(4, b), play(4, tr.streams[s.back()])
		if len(own.lines) < 3 || len(peer.lines) < 2 {
			t.Skip("no proof")
		}
		proof, err := codec.ParseProof([]byte(own.lines[2]))
		if err != nil {
			t.Skip("TLS")
		}
		binding := codec.Binding([]byte(own.lines[0]), []byte(own.lines[1]), []byte(peer.lines[0]), []byte(peer.lines[1]))
		var want string
		switch proof.Method {
		case codec.AuthHMAC:
			want = codec.HMACProof(tr.secret(s.from), binding)
			hmacs++
		case codec.AuthCleartext:
			want = codec.CleartextProof(tr.secret(s.from))
		default:
			t.Fatalf("method %q", proof.Method)
		}
		if !codec.ProofEqual(proof.Data, want) {
			t.Errorf("proof is %s, we compute %s", proof.Data, want)
		}
		if tr.name == "09a_wrong_secret" && codec.ProofEqual(proof.Data, codec.HMACProof(tr.secret(s.to), binding)) {
			t.Error("the proof fits the other side's secret too")
		}
	})
	if hmacs < 30 {
		t.Errorf("only %d proofs were checked", hmacs)
	}
}

// extents gives each message's octets on the wire, and its body.
func extents(t *testing.T, tr *transcript, s stream) (wire, bodies [][]byte, f codec.Framing) {
	p := play(tr.linesOf(s), tr.streams[s])
	if len(p.lines) < 3 {
		return nil, nil, 0
	}
	rest := tr.streams[s]
	for range 3 {
		_, rest, _ = bytes.Cut(rest, []byte{'\n'})
	}
	d := codec.NewDecoder(p.framing, codec.DefaultLimits)
	from := 0
	for i := range rest {
		d.Feed(rest[i : i+1])
		_, body, ok, err := d.Next()
		if err != nil {
			break
		}
		if ok {
			wire = append(wire, rest[from:i+1])
			bodies = append(bodies, slices.Clone(body))
			from = i + 1
		}
	}
	return wire, bodies, p.framing
}

// Re-encoding what Perl sent gives the same octets, so a relay changes nothing.
func TestTranscriptMessagesAreSentAsPerlSentThem(t *testing.T) {
	differing := map[string]string{
		`"float_neg0",-0]`:                           "we take -0 for an integer, as Perl does",
		`"float_smalldenorm",4.94065645841247e-324]`: "our floats have as many digits as they need",
	}
	same := 0
	eachStream(t, func(t *testing.T, tr *transcript, s stream, b []byte) {
		if tr.linesOf(s) != 4 || tr.name == "08_cleartext_json_client" && s.from == "py" {
			t.Skip("not Perl's messages")
		}
		wire, bodies, f := extents(t, tr, s)
		for i, body := range bodies {
			got, err := codec.AppendFrame(nil, f, body, codec.DefaultLimits)
			if err != nil {
				t.Fatal(err)
			}
			if bytes.Equal(got, wire[i]) {
				same++
				continue
			}
			_, from, _ := bytes.Cut(wire[i], []byte{','})
			if _, ok := differing[string(from)]; !ok {
				t.Errorf("Perl sent %q, we would send %q", wire[i], got)
			}
		}
	})
	if same < 300 {
		t.Errorf("only %d messages were compared", same)
	}
}
