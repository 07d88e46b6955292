package codec_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"pgregory.net/rapid"
)

func TestGreetingIsReadFieldByField(t *testing.T) {
	g, err := codec.ParseGreeting([]byte("aemp-dataconn;1;a/b:c;m1,m2;json;x=1;flag;empty=;k=a=b"))
	if err != nil {
		t.Fatal(err)
	}
	want := codec.Greeting{
		Protocol: "aemp-dataconn", Version: "1", Node: "a/b:c", Auths: []string{"m1", "m2"}, Framings: []string{"json"},
		Keys: []codec.Key{{"x", "1", true}, {"flag", "", false}, {"empty", "", true}, {"k", "a=b", true}},
	}
	if !reflect.DeepEqual(g, want) {
		t.Errorf("have %+v", g)
	}
	for name, value := range map[string]string{"x": "1", "flag": "", "empty": "", "k": "a=b"} {
		if got, ok := g.Key(name); !ok || got != value {
			t.Errorf("key %s is %q, %v", name, got, ok)
		}
	}
	if _, ok := g.Key("other"); ok {
		t.Error("found a key that isn't there")
	}
}

func TestGreetingWithoutMethodsOrFramingsHasNone(t *testing.T) {
	g, err := codec.ParseGreeting([]byte("aemp;1;n;;"))
	if err != nil || len(g.Auths) > 0 || len(g.Framings) > 0 || len(g.Keys) > 0 {
		t.Errorf("%+v, %v", g, err)
	}
}

func TestGreetingOfAnotherVersionTellsItsVersion(t *testing.T) {
	for line, node := range map[string]string{"aemp;2": "", "aemp;2;n": "n", "aemp;2;n;whatever": "n"} {
		g, err := codec.ParseGreeting([]byte(line))
		if err != nil || g.Version != "2" || g.Node != node {
			t.Errorf("%s: %+v, %v", line, g, err)
		}
	}
}

