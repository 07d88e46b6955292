package codec_test

import (
	"testing"

	"github.com/aemp-go/aemp/codec"
)

// runtimeValue keeps the compiler from knowing the values that are sent.
var runtimeValue = struct {
	s  string
	n  int
	u  uint32
	f  float64
	bs []byte
	b  bool
}{"a string", 123456, 70000, 1.25, []byte("octets"), true}

func TestSendingScalarsAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1<<10)
	v := &runtimeValue
	if n := testing.AllocsPerRun(100, func() {
		var err error
		if buf, err = send(buf[:0], v.s, v.s+"", v.n, int64(v.n), v.u, v.f, float32(v.f), v.bs, v.b, nil, uint64(v.n)<<40); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// What the arguments refer to doesn't escape either: it may lie on the stack.
func TestSendingLocalOctetsAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 1<<10)
	if n := testing.AllocsPerRun(100, func() {
		var octets [16]byte
		octets[0] = byte(runtimeValue.n)
		list := [2]any{octets[:], octets[:4]}
		var err error
		if buf, err = send(buf[:0], "port", octets[:], octets[:2], list[:]); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHotPathsAllocateNothing(t *testing.T) {
	buf := make([]byte, 0, 1<<10)
	body := benchBody(t)
	_, m, _ := codec.Split(body)
	generated, err := codec.AppendFrameMsg(nil, benchPort, "", &job{Tag: []byte("tag"), N: 1, Payload: []byte(benchText)}, codec.DefaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	_, fromType, _ := codec.Split(generated[4:])
	msg := &job{Tag: []byte("tag"), N: 1, Payload: []byte(benchText)}
	var into job
	all := []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}
	paths := map[string]func() error{
		"AppendFrameMsg": func() (err error) {
			buf, err = codec.AppendFrameMsg(buf[:0], benchPort, "", msg, codec.DefaultLimits)
			return
		},
		"AppendFrameMessage": func() (err error) {
			buf, err = codec.AppendFrameMessage(buf[:0], benchPort, m, codec.DefaultLimits)
			return
		},
		"AppendControl": func() error { buf = codec.AppendControl(buf[:0], codec.Control{Op: codec.OpPing, Seq: 7}); return nil },
		"Check":         func() error { return codec.Check(body, codec.DefaultLimits) },
		"Fits":          func() error { return codec.Fits(body, all, codec.DefaultLimits) },
		"Decode":        func() error { return fromType.Decode(&into) },
		"accessors": func() error {
			_, m, err := codec.Split(body)
			a := m.Args()
			tag, _ := m.Tag()
			sink += len(tag) + len(a.TextBytes()) + int(a.Int()) + len(a.TextBytes()) + m.Drop(1).Len() + len(m.At(2).Raw())
			return err
		},
	}
	for _, f := range all {
		wire, err := codec.AppendFrame(nil, f, body, codec.DefaultLimits)
		if err != nil {
			t.Fatal(err)
		}
		if f != codec.Msgpack {
			paths["the short way to "+f.String()] = func() error {
				buf, _ = sendPlain(buf[:0], f, benchPort, benchTag, benchInt, benchText)
				return nil
			}
		}
		paths["encoding "+f.String()] = func() (err error) { buf, err = codec.AppendFrame(buf[:0], f, body, codec.DefaultLimits); return }
		whole, cut := codec.NewDecoder(f, codec.DefaultLimits), codec.NewDecoder(f, codec.DefaultLimits)
		paths["decoding "+f.String()] = func() error { return drain(whole, wire) }
		paths["decoding cut "+f.String()] = func() error {
			if err := drain(cut, wire[:20]); err != nil {
				return err
			}
			return drain(cut, wire[20:])
		}
	}
	for name, f := range paths {
		if n := testing.AllocsPerRun(100, func() {
			if err := f(); err != nil {
				t.Fatal(name, err)
			}
		}); n > 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// drain reads what a piece of a stream completes.
func drain(d *codec.Decoder, piece []byte) error {
	d.Feed(piece)
	for {
		body, _ := d.Plain()
		if body == nil {
			var ok bool
			var err error
			if _, body, ok, err = d.Next(); !ok {
				return err
			}
		}
		sink += len(body)
	}
}
