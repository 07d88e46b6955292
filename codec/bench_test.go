package codec_test

import (
	"fmt"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/tinylib/msgp/msgp"
)

// The message of all benchmarks: [port, "tag", int, 32 octets].
const (
	benchPort = "aBcD1234.17"
	benchTag  = "tag"
	benchInt  = 1234567
)

var benchText = "0123456789abcdef0123456789abcdef"

func benchBody(tb testing.TB) []byte {
	b, err := codec.AppendFrameArgs(nil, benchPort, codec.DefaultLimits, []any{benchTag, benchInt, benchText})
	if err != nil {
		tb.Fatal(err)
	}
	return b[4:]
}

func appendBare(b []byte, n int64) []byte {
	b = msgp.AppendArrayHeader(b, 4)
	b = msgp.AppendString(b, benchPort)
	b = msgp.AppendString(b, benchTag)
	b = msgp.AppendInt64(b, n)
	return msgp.AppendString(b, benchText)
}

func BenchmarkReferenceMsgpAppend(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for i := range b.N {
		buf = appendBare(buf[:0], benchInt+int64(i&63))
	}
}

//go:noinline
func send(b []byte, port string, args ...any) ([]byte, error) {
	return codec.AppendFrameArgs(b, port, codec.DefaultLimits, args)
}

func BenchmarkEncodeArgs(b *testing.B) {
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for i := range b.N {
		buf, _ = send(buf[:0], benchPort, benchTag, benchInt+i&63, benchText)
	}
}

func BenchmarkEncodePlain(b *testing.B) {
	for _, f := range []codec.Framing{codec.CBOR, codec.JSON} {
		b.Run(f.String(), func(b *testing.B) {
			buf := make([]byte, 0, 256)
			b.ReportAllocs()
			for i := range b.N {
				buf, _ = sendPlain(buf[:0], f, benchPort, benchTag, benchInt+i&63, benchText)
			}
		})
	}
}

//go:noinline
func sendPlain(b []byte, f codec.Framing, port string, args ...any) ([]byte, bool) {
	return codec.AppendPlain(b, f, port, codec.DefaultLimits, args)
}

func BenchmarkEncodeGenerated(b *testing.B) {
	buf := make([]byte, 0, 256)
	m := &job{Tag: []byte(benchTag), Payload: []byte(benchText)}
	b.ReportAllocs()
	for i := range b.N {
		m.N = benchInt + int64(i&63)
		buf, _ = codec.AppendFrameMsg(buf[:0], benchPort, "", m, codec.DefaultLimits)
	}
}

func BenchmarkReferenceMapLookup(b *testing.B) {
	ports := map[string]int{}
	for i := range 100 {
		ports[fmt.Sprintf("aBcD1234.%d", i)] = i
	}
	key := []byte(benchPort)
	b.ReportAllocs()
	for range b.N {
		sink += ports[string(key)]
	}
}

var sink int

func BenchmarkReferenceMsgpRead(b *testing.B) {
	body := appendBare(nil, benchInt)
	b.ReportAllocs()
	for range b.N {
		_, rest, _ := msgp.ReadArrayHeaderBytes(body)
		port, rest, _ := msgp.ReadStringZC(rest)
		tag, rest, _ := msgp.ReadStringZC(rest)
		n, rest, _ := msgp.ReadInt64Bytes(rest)
		text, _, _ := msgp.ReadStringZC(rest)
		sink += len(port) + len(tag) + int(n) + len(text)
	}
}

func BenchmarkReadArgs(b *testing.B) {
	body := benchBody(b)
	b.ReportAllocs()
	for range b.N {
		port, m, _ := codec.Split(body)
		a := m.Args()
		tag, n, text := a.TextBytes(), a.Int(), a.TextBytes()
		if a.Err() != nil {
			b.Fatal(a.Err())
		}
		sink += len(port) + len(tag) + int(n) + len(text)
	}
}

