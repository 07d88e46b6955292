package codec_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/tinylib/msgp/msgp"
	"pgregory.net/rapid"
)

// broken is a message type whose method makes that.
type broken struct {
	made string
	err  error
}

func (m broken) MarshalMsg(b []byte) ([]byte, error) { return append(b, m.made...), m.err }

// shrinking is a message type that damages what was there before.
type shrinking struct{}

func (shrinking) MarshalMsg(b []byte) ([]byte, error) { return b[:0], nil }

func TestEveryGoTypeThatCanBeSentArrives(t *testing.T) {
	for _, c := range []struct{ sent, arrives any }{
		{int8(-7), int64(-7)}, {int16(-300), int64(-300)}, {int32(-70000), int64(-70000)}, {math.MinInt64, int64(math.MinInt64)},
		{uint(7), int64(7)}, {uint8(200), int64(200)}, {uint16(60000), int64(60000)}, {uint32(4e9), int64(4e9)}, {uint64(1 << 40), int64(1 << 40)},
		{float32(0.5), 0.5}, {-33, int64(-33)}, {-129, int64(-129)}, {-40000, int64(-40000)},
		{strings.Repeat("x", 300), strings.Repeat("x", 300)}, {strings.Repeat("x", 70000), strings.Repeat("x", 70000)},
		{make([]byte, 300), make([]byte, 300)}, {make([]byte, 70000), make([]byte, 70000)},
		{[]string{"a"}, []any{"a"}}, {[][]byte{{1}}, []any{[]byte{1}}}, {[]int{1}, []any{int64(1)}}, {[]int64{1}, []any{int64(1)}},
		{[]uint64{1}, []any{int64(1)}}, {[]float64{0.5}, []any{0.5}}, {[]bool{true}, []any{true}},
		{make([]bool, 20), mustAny(t, codec.ArgsMessage([]byte(strings.Repeat("\xc2", 20)), 20))},
		{map[string]string{"k": "v"}, map[string]any{"k": "v"}}, {map[string]int{"k": 1}, map[string]any{"k": int64(1)}},
		{codec.Raw("\x93\x01\x02\x03"), []any{int64(1), int64(2), int64(3)}}, {value(t, "v"), "v"}, {codec.Value{}, nil},
	} {
		m := message(t, c.sent, []any{c.sent})
		if got, want := mustAny(t, m), []any{c.arrives, []any{c.arrives}}; !reflect.DeepEqual(got, want) {
			t.Errorf("%T %.40v arrives as %.80v", c.sent, c.sent, got)
		}
	}
	for _, n := range []int{16, 70000} {
		m := map[string]int{}
		for i := range n {
			m[fmt.Sprint(i)] = i
		}
		p, err := value(t, m).Map()
		if err != nil || p.Len() != n {
			t.Error(p.Len(), err)
		}
		l, err := value(t, make([]bool, n)).List()
		if err != nil || l.Len() != n {
			t.Error(l.Len(), err)
		}
	}
}

func TestMapsAreSentSortedByKey(t *testing.T) {
	m := message(t, map[string]any{"b": 1, "a": []any{map[string]any{"z": 1, "y": 2}}, "ab": nil, "": 0})
	if got := m.String(); got != `[{"": 0, "a": [{"y": 2, "z": 1}], "ab": null, "b": 1}]` {
		t.Error(got)
	}
}

