package link

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/loop"
)

// recording is one recorded connection: what each side sent.
type recording struct {
	file   string
	conn   int
	secret map[string]string // by node; "" stands for all
	sent   map[string][]byte
	names  [2]string
}

// recordings reads all transcripts of real Perl nodes. Connections on which not both
// sides sent a greeting are left out.
func recordings(t testing.TB) []recording {
	files, err := filepath.Glob("../../codec/testdata/transcripts/*.jsonl")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts", err)
	}
	var all []recording
	for _, file := range files {
		for _, r := range readRecordings(t, file) {
			if len(r.sent[r.names[0]]) > 0 && len(r.sent[r.names[1]]) > 0 {
				all = append(all, r)
			}
		}
	}
	return all
}

func readRecordings(t testing.TB, file string) []recording {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var header struct{ Secret string }
	var list []recording
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	for first := true; lines.Scan(); first = false {
		if first {
			if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
				t.Fatal(file, err)
			}
			continue
		}
		var chunk struct {
			Conn     int
			Dir, Hex string
		}
		if err := json.Unmarshal(lines.Bytes(), &chunk); err != nil {
			t.Fatal(file, err)
		}
		i := slices.IndexFunc(list, func(r recording) bool { return r.conn == chunk.Conn })
		from, to, _ := strings.Cut(chunk.Dir, ">")
		if i < 0 {
			i = len(list)
			list = append(list, recording{
				file: strings.TrimSuffix(filepath.Base(file), ".jsonl"), conn: chunk.Conn,
				secret: secrets(header.Secret), sent: map[string][]byte{}, names: [2]string{from, to},
			})
		}
		octets, err := hex.DecodeString(chunk.Hex)
		if err != nil {
			t.Fatal(file, err)
		}
		list[i].sent[from] = append(list[i].sent[from], octets...)
	}
	return list
}

// secrets reads "geheim", or "falsch (x) / geheim (seed)".
func secrets(s string) map[string]string {
	m := map[string]string{}
	for part := range strings.SplitSeq(s, " / ") {
		secret, node, _ := strings.Cut(part, " (")
		m[strings.TrimSuffix(node, ")")] = secret
	}
	return m
}

func (r recording) secretOf(node string) []byte {
	if s, ok := r.secret[node]; ok {
		return []byte(s)
	}
	return []byte(r.secret[""])
}

// lines cuts up to n lines off what was sent.
func lines(sent []byte, n int) (list [][]byte, rest []byte) {
	for len(list) < n {
		line, after, ok := bytes.Cut(sent, []byte{'\n'})
		if !ok {
			break
		}
		list, sent = append(list, line), after
	}
	return list, sent
}

// play makes a Handshake that says what the recorded node said.
func (r recording) play(t testing.TB, self string) *Handshake {
	own, _ := lines(r.sent[self], 2)
	g, err := codec.ParseGreeting(bytes.Replace(own[0], []byte("aemp;2;"), []byte("aemp;1;"), 1)) // 09b
	if err != nil {
		t.Fatal(err)
	}
	c := &Config{Node: g.Node, Secret: r.secretOf(self), AuthOffer: []string{}, AuthAccept: []string{}}
	for _, m := range g.Auths {
		switch m {
		case codec.AuthHMAC, codec.AuthTLS: // what the original uses if it isn't told otherwise
			c.AuthOffer = append(c.AuthOffer, m)
			c.AuthAccept = append(c.AuthAccept, m)
		case codec.AuthCleartext:
			c.AuthAccept = append(c.AuthAccept, m)
		}
	}
	if self == "py" { // a client that shows the secret
		c.AuthOffer = []string{codec.AuthCleartext}
	}
	for _, name := range g.Framings {
		if f, ok := codec.ParseFraming(name); ok {
			c.Framings = append(c.Framings, f)
		}
	}
	if _, ok := g.Key("tls"); ok {
		c.Identity = &loop.Identity{Model: "cert"}
	}
	unknown := c.Framings == nil // 09c
	h := NewHandshake(valid(t, c), Options{})
	if unknown {
		c.Framings = nil
	}
	h.setOwn(own[0], own[1])
	return h
}

// How recorded handshakes end that don't go through, for the file's prefix and the node that we play.
var recordedEnds = map[string]ErrorKind{
	"09a x": WrongSecret, "09a seed": WrongSecret,
	"09b x": CutShort, "09b seed": Version,
	"09c x": NoCommonFraming, "09c seed": NoCommonFraming,
	"09d x": NoCommonAuth, "09d seed": NoCommonAuth,
	"09e x": OwnID, "09e seed": OwnID,
	"09f x": CutShort, // the seed is connected to a; we aren't, in this test
}

