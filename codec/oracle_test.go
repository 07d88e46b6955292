package codec_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aemp-go/aemp/codec"
	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"
)

// values generates Go values that can be sent, depth levels deep.
func values(depth int, text *rapid.Generator[string]) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.Just[any](nil),
		rapid.Bool().AsAny(),
		rapid.Int64().AsAny(),
		rapid.Int64Range(-300, 300).AsAny(),
		rapid.Uint64().AsAny(),
		rapid.Float64().AsAny(),
		rapid.Float64Range(-1e6, 1e6).AsAny(),
		text.AsAny(),
		rapid.SliceOf(rapid.Byte()).AsAny(),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	inner := values(depth-1, text)
	return rapid.OneOf(append(scalars,
		rapid.SliceOfN(inner, 0, 20).AsAny(),
		rapid.MapOfN(text, inner, 0, 20).AsAny(),
	)...)
}

func arguments(text *rapid.Generator[string]) *rapid.Generator[[]any] {
	return rapid.SliceOfN(values(3, text), 1, 20)
}

// anyText is also text that isn't UTF-8.
var anyText = rapid.OneOf(rapid.String(), rapid.StringN(30, 300, -1),
	rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }))

// canon writes a value down so that equal ones are written equally, whatever Go
// types they have. text says how a string is written.
func canon(v any, text func(string) string) string {
	switch x := v.(type) {
	case nil:
		return "nil"
	case string:
		return text(x)
	case []byte:
		return fmt.Sprintf("b%x", x)
	case float32:
		return canon(float64(x), text)
	case float64:
		if math.IsNaN(x) {
			return "nan"
		}
		return fmt.Sprintf("f%x", math.Float64bits(x))
	case big.Int:
		return x.String()
	case *big.Int:
		return x.String()
	case json.Number:
		if !strings.ContainsAny(x.String(), ".e") {
			return x.String()
		}
		f, _ := x.Float64()
		return canon(f, text)
	case []any:
		var s []string
		for _, e := range x {
			s = append(s, canon(e, text))
		}
		return "[" + strings.Join(s, " ") + "]"
	case map[string]any:
		var s []string
		for _, k := range slices.Sorted(maps.Keys(x)) {
			s = append(s, text(k)+":"+canon(x[k], text))
		}
		slices.Sort(s)
		return "{" + strings.Join(s, " ") + "}"
	default:
		return fmt.Sprint(x)
	}
}

func quoted(s string) string { return "t" + strconv.Quote(s) }

// body encodes a message and says what frame it is in.
func bodyOf(t testing.TB, args []any) []byte {
	t.Helper()
	frame, err := codec.AppendFrameArgs(nil, "port", codec.DefaultLimits, args)
	if err != nil {
		t.Fatal(err)
	}
	return frame[4:]
}

// decodeOne reads one message from a stream cut in two.
func decodeOne(t testing.TB, f codec.Framing, wire []byte, cut int) codec.Message {
	t.Helper()
	d := codec.NewDecoder(f, codec.DefaultLimits)
	for _, piece := range [][]byte{wire[:cut], wire[cut:]} {
		d.Feed(piece)
		_, body, ok, err := d.Next()
		if err != nil {
			t.Fatalf("%v in %q", err, wire)
		}
		if !ok {
			continue
		}
		if err := codec.Check(body, codec.DefaultLimits); err != nil {
			t.Fatal(err)
		}
		port, m, err := codec.Split(body)
		if err != nil || string(port) != "port" {
			t.Fatalf("port %q, error %v", port, err)
		}
		return m
	}
	t.Fatalf("no message in %q", wire)
	return codec.Message{}
}