func TestNothingIsLeftOfAMessageThatCantBeSent(t *testing.T) {
	lim := codec.Limits{Message: 100, Depth: 5, Items: 20}
	cycle := []any{nil}
	cycle[0] = cycle
	deep := any(1)
	for range 6 {
		deep = []any{deep}
	}
	before := "what was there before"
	for _, c := range []struct {
		name string
		make func(b []byte) ([]byte, error)
		want string
	}{
		{"unknown type", func(b []byte) ([]byte, error) { return codec.AppendArgs(b, []any{1, make(chan int)}) }, "Go type chan int"},
		{"unknown type inside", func(b []byte) ([]byte, error) {
			return codec.AppendArgs(b, []any{[]any{1, map[string]any{"k": struct{}{}}}})
		}, "Go type struct {}"},
		{"list that contains itself", func(b []byte) ([]byte, error) { return codec.AppendArgs(b, []any{cycle}) }, "levels of nesting"},
		{"bad Raw", func(b []byte) ([]byte, error) { return codec.AppendArgs(b, []any{"x", codec.Raw{0xc1}}) }, "0xc1"},
		{"two values in a Raw", func(b []byte) ([]byte, error) { return codec.AppendArgs(b, []any{codec.Raw{1, 2}}) }, "octets after the value"},
		{"no value in a Raw", func(b []byte) ([]byte, error) { return codec.AppendArgs(b, []any{codec.Raw{}}) }, "cut short"},
		{"frame too long", func(b []byte) ([]byte, error) { return codec.AppendFrameArgs(b, "p", lim, []any{make([]byte, 100)}) }, "octets in a message"},
		{"frame with a bad argument", func(b []byte) ([]byte, error) { return codec.AppendFrameArgs(b, "p", lim, []any{1, func() {}}) }, "Go type func()"},
		{"frame too deep", func(b []byte) ([]byte, error) { return codec.AppendFrameArgs(b, "p", lim, []any{deep}) }, "levels of nesting"},
		{"frame with too many elements", func(b []byte) ([]byte, error) { return codec.AppendFrameArgs(b, "p", lim, []any{make([]int, 20)}) }, "elements in a message"},
		{"message too long", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMessage(b, "p", message(t, make([]byte, 100)), lim)
		}, "octets in a message"},
		{"generated message too long", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", &job{Payload: make([]byte, 100)}, lim)
		}, "octets in a message"},
		{"led message too long", func(b []byte) ([]byte, error) {
			return codec.AppendFrameLed(b, codec.Lead("p", "tag"), &job{Payload: make([]byte, 100)}, &lim)
		}, "octets in a message"},
		{"led code that takes away", func(b []byte) ([]byte, error) {
			return codec.AppendFrameLed(b, codec.Lead("p", ""), shrinking{}, &lim)
		}, "nothing was appended"},
		{"generated message too deep", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", broken{made: strings.Repeat("\x91", 6) + "\x01"}, lim)
		}, "levels of nesting"},
		{"generated code that fails", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", broken{"\x91", errors.New("oops")}, lim)
		}, "codec_test.broken: oops"},
		{"generated code that makes no MessagePack", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", broken{made: "\x92\x01"}, lim)
		}, "cut short"},
		{"generated code that makes a bad map", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", broken{made: "\x81\x01\x01"}, lim)
		}, "a map key of kind int"},
		{"generated code that makes too much", func(b []byte) ([]byte, error) {
			return codec.AppendFrameMsg(b, "p", "", broken{made: "\x91\x01\x02"}, lim)
		}, "octets after the value"},
		{"generated code that makes nothing", func(b []byte) ([]byte, error) { return codec.AppendFrameMsg(b, "p", "", broken{}, lim) }, "nothing was appended"},
		{"generated code that takes away", func(b []byte) ([]byte, error) { return codec.AppendFrameMsg(b, "p", "", shrinking{}, lim) }, "nothing was appended"},
		{"infinity in JSON", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.JSON, value(t, []any{"p", map[string]any{"k": []any{math.Inf(-1)}}}).Raw(), lim)
		}, "float -Inf can't be carried by json"},
		{"infinity as a map's value", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.JSON, value(t, []any{"p", math.NaN()}).Raw(), lim)
		}, "float NaN can't be carried by json"},
		{"too long in msgpack", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.Msgpack, value(t, make([]byte, 99)).Raw(), lim)
		}, "octets in a message"},
		{"too long in CBOR", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.CBOR, value(t, make([]byte, 99)).Raw(), lim)
		}, "octets in a message"},
		{"too long in JSON", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.JSON, value(t, []any{"p", strings.Repeat("\x01", 20)}).Raw(), lim)
		}, "octets in a message"},
		{"too long in JSON by a bracket", func(b []byte) ([]byte, error) {
			return codec.AppendFrame(b, codec.JSON, value(t, []any{strings.Repeat("x", 97)}).Raw(), lim)
		}, "octets in a message"},
	} {
		got, err := c.make([]byte(before))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.name, err)
		}
		if string(got) != before {
			t.Errorf("%s: left is %q", c.name, got)
		}
	}
}

