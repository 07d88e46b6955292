package codec_test

import (
	"math"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// Transcripts 03 and 03b hold one message for each type of Perl value. Their
// header says what Perl itself received, in a notation like
//
//	undef  int:5  num:1e+300  str:abc  str/utf8:\x{263a}  [int:1,[]]  {str:k=>undef}
//
// which perlNotation reads and compares to what our accessors say.
type perlNotation struct {
	t    *testing.T
	rest string
	json bool
}

func (p *perlNotation) take(prefix string) bool {
	rest, found := strings.CutPrefix(p.rest, prefix)
	if found {
		p.rest = rest
	}
	return found
}

// until takes what comes before the first of the octets in stop, or everything.
func (p *perlNotation) until(stop string) string {
	i := strings.IndexAny(p.rest, stop)
	if i < 0 {
		i = len(p.rest)
	}
	s := p.rest[:i]
	p.rest = p.rest[i:]
	return s
}

// quoted takes a string, with its escapes undone.
func (p *perlNotation) quoted() string {
	s := p.until(",]}=")
	for strings.Count(s, "{") > strings.Count(s, "}") { // that was the end of an escape
		p.take("}")
		s += "}" + p.until(",]}=")
	}
	return p.text(s)
}

// text undoes the escapes \x{HEX}.
func (p *perlNotation) text(s string) string {
	var out strings.Builder
	for {
		before, after, found := strings.Cut(s, `\x{`)
		out.WriteString(before)
		if !found {
			return out.String()
		}
		hex, rest, _ := strings.Cut(after, "}")
		c, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			p.t.Fatal(err)
		}
		out.WriteRune(rune(c))
		s = rest
	}
}

// same compares the value that comes next in the notation with v.
func (p *perlNotation) same(v codec.Value) {
	p.t.Helper()
	switch {
	case p.take("undef"):
		if !v.IsNil() {
			p.t.Errorf("have %v, want nil", v)
		}
	case p.take("int:"):
		digits := p.until(",]}")
		if got, err := v.Text(); err != nil || got != digits || v.Kind() != codec.Int {
			p.t.Errorf("have %v (%s), want the integer %s", v, v.Kind(), digits)
		}
		p.number(v, digits)
	case p.take("num:"):
		digits := p.until(",]}")
		if v.Kind() != codec.Float {
			p.t.Errorf("%v is of kind %s", v, v.Kind())
		}
		p.number(v, digits)
	case p.take("str:"):
		p.string(v, codec.Bytes)
	case p.take("str/utf8:"):
		p.string(v, codec.Text)
	case p.take("["):
		p.list(v)
	case p.take("{"):
		p.mapping(v)
	case p.take("JSON::PP::Boolean("):
		want := p.until(")") == "1"
		p.take(")")
		if got, err := v.Bool(); err != nil || got != want {
			p.t.Errorf("have %v, want %v", v, want)
		}
	case p.take("Math::BigInt("):
		want := p.until(")")
		p.take(")")
		if n, ok := v.Any().(*big.Int); !ok || n.String() != want {
			p.t.Errorf("have %v, want %s", v.Any(), want)
		}
	default:
		p.t.Fatalf("unknown notation %q", p.rest)
	}
}

// number compares what Float says to 15 digits, which is what Perl prints.
func (p *perlNotation) number(v codec.Value, digits string) {
	got, err := v.Float()
	if err != nil {
		p.t.Error(err)
		return
	}
	want, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		p.t.Fatal(err)
	}
	if format := func(f float64) string { return strconv.FormatFloat(f, 'g', 15, 64) }; format(got) != format(want) {
		p.t.Errorf("have %v, want %v", got, want)
	}
}

func (p *perlNotation) string(v codec.Value, kind codec.ValueKind) {
	want := p.quoted()
	if got, err := v.Text(); err != nil || got != want {
		p.t.Errorf("have %q, want %q", got, want)
	}
	if !p.json && v.Kind() != kind {
		p.t.Errorf("%q is of kind %s, want %s", want, v.Kind(), kind)
	}
}

