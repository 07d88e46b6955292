package global

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/codec"
)

// A said is a database message of a recording.
type said struct {
	at       time.Duration
	from, to string
	text     string // as render writes it
	m        codec.Message
	end      bool // instead: from has closed the connection
}

// readRecording reads what real nodes of the original said to each other about the
// database, in the order in which it arrived.
func readRecording(t testing.TB, file string) []said {
	text, err := os.ReadFile("../codec/testdata/transcripts/" + file + ".jsonl")
	if err != nil {
		t.Fatal(err)
	}
	type stream struct {
		lines   codec.LineReader
		proofs  int
		decoder *codec.Decoder
	}
	streams := map[string]*stream{}
	var all []said
	lines := bufio.NewScanner(bytes.NewReader(text))
	lines.Buffer(nil, len(text)+1)
	lines.Scan() // the header
	for lines.Scan() {
		var chunk struct {
			T        float64
			Conn     int
			Dir, Hex string
			EOF      bool
		}
		if err := json.Unmarshal(lines.Bytes(), &chunk); err != nil {
			t.Fatal(err)
		}
		p, err := hex.DecodeString(chunk.Hex)
		if err != nil {
			t.Fatal(err)
		}
		one := said{at: time.Duration(chunk.T * float64(time.Second))}
		one.from, one.to, _ = strings.Cut(chunk.Dir, ">")
		s := streams[fmt.Sprint(chunk.Conn, chunk.Dir)]
		if s == nil {
			s = &stream{}
			streams[fmt.Sprint(chunk.Conn, chunk.Dir)] = s
		}
		for s.decoder == nil && len(p) > 0 {
			line, rest, ok, err := s.lines.Feed(p)
			if err != nil {
				t.Fatal(err)
			}
			if p = rest; !ok {
				break
			}
			if s.proofs++; s.proofs == 3 {
				s.decoder = codec.NewDecoder(framingOf(t, line), codec.DefaultLimits)
			}
		}
		if len(p) > 0 {
			s.decoder.Feed(p)
		}
		for s.decoder != nil {
			_, body, ok, err := s.decoder.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			port, m, err := codec.Split(body)
			if err != nil {
				t.Fatal(err)
			}
			if tag, _ := m.Tag(); len(port) == 0 && bytes.HasPrefix(tag, []byte("g_")) {
				one.m, one.text = m.Clone(), render(m)
				all = append(all, one)
			}
		}
		if chunk.EOF {
			one.end = true
			all = append(all, one)
		}
	}
	slices.SortStableFunc(all, func(a, b said) int { return cmp.Compare(a.at, b.at) })
	return all
}

func framingOf(t testing.TB, line []byte) codec.Framing {
	proof, err := codec.ParseProof(line)
	if err != nil {
		t.Fatal(err)
	}
	f, ok := codec.ParseFraming(proof.Framing)
	if !ok {
		t.Fatalf("unknown framing %q", proof.Framing)
	}
	return f
}