func mustAny(t testing.TB, m codec.Message) []any {
	t.Helper()
	list, err := m.Any()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestEveryFramingBringsBackWhatWasSent(t *testing.T) {
	for _, f := range []codec.Framing{codec.Msgpack, codec.CBOR} {
		t.Run(f.String(), func(t *testing.T) {
			rapid.Check(t, func(r *rapid.T) {
				args := arguments(rapid.String()).Draw(r, "args")
				wire, err := codec.AppendFrame(nil, f, bodyOf(t, args), codec.DefaultLimits)
				if err != nil {
					r.Fatal(err)
				}
				m := decodeOne(t, f, wire, rapid.IntRange(0, len(wire)-1).Draw(r, "cut"))
				if got, want := canon(mustAny(t, m), quoted), canon(args, quoted); got != want {
					r.Fatalf("have %s, want %s", got, want)
				}
			})
		})
	}
}

func TestAnotherCBORLibraryReadsWhatWeSend(t *testing.T) {
	mode, err := cbor.DecOptions{UTF8: cbor.UTF8DecodeInvalid, DefaultMapType: nil, MaxNestedLevels: 100,
		ByteStringToString: cbor.ByteStringToStringAllowed}.DecMode()
	if err != nil {
		t.Fatal(err)
	}
	// A text that isn't UTF-8 goes out as bytes.
	text := func(s string) string {
		if !utf8.ValidString(s) {
			return fmt.Sprintf("b%x", s)
		}
		return quoted(s)
	}
	rapid.Check(t, func(r *rapid.T) {
		args := arguments(anyText).Draw(r, "args")
		wire, err := codec.AppendFrame(nil, codec.CBOR, bodyOf(t, args), codec.DefaultLimits)
		if err != nil {
			r.Fatal(err)
		}
		var list []any
		if err := mode.Unmarshal(wire, &list); err != nil {
			r.Fatalf("%v in %x", err, wire)
		}
		if got, want := canonCBOR(list[1:]), canon(args, text); got != want {
			r.Fatalf("have %s, want %s", got, want)
		}
	})
}

// canonCBOR is canon for what the CBOR library makes: its maps have any key.
func canonCBOR(v any) string {
	switch x := v.(type) {
	case []any:
		var s []string
		for _, e := range x {
			s = append(s, canonCBOR(e))
		}
		return "[" + strings.Join(s, " ") + "]"
	case map[any]any:
		var s []string
		for k, e := range x {
			key := ""
			switch k := k.(type) {
			case cbor.ByteString:
				key = fmt.Sprintf("b%x", string(k))
			default:
				key = canon(k, quoted)
			}
			s = append(s, key+":"+canonCBOR(e))
		}
		slices.Sort(s)
		return "{" + strings.Join(s, " ") + "}"
	}
	return canon(v, quoted)
}

func TestWeReadWhatAnotherCBORLibrarySends(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		args := arguments(anyText).Draw(r, "args")
		mode, err := cbor.EncOptions{
			ShortestFloat: rapid.SampledFrom([]cbor.ShortestFloatMode{cbor.ShortestFloatNone, cbor.ShortestFloat16}).Draw(r, "floats"),
		}.EncMode()
		if err != nil {
			r.Fatal(err)
		}
		wire, err := mode.Marshal(append([]any{"port"}, args...))
		if err != nil {
			r.Fatal(err)
		}
		m := decodeOne(t, codec.CBOR, wire, rapid.IntRange(0, len(wire)-1).Draw(r, "cut"))
		if got, want := canon(mustAny(t, m), quoted), canon(args, quoted); got != want {
			r.Fatalf("have %s, want %s", got, want)
		}
	})
}

// jsonAble drops what JSON can't carry.
func jsonAble(v any) any {
	switch x := v.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil
		}
	case []byte: // one character for each octet
		s := make([]rune, len(x))
		for i, c := range x {
			s[i] = rune(c)
		}
		return string(s)
	case []any:
		list := []any{}
		for _, e := range x {
			list = append(list, jsonAble(e))
		}
		return list
	case map[string]any:
		m := map[string]any{}
		for k, e := range x {
			m[k] = jsonAble(e)
		}
		return m
	}
	return v
}