func TestFramesOfAllKindsOfMessagesAreTheSame(t *testing.T) {
	for _, n := range []int{0, 3, 13, 14, 15, 16, 300} {
		for _, port := range []string{"", "port", strings.Repeat("p", 31), strings.Repeat("p", 32)} {
			args, list := []any{}, "\xdc"+string([]byte{byte(n >> 8), byte(n)})
			for range n {
				args = append(args, 1)
				list += "\x01"
			}
			want, err := codec.AppendFrameArgs([]byte("x"), port, codec.DefaultLimits, args)
			if err != nil {
				t.Fatal(err)
			}
			fromView, err := codec.AppendFrameMessage([]byte("x"), port, message(t, args...), codec.DefaultLimits)
			if err != nil || string(fromView) != string(want) {
				t.Errorf("%d arguments: view gives %x, arguments %x (%v)", n, fromView, want, err)
			}
			fromType, err := codec.AppendFrameMsg([]byte("x"), port, "", broken{made: list}, codec.DefaultLimits)
			if err != nil || string(fromType) != string(want) {
				t.Errorf("%d arguments: type gives %x, arguments %x (%v)", n, fromType, want, err)
			}
			want, _ = codec.AppendFrameMsg([]byte("x"), port, "tag", broken{made: list}, codec.DefaultLimits)
			led, err := codec.AppendFrameLed([]byte("x"), codec.Lead(port, "tag"), broken{made: list}, &codec.DefaultLimits)
			if tagged, _ := codec.AppendFrameArgs([]byte("x"), port, codec.DefaultLimits, append([]any{"tag"}, args...)); err != nil ||
				string(led) != string(want) || string(led) != string(tagged) {
				t.Errorf("%d arguments with a tag: led gives %x, type %x, arguments %x (%v)", n, led, want, tagged, err)
			}
			want = fromType
			d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits)
			d.Feed(want[1:])
			kind, body, ok, err := d.Next()
			if err != nil || !ok || kind != codec.KindMessage {
				t.Fatal(kind, ok, err)
			}
			if name, m, err := codec.Split(body); err != nil || string(name) != port || m.Len() != n {
				t.Errorf("port %q, %d arguments, %v", name, m.Len(), err)
			}
		}
	}
}