// render shows a message in a form that doesn't depend on its framing, nor on the order of
// keys.
func render(m codec.Message) string {
	list := make([]any, m.Len())
	for i := range list {
		list[i] = plain(m.At(i))
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err.Error()
	}
	return string(b)
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

// A stage is a recording in which our machine plays one of the nodes.
type stage struct {
	*player
	file   string
	role   *role
	linked map[string]bool
	sent   map[string][]string // to whom, what hasn't been compared
	saw    []string            // what its program was told
	used   map[*difference]bool
	done   map[string]bool // what was recorded so far
}

// TestTranscriptsArePlayedByEitherNode puts our machine in the place of each node that was
// recorded. Given the recorded input it has to say what the original said, but for the
// differences in the table.
func TestTranscriptsArePlayedByEitherNode(t *testing.T) {
	used := map[*difference]bool{}
	for i := range roles {
		for _, file := range roles[i].files {
			t.Run(file+"/"+roles[i].self, func(t *testing.T) {
				s := newStage(t, file, &roles[i], used)
				for _, one := range readRecording(t, file) {
					s.hear(one)
				}
				s.end()
			})
		}
	}
	if !t.Failed() {
		for i := range differences {
			if !used[&differences[i]] {
				t.Errorf("nothing is different in this way any more: %+v", differences[i])
			}
		}
	}
}

func newStage(t *testing.T, file string, r *role, used map[*difference]bool) *stage {
	s := &stage{
		player: newPlayer(t, r.self), file: file, role: r, used: used,
		linked: map[string]bool{}, sent: map[string][]string{}, done: map[string]bool{},
	}
	s.local.setInternal(familyNodes, r.self, jsonValue(t, `["`+r.listens+`"]`))
	s.start()
	if r.begin != nil {
		r.begin(s)
	}
	return s
}

// do is an input.
func (s *stage) do(actions []Action) {
	s.note(actions)
	for s.Dirty() {
		s.note(s.Flush(s.now))
	}
}

func (s *stage) note(actions []Action) {
	for _, a := range actions {
		switch a.Do {
		case Send:
			s.sent[a.Node] = append(s.sent[a.Node], render(a.Message))
		case Found, Answer, Changed:
			s.saw = append(s.saw, strings.ReplaceAll(a.String(), `b"`, `"`)) // Perl's bytes are text
		}
	}
}

func (s *stage) hear(one said) {
	s.now = one.at
	switch {
	case one.from != s.role.self && one.to != s.role.self:
	case one.end:
		if peer := other(one, s.role.self); s.linked[peer] {
			s.linked[peer] = false
			s.do(s.NodeDown(s.now, peer))
		}
	case one.from == s.role.self:
		s.link(one.to)
		s.expect(one)
	default:
		s.link(one.from)
		actions, err := s.Message(s.now, one.from, one.m)
		if err != nil {
			s.t.Errorf("%s: %v", one.text, err)
		}
		s.do(actions)
	}
}

func other(one said, self string) string {
	if one.from == self {
		return one.to
	}
	return one.from
}

// link has the link come up.
func (s *stage) link(peer string) {
	if s.linked[peer] {
		return
	}
	s.linked[peer] = true
	s.do(s.NodeUp(s.now, peer, false))
	if s.role.seed == peer {
		s.do(s.SeedUp(s.now, peer))
	}
}

// expect looks for a recorded message among ours.
func (s *stage) expect(one said) {
	text, again := one.text, s.done[one.text]
	s.done[text] = true
	if does := s.role.does[text]; does != nil && !again {
		does(s)
	}
	if d := s.rule(func(d *difference) bool { return d.recorded == text && (again || !d.again) }); d != nil {
		if text = d.ours; text == "" {
			return
		}
	}
	i := slices.Index(s.sent[one.to], text)
	if i < 0 {
		s.t.Errorf("at %v %s sent %s to %s; we sent %q", one.at, one.from, one.text, one.to, s.sent[one.to])
		return
	}
	s.sent[one.to] = slices.Delete(s.sent[one.to], i, i+1)
}

func (s *stage) end() {
	for peer, list := range s.sent {
		if s.role.unrecorded[peer] {
			continue
		}
		for _, text := range list {
			if s.rule(func(d *difference) bool { return d.recorded == "" && d.ours == text }) == nil {
				s.t.Errorf("to %s we sent %s, too", peer, text)
			}
		}
	}
	if !slices.Equal(s.saw, s.role.sees) {
		s.t.Errorf("the program saw\n%s\nnot\n%s", strings.Join(s.saw, "\n"), strings.Join(s.role.sees, "\n"))
	}
	for text := range s.role.does {
		if !s.done[text] {
			s.t.Errorf("%s was never sent", text)
		}
	}
}

func (s *stage) rule(is func(*difference) bool) *difference {
	for i := range differences {
		d := &differences[i]
		if d.self == s.role.self && slices.ContainsFunc(d.files, func(f string) bool { return strings.HasPrefix(s.file, f) }) && is(d) {
			s.used[d] = true
			return d
		}
	}
	return nil
}