func (r recording) end(self string) ErrorKind {
	prefix, _, _ := strings.Cut(r.file, "_")
	return recordedEnds[prefix+" "+self]
}

// outcome is how a played handshake went.
type outcome struct {
	proof    string
	framing  codec.Framing
	verified bool
	tls      bool
	rest     string
	end      ErrorKind
}

// listen has h read what the peer sent, in two pieces.
func listen(t testing.TB, h *Handshake, sent []byte, cut int) (o outcome) {
	for _, p := range [][]byte{sent[:cut], sent[cut:]} {
		for !o.verified && !o.tls && o.end == 0 {
			step, rest, err := h.Feed(p)
			p = rest
			o.end = kindOf(err)
			switch step {
			case Greeted:
				if h.IsSelf() {
					o.end = OwnID
				}
			case StartTLS:
				o.tls = true
			case Ready:
				proof, err := h.Proof()
				if err != nil {
					t.Fatal(err)
				}
				o.proof = string(proof)
			case Verified:
				o.verified, o.framing = true, h.In
			}
			if step == None {
				break
			}
		}
		o.rest += string(p)
	}
	if !o.verified && !o.tls && o.end == 0 {
		o.end = kindOf(h.CutShort())
	}
	return o
}

func TestTranscriptHandshakes(t *testing.T) {
	for _, r := range recordings(t) {
		for i, self := range r.names {
			peer := r.names[1-i]
			t.Run(fmt.Sprintf("%s/%d/as %s", r.file, r.conn, self), func(t *testing.T) {
				sent := r.sent[peer]
				got := listen(t, r.play(t, self), sent, len(sent))
				r.compare(t, self, peer, got)
				head, _ := lines(sent, 3)
				end := len(bytes.Join(head, []byte{'\n'})) + 2
				for cut := range min(end, len(sent)) {
					again := listen(t, r.play(t, self), sent, cut)
					if got.end != 0 { // what an ended handshake leaves over doesn't matter
						again.rest = got.rest
					}
					if again != got {
						t.Fatalf("cut at %d: %+v, want %+v", cut, again, got)
					}
				}
			})
		}
	}
}

func (r recording) compare(t *testing.T, self, peer string, got outcome) {
	own, _ := lines(r.sent[self], 3)
	theirs, data := lines(r.sent[peer], 3)
	if got.tls {
		r.compareTLS(t, self, peer, got)
		return
	}
	if want := r.end(self); got.end != want {
		t.Fatalf("ended with %v, want %v", got.end, want)
	}
	if len(own) == 3 && got.proof != string(own[2])+"\n" {
		t.Errorf("proof %q, recorded %q", got.proof, own[2])
	}
	if got.end != 0 {
		return
	}
	recorded, err := codec.ParseProof(theirs[2])
	if err != nil {
		t.Fatal(err)
	}
	if !got.verified || got.framing.String() != recorded.Framing || got.rest != string(data) {
		t.Errorf("verified: %v, framing %v, %d octets of data; want %s and %d", got.verified, got.framing, len(got.rest), recorded.Framing, len(data))
	}
}

// compareTLS: TLS starts where it was recorded, and with the same parts.
func (r recording) compareTLS(t *testing.T, self, peer string, got outcome) {
	const record, clientHello = 0x16, 1
	_, tls := lines(r.sent[peer], 2)
	if got.rest != string(tls) || tls[0] != record {
		t.Fatalf("TLS starts elsewhere: %x", got.rest[:min(len(got.rest), 8)])
	}
	h := r.play(t, self)
	listen(t, h, r.sent[peer], 0)
	if client := tls[5] != clientHello; h.TLSClient() != client {
		t.Errorf("TLS client: %v, recorded %v", h.TLSClient(), client)
	}
}

// A recorded proof is bound to the recorded nonces.
func TestTranscriptProofsOfAnotherConnectionAreWorthless(t *testing.T) {
	for _, r := range recordings(t) {
		self, peer := r.names[0], r.names[1]
		if theirs, _ := lines(r.sent[peer], 3); len(theirs) < 3 || r.end(self) != 0 || r.file == "11_tls_same_cert" {
			continue
		}
		h := r.play(t, self)
		h.setOwn(h.own[0], []byte("another nonce"))
		if got := listen(t, h, r.sent[peer], 0); got.verified || got.end != WrongSecret {
			t.Errorf("%s/%d: verified: %v, end %v", r.file, r.conn, got.verified, got.end)
		}
	}
}