func TestGeneratedMessagesAreListsOfArguments(t *testing.T) {
	sent := job{Tag: []byte("tag"), N: -5, Payload: []byte("payload")}
	b, n, err := codec.AppendMsg([]byte("x"), "", &sent)
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	m := codec.ArgsMessage(b[1:], n)
	if m.String() != `[b"tag", -5, b"payload"]` {
		t.Error(m)
	}
	for name, m := range map[string]codec.Message{"view": m, "owned": m.Clone()} {
		var got job
		if err := m.Decode(&got); err != nil || !reflect.DeepEqual(got, sent) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	raw, err := codec.EncodeMarshaler(&sent)
	if err != nil {
		t.Fatal(err)
	}
	if m := message(t, "x", raw); m.String() != `["x", [b"tag", -5, b"payload"]]` {
		t.Error(m)
	}
	for _, bad := range []msgp.Marshaler{broken{err: errors.New("oops")}, broken{}, broken{made: "\xc1"}} {
		if _, err := codec.EncodeMarshaler(bad); err == nil {
			t.Error("a broken type is encoded")
		}
	}
	mon, n, err := codec.AppendMsg(nil, "", &codec.Mon1{Request: "mon1", Port: "p"})
	if err != nil || codec.ArgsMessage(mon, n).String() != `["mon1", "p"]` {
		t.Error(mon, n, err)
	}
	mon, n, err = codec.AppendMsg(nil, "", &codec.Mon0{Request: "mon0", Port: "p"})
	if err != nil || codec.ArgsMessage(mon, n).String() != `["mon0", "p"]` {
		t.Error(mon, n, err)
	}
}

func TestTypesThatEncodeAsMapsAreOneArgument(t *testing.T) {
	sent := profile{Name: "n", Ratio: 0.5, Ready: true, Sizes: []int{1, 2}}
	b, n, err := codec.AppendMsg(nil, "", &sent)
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	var got profile
	if err := codec.ArgsMessage(b, n).Decode(&got); err != nil || !reflect.DeepEqual(got, sent) {
		t.Errorf("%+v, %v", got, err)
	}
}

// What Perl sends has other types than a Go program's: strings are bytes or
// text, whole floats are integers, truth is "1" or "".
func TestDecodeTakesPerlsTypes(t *testing.T) {
	want := report{Name: "é", Data: []byte("\xe9"), N: 42, Ratio: 2, Small: 3, Ready: true, Inner: profile{Name: "in", Ratio: 1, Sizes: []int{7}}, List: []string{"a", "b"}}
	inner := map[string]any{"Name": []byte("in"), "Ratio": 1, "Ready": "", "Sizes": []any{7}, "unknown": []byte("x")}
	m := message(t, []byte("\xe9"), "é", "42", 2, 3.0, []byte("1"), inner, []any{[]byte("a"), "b"})
	var got report
	if err := m.Decode(&got); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
	var p profile
	if err := message(t, inner).Decode(&p); err != nil || !reflect.DeepEqual(p, want.Inner) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestDecodeTellsWhatDoesNotFit(t *testing.T) {
	for _, m := range []codec.Message{message(t, 1, 2), message(t, "tag", "x", "payload"), message(t, "☺", 1, "x"), message(t, nil, 1, nil), {}} {
		var dst job
		if err := m.Decode(&dst); err == nil || !strings.Contains(err.Error(), "decode message into *codec_test.job: ") {
			t.Errorf("%v: %v", m, err)
		}
	}
	if err := message(t, 1, 2).Decode(unmarshalFirst{}); err == nil || !strings.Contains(err.Error(), "left over") {
		t.Error(err)
	}
	if err := message(t, "x").Decode(unmarshalFirst{}); err == nil {
		t.Error("a string for an integer")
	}
}

// unmarshalFirst reads a list's head and one integer. It can't be encoded.
type unmarshalFirst struct{}

func (unmarshalFirst) UnmarshalMsg(b []byte) ([]byte, error) {
	_, b, err := msgp.ReadArrayHeaderBytes(b)
	if err == nil {
		_, b, err = msgp.ReadIntBytes(b)
	}
	return b, err
}

func TestControlFramesComeBack(t *testing.T) {
	frame := codec.AppendControl([]byte("x"), codec.Control{Op: codec.OpPong, Seq: 1 << 40})
	d := codec.NewDecoder(codec.Msgpack, codec.DefaultLimits)
	d.Feed(frame[1:])
	kind, body, ok, err := d.Next()
	if kind != codec.KindControl || !ok || err != nil {
		t.Fatal(kind, ok, err)
	}
	if c, err := codec.ParseControl(body); err != nil || c != (codec.Control{Op: codec.OpPong, Seq: 1 << 40}) {
		t.Error(c, err)
	}
	for _, bad := range []string{"", "\x91\x01", "\x92\x01", "\x92\x01\xa1x", "\x92\x01\x02\x03"} {
		var e *codec.SyntaxError
		if _, err := codec.ParseControl([]byte(bad)); !errors.As(err, &e) {
			t.Errorf("%x: %v", bad, err)
		}
	}
}

func TestFitsSaysWhatAppendFrameWouldSay(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		body := value(t, arguments(anyText).Draw(r, "args")).Raw()
		lim := codec.DefaultLimits
		lim.Message = rapid.IntRange(0, 6*len(body)+10).Draw(r, "limit")
		for _, f := range []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON} {
			fits := codec.Fits(body, []codec.Framing{codec.Msgpack, f}, lim)
			if len(body) > lim.Message {
				if fits == nil {
					r.Fatal("larger than the limit in memory")
				}
				continue
			}
			_, err := codec.AppendFrame(nil, f, body, lim)
			if fmt.Sprint(fits) != fmt.Sprint(err) {
				r.Fatalf("%s: Fits says %v, AppendFrame %v", f, fits, err)
			}
		}
	})
}
