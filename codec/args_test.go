package codec_test

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"pgregory.net/rapid"
)

func message(t testing.TB, args ...any) codec.Message {
	t.Helper()
	m, err := codec.MessageOf(args...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func value(t testing.TB, v any) codec.Value {
	t.Helper()
	return message(t, v).At(0)
}

// tagged is a value with a CBOR tag. head is the tag's head in CBOR.
func tagged(t testing.TB, head string, inner any) codec.Value {
	t.Helper()
	wire, err := codec.AppendFrame(nil, codec.CBOR, value(t, inner).Raw(), codec.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	m := decodeOne(t, codec.CBOR, []byte("\x82\x64port"+head+string(wire)), 0)
	return m.At(0).Clone()
}

func TestAccessorsAreTolerant(t *testing.T) {
	const bad = "bad" // no such reading
	big65 := new(big.Int).Lsh(big.NewInt(1), 64)
	for _, c := range []struct {
		name                             string
		v                                codec.Value
		kind                             codec.ValueKind
		int, uint, float, bool, text, bs any
	}{
		{"nil", value(t, nil), codec.Nil, bad, bad, bad, bad, bad, bad},
		{"true", value(t, true), codec.Bool, bad, bad, bad, true, bad, bad},
		{"false", value(t, false), codec.Bool, bad, bad, bad, false, bad, bad},
		{"0", value(t, 0), codec.Int, 0, 0, 0.0, false, "0", "0"},
		{"1", value(t, 1), codec.Int, 1, 1, 1.0, true, "1", "1"},
		{"-5", value(t, -5), codec.Int, -5, bad, -5.0, bad, "-5", "-5"},
		{"large", value(t, uint64(math.MaxUint64)), codec.Int, bad, uint64(math.MaxUint64), float64(1 << 64), bad, "18446744073709551615", "18446744073709551615"},
		{"1.5", value(t, 1.5), codec.Float, bad, bad, 1.5, bad, "1.5", "1.5"},
		{"integral float", value(t, -3.0), codec.Float, -3, bad, -3.0, bad, "-3", "-3"},
		{"float of 2^63", value(t, float64(1<<63)), codec.Float, bad, uint64(1 << 63), float64(1 << 63), bad, "9.223372036854776e+18", "9.223372036854776e+18"},
		{"float too large", value(t, 1e30), codec.Float, bad, bad, 1e30, bad, "1e+30", "1e+30"},
		{"NaN", value(t, math.NaN()), codec.Float, bad, bad, bad, bad, "NaN", "NaN"},
		{"text", value(t, "é☺"), codec.Text, bad, bad, bad, bad, "é☺", bad},
		{"Latin-1 text", value(t, "é"), codec.Text, bad, bad, bad, bad, "é", "\xe9"},
		{"bytes", value(t, []byte("\xe9")), codec.Bytes, bad, bad, bad, bad, "é", "\xe9"},
		{"digits", value(t, "42"), codec.Text, 42, 42, 42.0, bad, "42", "42"},
		{"digits in bytes", value(t, []byte("-42")), codec.Bytes, -42, bad, -42.0, bad, "-42", "-42"},
		{"large digits", value(t, "18446744073709551615"), codec.Text, bad, uint64(math.MaxUint64), float64(1 << 64), bad, "18446744073709551615", "18446744073709551615"},
		{"decimal fraction", value(t, "1e3"), codec.Text, bad, bad, 1000.0, bad, "1e3", "1e3"},
		{"too many digits", value(t, strings.Repeat("9", 21)), codec.Text, bad, bad, 1e21, bad, strings.Repeat("9", 21), strings.Repeat("9", 21)},
		{"hexadecimal", value(t, "0x10"), codec.Text, bad, bad, bad, bad, "0x10", "0x10"},
		{"the word inf", value(t, "inf"), codec.Text, bad, bad, bad, bad, "inf", "inf"},
		{"text 1", value(t, "1"), codec.Text, 1, 1, 1.0, true, "1", "1"},
		{"text 0", value(t, "0"), codec.Text, 0, 0, 0.0, false, "0", "0"},
		{"empty", value(t, ""), codec.Text, bad, bad, bad, false, "", ""},
		{"list", value(t, []any{1}), codec.List, bad, bad, bad, bad, bad, bad},
		{"map", value(t, map[string]any{"a": 1}), codec.Map, bad, bad, bad, bad, bad, bad},
		{"reference to 7", tagged(t, "\xd9\x56\x52", 7), codec.Tagged, 7, 7, 7.0, bad, "7", "7"},
		{"two tags", tagged(t, "\xc0\xd8\xff", "x"), codec.Tagged, bad, bad, bad, bad, "x", "x"},
		{"big integer", value(t, big65), codec.Tagged, bad, bad, float64(1 << 64), bad, "\u0001" + strings.Repeat("\x00", 8), "\x01" + strings.Repeat("\x00", 8)},
		{"small big integer", tagged(t, "\xc2", []byte{2, 0}), codec.Tagged, 512, 512, 512.0, bad, "\x02\x00", "\x02\x00"},
		{"negative big integer", tagged(t, "\xc3", []byte{0xff}), codec.Tagged, -256, bad, -256.0, bad, "ÿ", "\xff"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.v.Kind() != c.kind {
				t.Errorf("kind %s", c.v.Kind())
			}
			same := func(what string, got any, err error, want any) {
				t.Helper()
				if want == bad {
					var e *codec.AccessError
					if !errors.As(err, &e) && !(what == "float" && math.IsNaN(got.(float64))) {
						t.Errorf("%s: %v, %v", what, got, err)
					}
					return
				}
				if n, ok := want.(int); ok && what == "uint" {
					want = uint64(n)
				} else if ok {
					want = int64(n)
				}
				if err != nil || got != want {
					t.Errorf("%s: %v, %v, want %v", what, got, err, want)
				}
			}
			n, err := c.v.Int()
			same("int", n, err, c.int)
			u, err := c.v.Uint()
			same("uint", u, err, c.uint)
			f, err := c.v.Float()
			same("float", f, err, c.float)
			b, err := c.v.Bool()
			same("bool", b, err, c.bool)
			s, err := c.v.Text()
			same("text", s, err, c.text)
			bs, err := c.v.Bytes()
			same("bytes", string(bs), err, c.bs)
			if _, err := c.v.List(); (err == nil) != (c.kind == codec.List) {
				t.Error("list:", err)
			}
			if _, err := c.v.Map(); (err == nil) != (c.kind == codec.Map) {
				t.Error("map:", err)
			}
		})
	}
}

func TestArgsReadOneAfterTheOther(t *testing.T) {
	m := message(t, "tag", 300, -1, uint64(9), 1.5, true, "text", []byte{0xff}, nil, []any{1, "x"}, map[string]any{"k": 2}, "left", "over")
	a := m.Args()
	if a.Text() != "tag" || a.Int() != 300 || a.Int() != -1 || a.Uint() != 9 || a.Float() != 1.5 || !a.Bool() ||
		string(a.TextBytes()) != "text" || string(a.Bytes()) != "\xff" {
		t.Error("scalars")
	}
	if !a.IsNil() {
		t.Error("no nil")
	}
	a.Nil()
	l := a.List()
	if l.Int() != 1 || l.Text() != "x" || l.More() || l.Err() != nil {
		t.Error("list")
	}
	p := a.Map()
	if v, ok := p.Get("k"); !ok || v.String() != "2" {
		t.Error("map")
	}
	if _, ok := p.Get("other"); ok {
		t.Error("a key that isn't there")
	}
	for k, v := range p.All() {
		if k != "k" || v.String() != "2" {
			t.Error(k, v)
		}
	}
	if a.Len() != 2 {
		t.Error(a.Len())
	}
	rest := a.Rest()
	if rest.Len() != 2 || rest.String() != `["left", "over"]` {
		t.Error(rest)
	}
	a.Skip()
	if a.Any() != "over" || a.More() || a.Err() != nil {
		t.Error(a.Err())
	}
}

func TestTheFirstErrorSticksAndTellsWhereItWas(t *testing.T) {
	m := message(t, 1, "two", 3)
	a := m.Args()
	if a.Int() != 1 || a.Int() != 0 || a.Int() != 0 || a.Text() != "" || a.Value().Kind() != codec.Nil || a.Rest().Len() != 0 || a.More() || a.IsNil() {
		t.Error("something was read after an error")
	}
	l := a.List()
	if l.Int(); l.Err() != a.Err() {
		t.Error("a list has lost the error:", l.Err())
	}
	want := codec.AccessError{Index: 1, Want: "int64", Have: codec.Text}
	if e, ok := a.Err().(*codec.AccessError); !ok || *e != want || e.Error() != "element 1: want int64, have text" {
		t.Error(a.Err())
	}
	for name, read := range map[string]func(*codec.Args){
		"text": func(a *codec.Args) { a.Text() }, "bytes": func(a *codec.Args) { a.Bytes() }, "bool": func(a *codec.Args) { a.Bool() },
		"float": func(a *codec.Args) { a.Float() }, "uint64": func(a *codec.Args) { a.Uint() }, "list": func(a *codec.Args) { a.List() },
		"map": func(a *codec.Args) { a.Map() }, "nil": func(a *codec.Args) { a.Nil() }, "a value": func(a *codec.Args) { a.Any() },
	} {
		empty := codec.Message{}.Args()
		read(&empty)
		want := codec.AccessError{Index: 0, Want: name, Have: codec.Missing}
		if e, ok := empty.Err().(*codec.AccessError); !ok || *e != want {
			t.Errorf("%s: %v", name, empty.Err())
		}
	}
	a = message(t, 1).Args()
	if a.Nil(); a.Err() == nil {
		t.Error("1 is nil")
	}
}

func TestMessageViews(t *testing.T) {
	m := message(t, "tag", 2, []any{3})
	if m.Len() != 3 || m.Drop(1).String() != `[2, [3]]` || m.Drop(5).Len() != 0 || m.Drop(0).Len() != 3 {
		t.Error("Drop")
	}
	if m.At(1).String() != "2" || m.At(3).Kind() != codec.Nil || m.At(-1).Kind() != codec.Nil {
		t.Error("At")
	}
	if !codec.ArgsMessage(m.Raw(), m.Len()).Equal(m) || m.Equal(m.Drop(1)) {
		t.Error("ArgsMessage")
	}
	c := m.Clone()
	clear(m.Raw())
	if c.String() != `["tag", 2, [3]]` {
		t.Error("Clone isn't independent:", c)
	}
	v := c.At(2).Clone()
	clear(c.Raw())
	if v.String() != "[3]" {
		t.Error("Clone of a value isn't independent:", v)
	}
}

func TestTagIsTheFirstStringArgument(t *testing.T) {
	long := strings.Repeat("x", 40)
	for _, c := range []struct {
		first any
		tag   string
		ok    bool
	}{{"tag", "tag", true}, {long, long, true}, {[]byte("tag"), "tag", true}, {[]byte("\xe9"), "é", true}, {"", "", true}, {7, "", false}, {nil, "", false}, {[]any{}, "", false}} {
		if tag, ok := message(t, c.first, 1).Tag(); string(tag) != c.tag || ok != c.ok {
			t.Errorf("%v: %q, %v", c.first, tag, ok)
		}
	}
	if _, ok := (codec.Message{}).Tag(); ok {
		t.Error("an empty message has a tag")
	}
}

func TestSplitFindsThePortName(t *testing.T) {
	long := strings.Repeat("p", 40)
	for _, c := range []struct {
		list any
		port any // nil: to be ignored
		rest string
	}{
		{[]any{"port", 1}, "port", "[1]"},
		{[]any{"", "req"}, "", `["req"]`},
		{[]any{[]byte("")}, "", "[]"},
		{[]any{long, 1}, long, "[1]"},
		{[]any{[]byte("port"), 1}, "port", "[1]"},
		{[]any{[]byte("\xe9")}, "é", "[]"},
		{[]any{}, nil, "[]"},
		{[]any{1, 2}, nil, "[]"},
		{[]any{nil}, nil, "[]"},
	} {
		port, m, err := codec.Split(value(t, c.list).Raw())
		if err != nil || (port == nil) != (c.port == nil) || port != nil && string(port) != c.port || m.String() != c.rest {
			t.Errorf("%v: %q, %v, %v", c.list, port, m, err)
		}
	}
	for _, v := range []any{1, "x", map[string]any{}} {
		var e *codec.SyntaxError
		if _, _, err := codec.Split(value(t, v).Raw()); !errors.As(err, &e) {
			t.Errorf("%v: %v", v, err)
		}
	}
}

func TestScanFillsItsDestinations(t *testing.T) {
	m := message(t, true, -1, -2, -3, -4, -5, 1, 2, 3, 4, 5, 1.5, 2.5, "text", []byte("octets"), []string{"a", "b"}, "skipped", map[string]any{"k": 1}, 7, "extra")
	var (
		b   bool
		i   int
		i8  int8
		i16 int16
		i32 int32
		i64 int64
		u   uint
		u8  uint8
		u16 uint16
		u32 uint32
		u64 uint64
		f32 float32
		f64 float64
		s   string
		bs  []byte
		ss  []string
		x   any
		v   codec.Value
	)
	if err := m.Scan(&b, &i, &i8, &i16, &i32, &i64, &u, &u8, &u16, &u32, &u64, &f32, &f64, &s, &bs, &ss, nil, &x, &v); err != nil {
		t.Fatal(err)
	}
	if !b || i != -1 || i8 != -2 || i16 != -3 || i32 != -4 || i64 != -5 || u != 1 || u8 != 2 || u16 != 3 || u32 != 4 || u64 != 5 || f32 != 1.5 || f64 != 2.5 ||
		s != "text" || string(bs) != "octets" || !reflect.DeepEqual(ss, []string{"a", "b"}) || !reflect.DeepEqual(x, map[string]any{"k": int64(1)}) || v.String() != "7" {
		t.Error(b, i, i8, i16, i32, i64, u, u8, u16, u32, u64, f32, f64, s, bs, ss, x, v)
	}
	var e *codec.AccessError
	if err := message(t, 128).Scan(&i8); !errors.As(err, &e) || e.Want != "int8" || e.Index != 0 {
		t.Error(err)
	}
	if err := message(t, 1, 256).Scan(&i, &u8); !errors.As(err, &e) || e.Want != "uint8" || e.Index != 1 {
		t.Error(err)
	}
	if err := message(t, 1).Scan(&i, &s); !errors.As(err, &e) || e.Have != codec.Missing {
		t.Error(err)
	}
	if err := message(t, []any{"a", nil}).Scan(&ss); !errors.As(err, &e) || e.Index != 1 {
		t.Error(err)
	}
	var ch chan int
	var ve *codec.ValueError
	if err := message(t, 1).Scan(&ch); !errors.As(err, &ve) || !strings.Contains(err.Error(), "*chan int") {
		t.Error(err)
	}
}

func TestEqualComparesWhatValuesMean(t *testing.T) {
	deep := []any{1, map[string]any{"a": []byte("x"), "b": 2}}
	groups := [][]codec.Value{
		{value(t, nil), {}},
		{value(t, true)},
		{value(t, false)},
		{value(t, 1), value(t, uint8(1)), value(t, 1.0), codec.ArgsMessage([]byte{0xd3, 0, 0, 0, 0, 0, 0, 0, 1}, 1).At(0)},
		{value(t, -1), value(t, -1.0)},
		{value(t, uint64(math.MaxUint64))},
		{value(t, 1.5), value(t, float32(1.5))},
		{value(t, math.NaN()), value(t, float32(math.NaN()))},
		{value(t, "1"), value(t, []byte("1"))},
		{value(t, "é"), value(t, []byte("\xe9"))},
		{value(t, "\xe9")},
		{value(t, []any{})},
		{value(t, []any{1, 2}), value(t, []int{1, 2}), value(t, []float64{1, 2})},
		{value(t, []any{2, 1})},
		{value(t, map[string]any{})},
		{value(t, map[string]any{"a": 1, "b": 2}), codec.ArgsMessage([]byte("\x82\xc4\x01b\x02\xa1a\x01"), 1).At(0)},
		{value(t, map[string]any{"a": 1, "c": 2})},
		{value(t, map[string]any{"a": 1, "b": 3})},
		{value(t, deep), tagged(t, "\xd9\xd9\xf7", deep)},
		{tagged(t, "\xc1", 5), tagged(t, "\xd8\x01", 5.0)},
		{tagged(t, "\xc2", 5)},
	}
	for i, g := range groups {
		for j, h := range groups {
			for _, v := range g {
				for _, w := range h {
					if v.Equal(w) != (i == j) {
						t.Errorf("%v (%s) = %v (%s): %v", v, v.Kind(), w, w.Kind(), v.Equal(w))
					}
				}
			}
		}
	}
}

func TestAnyOwnsWhatItMakes(t *testing.T) {
	big65 := new(big.Int).Lsh(big.NewInt(1), 64)
	want := []any{nil, true, int64(-1), uint64(math.MaxUint64), 1.5, "text", []byte("b"), []any{int64(1)}, map[string]any{"é": "v"}, big65, new(big.Int).Not(big65)}
	m := message(t, want...)
	got := mustAny(t, m)
	clear(m.Raw())
	if !reflect.DeepEqual(got, want) {
		t.Errorf("have %#v", got)
	}
	if v := tagged(t, "\xc1", []any{"x"}).Any(); !reflect.DeepEqual(v, []any{"x"}) {
		t.Errorf("tagged: %#v", v)
	}
	if (codec.Value{}).Any() != nil {
		t.Error("zero value")
	}
	if _, err := codec.ArgsMessage([]byte{0x92, 1}, 1).Any(); err == nil {
		t.Error("octets that are no value")
	}
}

func TestStringIsReadableAndBounded(t *testing.T) {
	m := message(t, "tag", -1, 1.5, true, nil, []byte("\x00"), []any{}, map[string]any{"k": "v", "l": 1})
	if got := m.String(); got != `["tag", -1, 1.5, true, null, b"\x00", [], {"k": "v", "l": 1}]` {
		t.Error(got)
	}
	if got := tagged(t, "\xc1", 5).String(); got != "tag1(5)" {
		t.Error(got)
	}
	rapid.Check(t, func(r *rapid.T) {
		long := strings.Repeat("é", 300)
		args := append(arguments(anyText).Draw(r, "args"), long, []any{long}, map[string]any{long: long})
		if s := message(t, args...).String(); len(s) > 1200 {
			r.Fatalf("%d octets", len(s))
		}
	})
}