func TestBadGreetingsAreRefused(t *testing.T) {
	for line, what := range map[string]string{
		"":                 "begin with aemp",
		"http":             "begin with aemp",
		"aempx;1;n;;":      "begin with aemp",
		"aemp-;1;n;;":      "begin with aemp",
		"aemp":             "version",
		"aemp;1":           "fewer than five",
		"aemp;1;n;a":       "fewer than five",
		"aemp;1;;a;b":      "is empty",
		"aemp;1;a#b;a;b":   "'#'",
		"aemp;1;a\x00;a;b": "has '\\x00'",
		"aemp;1;a\rb;a;b":  "'\\r'",
		"aemp;1;" + strings.Repeat("n", 256) + ";a;b": "more than 255",
	} {
		_, err := codec.ParseGreeting([]byte(line))
		var e *codec.GreetingError
		if !errors.As(err, &e) || !strings.Contains(e.Error(), what) {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestProofIgnoresFurtherFields(t *testing.T) {
	p, err := codec.ParseProof([]byte("m;data;json;more;fields"))
	if err != nil || p != (codec.Proof{Method: "m", Data: "data", Framing: "json"}) {
		t.Errorf("%+v, %v", p, err)
	}
	if got := string(p.Append([]byte("> "))); got != "> m;data;json" {
		t.Error(got)
	}
	var e *codec.GreetingError
	if _, err := codec.ParseProof([]byte("m;data")); !errors.As(err, &e) {
		t.Error(err)
	}
}

func TestProofsDependOnEverythingTheyAreMadeOf(t *testing.T) {
	b := func(s string) []byte { return []byte(s) }
	binding := codec.Binding(b("l1"), b("l2"), b("r1"), b("r2"))
	if string(binding) != "l1\nl2\nr1\nr2\n" {
		t.Errorf("binding is %q", binding)
	}
	other := codec.Binding(b("r1"), b("r2"), b("l1"), b("l2"))
	seen := map[string]string{}
	for name, proof := range map[string]string{
		"hmac": codec.HMACProof(b("s"), binding), "other lines": codec.HMACProof(b("s"), other), "other secret": codec.HMACProof(b("t"), binding),
		"tls": codec.TLSProof(binding), "tls, other lines": codec.TLSProof(other),
		"exported": codec.ExportedProof(b("e"), b("s"), binding), "other session": codec.ExportedProof(b("f"), b("s"), binding),
		"exported, no secret": codec.ExportedProof(b("e"), nil, binding), "exported, other lines": codec.ExportedProof(b("e"), b("s"), other),
	} {
		if len(proof) != 128 || strings.ToLower(proof) != proof {
			t.Errorf("%s: %q isn't 64 octets in lowercase hex", name, proof)
		}
		if same := seen[proof]; same != "" {
			t.Errorf("%s and %s are the same", name, same)
		}
		seen[proof] = name
	}
	if codec.CleartextProof(b("geheim")) != "67656865696d" {
		t.Error("cleartext")
	}
	if !codec.ProofEqual("abc", "abc") || codec.ProofEqual("abc", "abd") || codec.ProofEqual("abc", "ab") {
		t.Error("ProofEqual")
	}
}

func TestSecretCharactersAreOctets(t *testing.T) {
	secret, err := codec.ParseSecret("aéÿ")
	if err != nil || string(secret) != "a\xe9\xff" {
		t.Errorf("%q, %v", secret, err)
	}
	if _, err := codec.ParseSecret("a☺"); err == nil || !strings.Contains(err.Error(), "octet 1") {
		t.Error(err)
	}
}

func TestNonceIsBase64(t *testing.T) {
	random := []byte(strings.Repeat("\xff\x00\x7f", 22))
	nonce := codec.Nonce(random)
	if back, err := base64.StdEncoding.DecodeString(nonce); len(nonce) != 88 || err != nil || string(back) != string(random) {
		t.Errorf("%q, %v", nonce, err)
	}
}

func TestNodeIDsOfOursAreStrict(t *testing.T) {
	for _, id := range []string{"a", "host.example-1:4040", "anon/aZ_9", strings.Repeat("x", 255)} {
		if err := codec.ValidNodeID(id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"", "a b", "é", "a#b", "a;b", "a\n", strings.Repeat("x", 256)} {
		var e *codec.IDError
		if err := codec.ValidNodeID(id); !errors.As(err, &e) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestNodeIDsOfPeersAreTolerated(t *testing.T) {
	for _, id := range []string{"a b", "é", "\xff", "a,b", "%n"} {
		if err := codec.ValidPeerID(id); err != nil {
			t.Error(err)
		}
	}
	for _, id := range []string{"", "a#b", "a;b", "a\n", "a\r", "a\x00", strings.Repeat("x", 256)} {
		if err := codec.ValidPeerID(id); err == nil {
			t.Errorf("%q is accepted", id)
		}
	}
}

func TestPortIDsSplitAtTheFirstHash(t *testing.T) {
	for id, want := range map[string][2]string{"n#p": {"n", "p"}, "n": {"n", ""}, "n#": {"n", ""}, "n#p#q": {"n", "p#q"}, "#p": {"", "p"}} {
		if node, port := codec.SplitPortID(id); node != want[0] || port != want[1] {
			t.Errorf("%q: %q, %q", id, node, port)
		}
	}
}

func TestFramingsHaveNames(t *testing.T) {
	for _, f := range []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON} {
		if got, ok := codec.ParseFraming(f.String()); !ok || got != f {
			t.Errorf("%s: %v, %v", f, got, ok)
		}
	}
	if _, ok := codec.ParseFraming("storable"); ok {
		t.Error("storable is known")
	}
	if codec.Framing(9).String() != "unknown framing" {
		t.Error(codec.Framing(9))
	}
}

// feedLines gives what lines a stream has that comes in these pieces, and what is
// left after the last one.
func feedLines(pieces ...string) (lines []string, err error) {
	var r codec.LineReader
	for _, piece := range pieces {
		for p := []byte(piece); len(p) > 0; {
			line, rest, ok, err := r.Feed(p)
			if err != nil {
				return lines, err
			}
			if ok {
				lines = append(lines, string(line))
			}
			p = rest
		}
	}
	return lines, nil
}

func TestLinesEndWithLFOrCRLF(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s := strings.Join(rapid.SliceOf(rapid.SampledFrom([]string{"a", "bc", "\n", "\r\n", "\r"})).Draw(r, "parts"), "") + "\n"
		cut := rapid.IntRange(0, len(s)).Draw(r, "cut")
		var want []string
		for line := range strings.Lines(s) {
			want = append(want, strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r"))
		}
		if got, err := feedLines(s[:cut], s[cut:]); err != nil || !reflect.DeepEqual(got, want) {
			r.Fatalf("have %q, %v, want %q", got, err, want)
		}
	})
}

func TestLinesAreLimited(t *testing.T) {
	full := strings.Repeat("x", codec.MaxLine)
	for _, end := range []string{"\n", "\r\n"} {
		if lines, err := feedLines(full, end); err != nil || len(lines) != 1 || lines[0] != full {
			t.Error("longest line:", err)
		}
		if lines, err := feedLines(full + end); err != nil || len(lines) != 1 {
			t.Error("longest line at once:", err)
		}
		var e *codec.LimitError
		for _, pieces := range [][]string{{full + "x" + end}, {full, "x" + end}, {full + "x", end}, {full + "xx"}, {full + "x"}} {
			if _, err := feedLines(pieces...); !errors.As(err, &e) || e.Limit != codec.MaxLine {
				t.Error("line too long:", err)
			}
		}
	}
}

func TestLineReaderGivesTheRestBack(t *testing.T) {
	var r codec.LineReader
	line, rest, ok, err := r.Feed([]byte("one\ntwo\nthree"))
	if string(line) != "one" || string(rest) != "two\nthree" || !ok || err != nil {
		t.Errorf("%q, %q, %v, %v", line, rest, ok, err)
	}
}