func (p *perlNotation) list(v codec.Value) {
	l, err := v.List()
	if err != nil {
		p.t.Fatal(err)
	}
	for !p.take("]") {
		p.same(l.Value())
		p.take(",")
	}
	if l.Len() > 0 || l.Err() != nil {
		p.t.Errorf("list: %d elements too many, error %v", l.Len(), l.Err())
	}
}

// mapping compares maps of one entry, which is all there are.
func (p *perlNotation) mapping(v codec.Value) {
	m, err := v.Map()
	if err != nil {
		p.t.Fatal(err)
	}
	if p.take("}") {
		if m.Len() > 0 {
			p.t.Error("map isn't empty")
		}
		return
	}
	key := p.rest
	if !p.take("str/utf8:") && !p.take("str:") {
		p.t.Fatalf("key %q", key)
	}
	key = p.quoted()
	p.take("=>")
	val, ok := m.Get(key)
	if !ok || m.Len() != 1 {
		p.t.Fatalf("no key %q in %v", key, v)
	}
	p.same(val)
	if !p.take("}") {
		p.t.Fatalf("after the value of %q: %q", key, p.rest)
	}
}

// reference compares a Perl reference \LITERAL: in CBOR a tagged value.
func (p *perlNotation) reference(v codec.Value, source string) {
	number, inner, ok := v.Tag()
	if !ok || number != 22098 {
		p.t.Fatalf("%v isn't a reference", v)
	}
	literal, isRef := strings.CutPrefix(source, `\`)
	if !isRef { // a code reference can't be sent: Perl makes it a reference to undef
		literal = "undef"
	}
	if text, err := strconv.Unquote(literal); err == nil {
		literal = "str:" + text
	} else if literal != "undef" {
		literal = "int:" + literal
	}
	p.rest = literal
	p.same(inner)
	p.rest = literal
	if literal != "undef" && !strings.HasPrefix(literal, "str:") {
		if n, err := v.Int(); err != nil || strconv.FormatInt(n, 10) != literal[4:] {
			p.t.Errorf("through the tag: %d, %v", n, err)
		}
	}
}

func TestTranscriptValuesAreWhatPerlReceived(t *testing.T) {
	for _, tr := range transcripts(t) {
		if !strings.HasPrefix(tr.name, "03_") && !strings.HasPrefix(tr.name, "03b_") {
			continue
		}
		seen := 0
		_, bodies, f := extents(t, tr, stream{1, "a", "seed"})
		for _, body := range bodies {
			port, m, err := codec.Split(body)
			if err != nil {
				t.Fatal(err)
			}
			if len(port) == 0 {
				continue // of the nodes themselves
			}
			tag, ok := m.Tag()
			if !ok {
				t.Fatalf("no tag in %v", m)
			}
			want := tr.header.Received[string(tag)]
			if len(want) == 0 {
				t.Fatalf("%s: Perl received no such message", tag)
			}
			seen++
			t.Run(tr.name+"/"+string(tag), func(t *testing.T) {
				if m.Len() != len(want) {
					t.Fatalf("%d arguments, want %d", m.Len(), len(want))
				}
				for i, notation := range want {
					p := perlNotation{t: t, rest: notation, json: f == codec.JSON}
					switch {
					case strings.HasPrefix(notation, "SCALAR("):
						p.reference(m.At(i), tr.header.Perl[string(tag)])
					case p.json && string(tag) == "neg2p63" && i == 1:
						// JSON::XS makes a string of it; we keep the number
						if n, err := m.At(i).Int(); err != nil || n != -1<<63 {
							t.Error(n, err)
						}
					case p.json && string(tag) == "float_smalldenorm" && i == 1:
						// JSON::XS reads its own 4.94065645841247e-324 as 0
						if f, err := m.At(i).Float(); err != nil || f != math.SmallestNonzeroFloat64 {
							t.Error(f, err)
						}
					default:
						p.same(m.At(i))
					}
				}
			})
		}
		if seen != len(tr.header.Received) {
			t.Errorf("%s: %d messages, Perl received %d", tr.name, seen, len(tr.header.Received))
		}
	}
}