func TestAnotherJSONLibraryReadsWhatWeSend(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		args := arguments(rapid.String()).Draw(r, "args")
		body := bodyOf(t, args)
		wire, err := codec.AppendFrame(nil, codec.JSON, body, codec.DefaultLimits)
		if err != nil {
			if !strings.Contains(fmt.Sprint(args...), "NaN") && !strings.Contains(fmt.Sprint(args...), "Inf") {
				r.Fatal(err)
			}
			args = jsonAble(args).([]any)
			if wire, err = codec.AppendFrame(nil, codec.JSON, bodyOf(t, args), codec.DefaultLimits); err != nil {
				r.Fatal(err)
			}
		}
		args = jsonAble(args).([]any)
		d := json.NewDecoder(bytes.NewReader(wire))
		d.UseNumber()
		var list []any
		if err := d.Decode(&list); err != nil {
			r.Fatalf("%v in %q", err, wire)
		}
		want := canon(args, quoted)
		if got := canon(list[1:], quoted); got != want {
			r.Fatalf("have %s, want %s", got, want)
		}
		m := decodeOne(t, codec.JSON, wire, rapid.IntRange(0, len(wire)-1).Draw(r, "cut"))
		if got := canon(mustAny(t, m), quoted); got != want {
			r.Fatalf("we read %s, want %s", got, want)
		}
	})
}

func TestWeReadWhatAnotherJSONLibrarySends(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		args := jsonAble(arguments(rapid.String()).Draw(r, "args")).([]any)
		var wire []byte
		var err error
		if rapid.Bool().Draw(r, "indent") {
			wire, err = json.MarshalIndent(append([]any{"port"}, args...), " ", "\t")
		} else {
			wire, err = json.Marshal(append([]any{"port"}, args...))
		}
		if err != nil {
			r.Fatal(err)
		}
		// There a float that is an integer looks like one.
		d := json.NewDecoder(bytes.NewReader(wire))
		d.UseNumber()
		var list []any
		if err := d.Decode(&list); err != nil {
			r.Fatal(err)
		}
		m := decodeOne(t, codec.JSON, wire, rapid.IntRange(0, len(wire)-1).Draw(r, "cut"))
		if got, want := canon(mustAny(t, m), quoted), canon(floatIfLarge(list[1:]), quoted); got != want {
			r.Fatalf("have %s, want %s\n%q", got, want, wire)
		}
	})
}

// floatIfLarge makes floats of integers that don't fit into 64 bits.
func floatIfLarge(v any) any {
	switch x := v.(type) {
	case json.Number:
		if n, ok := new(big.Int).SetString(x.String(), 10); ok {
			if n.IsInt64() || n.IsUint64() {
				return n
			}
			f, _ := x.Float64()
			return f
		}
		return x
	case []any:
		for i := range x {
			x[i] = floatIfLarge(x[i])
		}
	case map[string]any:
		for k := range x {
			x[k] = floatIfLarge(x[k])
		}
	}
	return v
}

func TestJSONAgreesWithAnotherLibraryOnWhatIsJSON(t *testing.T) {
	piece := rapid.SampledFrom([]string{
		"0", "-0", "-", "1", "01", "1.", ".5", "1.5", "1e5", "1E+5", "1e", "1e-", "-1.5e-3", "+1", "12345678901234567890",
		"99999999999999999999", "true", "false", "null", "tru", "nulll", `"a"`, `"\n\/\b\f\r\t\"\\"`, `"\u00e9"`, `"\u12"`, `"\x"`,
		"\"\x01\"", `"`, `"ü"`, `"\ud83d\ude00"`, "[", "]", "{", "}", ",", ":", " ", "\n", `"k":`, `{"k":1}`, "[]", "{}", "\v",
	})
	rapid.Check(t, func(r *rapid.T) {
		wire := []byte("[" + strings.Join(rapid.SliceOfN(piece, 0, 8).Draw(r, "pieces"), "") + "]")
		d := codec.NewDecoder(codec.JSON, codec.DefaultLimits)
		d.Feed(wire)
		var err error
		for ok := true; ok && err == nil; {
			_, _, ok, err = d.Next()
		}
		if json.Valid(wire) {
			if err != nil || d.Buffered() > 0 {
				r.Fatalf("%q is JSON: %v", wire, err)
			}
			return
		}
		// Several values in a row are no JSON text, but fine for us.
		for all := json.NewDecoder(bytes.NewReader(wire)); ; {
			var v any
			if all.Decode(&v) != nil {
				if rest := all.InputOffset(); err == nil && d.Buffered() == 0 && len(bytes.TrimSpace(wire[rest:])) > 0 {
					r.Fatalf("%q isn't JSON", wire)
				}
				return
			}
		}
	})
}
