package kernel_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// A recording is what two real Perl nodes said to each other, connection by connection.
type recording struct {
	file   string
	secret map[string]string // by node; "" stands for all
	nodes  [2]string         // the first has dialled
	conns  []*recordedConn
}

// recordedConn is one connection. A node's lines are those of its handshake, without
// their ends: three, or fewer if it didn't get that far.
type recordedConn struct {
	number int
	start  time.Duration
	lines  map[string][]string
	events []recordedEvent // in the order in which they were complete
}

// recordedEvent is a message, or the end of what a node sends.
type recordedEvent struct {
	from string
	at   time.Duration // since the recording began
	raw  []byte        // as it was sent, with what carries no message before it
	port string
	args codec.Message
	none bool // raw carries no message at all
	eof  bool
}

func readRecording(t testing.TB, file string) *recording {
	text, err := os.ReadFile("../codec/testdata/transcripts/" + file + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var header struct {
		Secret string
		Nodes  [2]string
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	if !lines.Scan() {
		t.Fatal(file, "is empty")
	}
	if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
		t.Fatal(file, err)
	}
	r := &recording{file: file, secret: map[string]string{}, nodes: header.Nodes}
	for part := range strings.SplitSeq(header.Secret, " / ") { // "geheim", or "falsch (x) / geheim (seed)"
		secret, node, _ := strings.Cut(part, " (")
		r.secret[strings.TrimSuffix(node, ")")] = secret
	}
	streams := map[string]*recordedStream{}
	for lines.Scan() {
		var chunk recordedChunk
		if err := json.Unmarshal(lines.Bytes(), &chunk); err != nil {
			t.Fatal(file, err)
		}
		chunk.add(t, r.conn(chunk.Conn, chunk.at()), streams)
	}
	for _, s := range streams {
		if s.decoder != nil && s.decoder.Buffered() > 0 {
			t.Fatal(file, "ends inside a message")
		}
	}
	return r
}

func (r *recording) secretOf(node string) []byte {
	if s, ok := r.secret[node]; ok {
		return []byte(s)
	}
	return []byte(r.secret[""])
}

// other is the node at the other end.
func (r *recording) other(node string) string {
	if node == r.nodes[0] {
		return r.nodes[1]
	}
	return r.nodes[0]
}

func (r *recording) conn(number int, start time.Duration) *recordedConn {
	i := slices.IndexFunc(r.conns, func(c *recordedConn) bool { return c.number == number })
	if i < 0 {
		i = len(r.conns)
		r.conns = append(r.conns, &recordedConn{number: number, start: start, lines: map[string][]string{}})
	}
	return r.conns[i]
}

// recordedChunk is a line of a recording.
type recordedChunk struct {
	T    float64
	Conn int
	Dir  string
	Hex  string
	EOF  bool
}

func (k *recordedChunk) at() time.Duration { return time.Duration(k.T * float64(time.Second)) }

// recordedStream is what reads one direction of a connection.
type recordedStream struct {
	lines   codec.LineReader
	decoder *codec.Decoder
	raw     []byte // since the last message
}

func (k *recordedChunk) add(t testing.TB, c *recordedConn, streams map[string]*recordedStream) {
	from, _, _ := strings.Cut(k.Dir, ">")
	name := string(rune('0'+k.Conn)) + k.Dir
	s := streams[name]
	if s == nil {
		s = &recordedStream{}
		streams[name] = s
	}
	p, err := hex.DecodeString(k.Hex)
	if err != nil {
		t.Fatal(err)
	}
	e := recordedEvent{from: from, at: k.at()}
	for s.decoder == nil && len(p) > 0 {
		line, rest, ok, err := s.lines.Feed(p)
		if err != nil {
			t.Fatal(err)
		}
		if p = rest; !ok {
			break
		}
		c.lines[from] = append(c.lines[from], string(line))
		if len(c.lines[from]) == 3 {
			proof, err := codec.ParseProof(line)
			if err != nil {
				t.Fatal(err)
			}
			f, ok := codec.ParseFraming(proof.Framing)
			if !ok {
				t.Fatalf("unknown framing %q", proof.Framing)
			}
			s.decoder = codec.NewDecoder(f, codec.DefaultLimits)
		}
	}
	for i := range p { // one octet after the other, to see where a message ends
		s.raw = append(s.raw, p[i])
		s.decoder.Feed(p[i : i+1])
		_, body, ok, err := s.decoder.Next()
		if err != nil {
			t.Fatal(err)
		}
		if !ok {
			continue
		}
		port, m, err := codec.Split(body)
		if err != nil || port == nil {
			t.Fatalf("no message: %x, %v", body, err)
		}
		e.raw, e.port, e.args = s.raw, string(port), m.Clone()
		c.events = append(c.events, e)
		s.raw = nil
	}
	if k.EOF {
		if len(s.raw) > 0 {
			c.events = append(c.events, recordedEvent{from: from, at: e.at, raw: s.raw, none: true})
		}
		c.events = append(c.events, recordedEvent{from: from, at: e.at, eof: true})
	}
}

// follows says that e came right after the message before.
func (e recordedEvent) follows(before recordedEvent) bool {
	return e.from == before.from && !e.eof && !before.eof && e.at-before.at < 2*time.Millisecond
}

// render shows a message in a form that doesn't depend on its framing.
func render(port string, m codec.Message) string {
	list := make([]any, m.Len())
	for i := range list {
		list[i] = plain(m.At(i))
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(list); err != nil {
		return err.Error()
	}
	return port + strings.TrimSpace(b.String())
}

// plain is a value with text for bytes, which Perl means alike.
func plain(v codec.Value) any {
	switch v.Kind() {
	case codec.Text, codec.Bytes:
		s, _ := v.Text()
		return s
	case codec.List:
		args, _ := v.List()
		list := []any{}
		for args.More() {
			list = append(list, plain(args.Value()))
		}
		return list
	case codec.Map:
		pairs, _ := v.Map()
		m := map[string]any{}
		for k, v := range pairs.All() {
			m[k] = plain(v)
		}
		return m
	}
	return v.Any()
}
