package codec_test

import (
	"bytes"
	"math"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"pgregory.net/rapid"
)

// plainArgs generates scalars, among them those around the edges of every size of head.
var plainArgs = rapid.SliceOfN(rapid.OneOf(
	rapid.Just[any](nil),
	rapid.Bool().AsAny(),
	rapid.Map(rapid.SampledFrom([]int64{0, 10, 23, 24, 31, 32, 100, 127, 128, 255, 256, 65535, 65536, math.MaxUint32, math.MaxUint32 + 1, math.MaxInt64}),
		func(n int64) any { return n }),
	rapid.Map(rapid.SampledFrom([]int64{-1, -24, -25, -32, -33, -128, -129, -256, -257, -32768, -32769, -65536, -65537, math.MinInt32, math.MinInt64}),
		func(n int64) any { return int(n) }),
	rapid.Int64().AsAny(),
	rapid.Float64().AsAny(),
	rapid.Map(rapid.IntRange(0, 300), func(n int) any { return strings.Repeat("x", n) }),
	rapid.StringN(0, 40, -1).AsAny(),
	rapid.Map(rapid.SampledFrom([]string{"\"", "12345678\\", "\x00", "\x7f", "\x80", "1234567\x1f", "ü", "\xff12345678"}), func(s string) any { return s }),
	rapid.SliceOfN(rapid.Byte(), 0, 40).AsAny(),
), 0, 16)

// A list inside the message takes the writer off its fast path.
func TestAMessageOfScalarsIsWrittenAsOneWithMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		args := plainArgs.Draw(r, "args")
		for f, end := range map[codec.Framing]string{codec.CBOR: "\x80", codec.JSON: ",[]]"} {
			short, err := codec.AppendFrame(nil, f, bodyOf(t, args), codec.DefaultLimits)
			long, lerr := codec.AppendFrame(nil, f, bodyOf(t, append(args[:len(args):len(args)], []any{})), codec.DefaultLimits)
			if (err == nil) != (lerr == nil) {
				r.Fatal(err, lerr)
			}
			if err != nil {
				continue // JSON can't carry it
			}
			if f == codec.JSON {
				short = bytes.TrimSuffix(short, []byte("]"))
			}
			if want := string(short[1:]) + end; string(long[1:]) != want { // behind the list's head
				r.Fatalf("%s: have %q, want %q", f, long[1:], want)
			}
		}
	})
}

func TestTheShortWayWritesWhatTheLongWayDoes(t *testing.T) {
	var plain int
	rapid.Check(t, func(r *rapid.T) {
		args := plainArgs.Draw(r, "args")
		for _, f := range []codec.Framing{codec.CBOR, codec.JSON} {
			want, err := codec.AppendFrame([]byte("before"), f, bodyOf(t, args), codec.DefaultLimits)
			got, ok := codec.AppendPlain([]byte("before"), f, "port", codec.DefaultLimits, args)
			switch {
			case !ok && string(got) != "before":
				r.Fatalf("%s: refused, but %q is there", f, got)
			case !ok:
			case err != nil || !bytes.Equal(got, want):
				r.Fatalf("%s: have %q, want %q, %v", f, got, want, err)
			default:
				plain++
			}
		}
	})
	if plain == 0 {
		t.Error("never was the short way taken")
	}
}

func TestTheShortWayIsForPlainMessages(t *testing.T) {
	for _, c := range []struct {
		arg        any
		cbor, json bool
	}{
		{nil, true, true},
		{true, true, true},
		{7, true, true},
		{int64(-1) << 40, true, true},
		{1.5, true, true},
		{math.NaN(), true, false},
		{"text", true, true},
		{"\"", true, false},
		{"ü", false, false},
		{strings.Repeat("x", 42), true, true},
		{strings.Repeat("x", 43), true, false},
		{strings.Repeat("x", 45), true, false},
		{strings.Repeat("x", 46), false, false},
		{[]byte("octets"), false, false},
		{[]any{}, false, false},
	} {
		lim := codec.Limits{Message: 101, Depth: 5, Items: 20}
		for f, want := range map[codec.Framing]bool{codec.CBOR: c.cbor, codec.JSON: c.json, codec.Msgpack: false} {
			if _, ok := codec.AppendPlain(nil, f, "p", lim, []any{c.arg}); ok != want {
				t.Errorf("%v in %s: %v", c.arg, f, ok)
			}
		}
	}
}

func TestCBORHeadsAreAsShortAsTheyCanBe(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{"\x91\xcc\x17", "\x81\x17"},
		{"\x91\xcc\x18", "\x81\x18\x18"},
		{"\x91\xcd\x00\xff", "\x81\x18\xff"},
		{"\x91\xcd\x01\x00", "\x81\x19\x01\x00"},
		{"\x91\xce\x00\x00\xff\xff", "\x81\x19\xff\xff"},
		{"\x91\xce\x00\x01\x00\x00", "\x81\x1a\x00\x01\x00\x00"},
		{"\x91\xce\x01\x00\x00\x00", "\x81\x1a\x01\x00\x00\x00"},
		{"\x91\xcf\x00\x00\x00\x00\x00\x00\x00\x01", "\x81\x01"},
		{"\x91\xd3\xff\xff\xff\xff\xff\xff\xff\xff", "\x81\x20"},
		{"\x91\xff", "\x81\x20"},
		{"\x91\xe8", "\x81\x37"},
		{"\x91\xe7", "\x81\x38\x18"},
		{"\x91\xd9\x01x", "\x81\x61x"},
		{"\x91\xd9\x18" + strings.Repeat("x", 24), "\x81\x78\x18" + strings.Repeat("x", 24)},
		{"\x91\xdb\x00\x00\x00\x01x", "\x81\x61x"},
		{"\xdc\x00\x01\xde\x00\x00", "\x81\xa0"},
	} {
		if got, err := codec.AppendFrame([]byte("before"), codec.CBOR, []byte(c.body), codec.DefaultLimits); err != nil || string(got) != "before"+c.want {
			t.Errorf("%x is written as %x, %v", c.body, got, err)
		}
	}
}