func BenchmarkDecodeGenerated(b *testing.B) {
	frame, err := codec.AppendFrameMsg(nil, benchPort, "", &job{Tag: []byte(benchTag), N: benchInt, Payload: []byte(benchText)}, codec.DefaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	_, m, _ := codec.Split(frame[4:])
	var dst job
	b.ReportAllocs()
	for range b.N {
		if err := m.Decode(&dst); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReferenceMarshal(b *testing.B) {
	m := &job{Tag: []byte(benchTag), N: benchInt, Payload: []byte(benchText)}
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for range b.N {
		buf, _ = m.MarshalMsg(buf[:0])
	}
}

func BenchmarkReferenceUnmarshal(b *testing.B) {
	body, _ := (&job{Tag: []byte(benchTag), N: benchInt, Payload: []byte(benchText)}).MarshalMsg(nil)
	var dst job
	b.ReportAllocs()
	for range b.N {
		if _, err := dst.UnmarshalMsg(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReferenceSkip(b *testing.B) {
	body := benchBody(b)
	b.ReportAllocs()
	for range b.N {
		rest, _ := msgp.Skip(body)
		sink += len(rest)
	}
}

func BenchmarkCheck(b *testing.B) {
	body := benchBody(b)
	b.ReportAllocs()
	for range b.N {
		if err := codec.Check(body, codec.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkFits(b *testing.B) {
	body := benchBody(b)
	all := []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON}
	b.ReportAllocs()
	for range b.N {
		if err := codec.Fits(body, all, codec.DefaultLimits); err != nil {
			b.Fatal(err)
		}
	}
}

func eachFraming(b *testing.B, f func(*testing.B, codec.Framing)) {
	for _, framing := range []codec.Framing{codec.Msgpack, codec.CBOR, codec.JSON} {
		b.Run(framing.String(), func(b *testing.B) { f(b, framing) })
	}
}

func BenchmarkFrame(b *testing.B) {
	eachFraming(b, func(b *testing.B, f codec.Framing) {
		body := benchBody(b)
		var buf []byte
		b.ReportAllocs()
		for range b.N {
			buf, _ = codec.AppendFrame(buf[:0], f, body, codec.DefaultLimits)
		}
		b.SetBytes(int64(len(buf)))
	})
}

// BenchmarkDecoder takes 100 messages from each chunk; the time is for one.
func BenchmarkDecoder(b *testing.B) {
	eachFraming(b, func(b *testing.B, f codec.Framing) {
		const batch = 100
		var chunk []byte
		for range batch {
			chunk, _ = codec.AppendFrame(chunk, f, benchBody(b), codec.DefaultLimits)
		}
		d := codec.NewDecoder(f, codec.DefaultLimits)
		b.ReportAllocs()
		b.SetBytes(int64(len(chunk) / batch))
		b.ResetTimer()
		for i := 0; i < b.N; i += batch {
			if err := drain(d, chunk); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkDatabase transcodes a nested message with many short strings.
func BenchmarkDatabase(b *testing.B) {
	db := map[string]any{}
	for i := range 50 {
		db[fmt.Sprintf("node%d", i)] = []any{fmt.Sprintf("10.0.0.%d:4040", i), i, true, nil, 1.5}
	}
	m, err := codec.MessageOf("g_set", map[string]any{"'l": db})
	if err != nil {
		b.Fatal(err)
	}
	body, _ := codec.AppendFrameMessage(nil, "", m, codec.DefaultLimits)
	eachFraming(b, func(b *testing.B, f codec.Framing) {
		wire, _ := codec.AppendFrame(nil, f, body[4:], codec.DefaultLimits)
		b.Run("encode", func(b *testing.B) {
			var buf []byte
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for range b.N {
				buf, _ = codec.AppendFrame(buf[:0], f, body[4:], codec.DefaultLimits)
			}
		})
		b.Run("decode", func(b *testing.B) {
			d := codec.NewDecoder(f, codec.DefaultLimits)
			b.ReportAllocs()
			b.SetBytes(int64(len(wire)))
			for range b.N {
				d.Feed(wire)
				if _, _, ok, err := d.Next(); !ok || err != nil {
					b.Fatal(ok, err)
				}
				if _, _, ok, err := d.Next(); ok || err != nil {
					b.Fatal(ok, err)
				}
			}
		})
	})
}

// A note as what follows a tag, there and back.
func BenchmarkEncodeTagged(b *testing.B) {
	buf := make([]byte, 0, 256)
	m := &note{Subject: codec.String("subject"), Text: codec.String(benchText)}
	b.ReportAllocs()
	for i := range b.N {
		m.N = benchInt + int64(i&63)
		buf, _ = codec.AppendFrameMsg(buf[:0], benchPort, benchTag, m, codec.DefaultLimits)
	}
}

func BenchmarkDecodeTagged(b *testing.B) {
	m := &note{Subject: codec.String("subject"), N: benchInt, Text: codec.String(benchText)}
	frame, err := codec.AppendFrameMsg(nil, benchPort, benchTag, m, codec.DefaultLimits)
	if err != nil {
		b.Fatal(err)
	}
	var dst note
	b.ReportAllocs()
	for range b.N {
		_, m, _ := codec.Split(frame[4:])
		_, rest, _ := m.CutTag()
		if err := rest.Decode(&dst); err != nil {
			b.Fatal(err)
		}
	}
}
