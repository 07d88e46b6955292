package codec_test

import (
	"bytes"
	"testing"

	"github.com/aemp-go/aemp/codec"
)

//go:generate go run github.com/tinylib/msgp -io=false -tests=false -unexported -o note_gen_test.go

//msgp:tuple note

// A note is a message type that is decoded without an allocation.
type note struct {
	Subject codec.String
	N       int64
	Text    codec.String
}

func TestStringFieldsTakeTextAndBytes(t *testing.T) {
	for _, c := range []struct {
		arg  any
		want string
	}{{"", ""}, {"abc", "abc"}, {"☺é", "☺é"}, {[]byte("abc"), "abc"}, {[]byte{0xe9, 'x'}, "éx"}} {
		m, err := codec.MessageOf(c.arg, 1, c.arg)
		if err != nil {
			t.Fatal(err)
		}
		var got note
		if err := m.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if string(got.Subject) != c.want || string(got.Text) != c.want {
			t.Errorf("%q came as %q and %q", c.arg, got.Subject, got.Text)
		}
	}
}

func TestStringFieldsGoOutAsText(t *testing.T) {
	b, n, err := codec.AppendMsg(nil, "", &note{Subject: codec.String("é"), N: 300, Text: codec.String("x")})
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	want, err := codec.MessageOf("é", 300, "x")
	if got := codec.ArgsMessage(b, n); err != nil || !got.Equal(want) {
		t.Fatalf("%v instead of %v, %v", got, want, err)
	}
}

func TestStringFieldsRefuseNumbers(t *testing.T) {
	var s codec.String
	if _, err := s.UnmarshalMsg([]byte{7}); err == nil {
		t.Fatal("a number was taken for text")
	}
	if _, err := s.UnmarshalMsg([]byte{0xc4, 5, 1}); err == nil {
		t.Fatal("cut octets were taken for text")
	}
}

// What is borrowed is given back: the octet before the arguments is another's.
func TestDecodeLeavesTheOctetBeforeTheArguments(t *testing.T) {
	frame, err := codec.AppendFrameArgs(nil, "port", codec.DefaultLimits, []any{"tag", "s", 300, "x"})
	if err != nil {
		t.Fatal(err)
	}
	before := bytes.Clone(frame)
	_, m, err := codec.Split(frame[4:])
	if err != nil {
		t.Fatal(err)
	}
	var got note
	if err := m.Drop(1).Decode(&got); err != nil || string(got.Subject) != "s" || got.N != 300 || string(got.Text) != "x" {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := m.Decode(&got); err == nil {
		t.Fatal("four arguments went into three fields")
	}
	if !bytes.Equal(frame, before) {
		t.Fatalf("% x became % x", before, frame)
	}
}

func TestATaggedMessageIsTheTagAndTheFields(t *testing.T) {
	sent := &note{Subject: codec.String("s"), N: 300, Text: codec.String("x")}
	frame, err := codec.AppendFrameMsg(nil, "port", "tag", sent, codec.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	port, got, err := codec.Split(frame[4:])
	if err != nil {
		t.Fatal(err)
	}
	want, err := codec.MessageOf("tag", "s", 300, "x")
	if err != nil || string(port) != "port" || !got.Equal(want) {
		t.Fatalf("%s %v instead of %v, %v", port, got, want, err)
	}
}

func TestDecodingStringFieldsAllocatesNothing(t *testing.T) {
	frame, err := codec.AppendFrameArgs(nil, "port", codec.DefaultLimits, []any{"tag", "subject", 300, benchText})
	if err != nil {
		t.Fatal(err)
	}
	var got note
	if n := testing.AllocsPerRun(1000, func() {
		_, m, err := codec.Split(frame[4:])
		if err == nil {
			err = m.Drop(1).Decode(&got)
		}
		if err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCutTagIsTagAndDrop(t *testing.T) {
	for _, args := range [][]any{{}, {"tag"}, {"tag", 1, "x"}, {"", 2}, {[]byte{0xe9}, 3}, {nil, 4}, {5, "tag"},
		{string(make([]byte, 40)), 6}} {
		frame, err := codec.AppendFrameArgs(nil, "port", codec.DefaultLimits, args)
		if err != nil {
			t.Fatal(err)
		}
		_, borrowed, err := codec.Split(frame[4:])
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []codec.Message{borrowed, borrowed.Clone()} {
			tag, rest, ok := m.CutTag()
			wantTag, wantOK := m.Tag()
			if ok != wantOK || !bytes.Equal(tag, wantTag) {
				t.Errorf("%v: tag %q, %v instead of %q, %v", m, tag, ok, wantTag, wantOK)
			}
			if ok && !rest.Equal(m.Drop(1)) {
				t.Errorf("%v: rest %v instead of %v", m, rest, m.Drop(1))
			}
		}
	}
}
