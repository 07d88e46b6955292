package main

import (
	"testing"

	"github.com/aemp-go/aemp/codec"
)

func TestFramesAreCountedWhereverTheStreamIsCut(t *testing.T) {
	stream := []byte("aemp;1;a;;msgpack\nnonce\nproof\n")
	var err error
	for range 3 {
		if stream, err = codec.AppendFrameArgs(stream, "", codec.DefaultLimits, []any{"g_slave", nil}); err != nil {
			t.Fatal(err)
		}
		stream = codec.AppendControl(stream, codec.Control{Op: codec.OpPing})
	}
	want := tally{Messages: 3, Heartbeats: 3, Octets: uint64(len(stream))}
	for size := 1; size <= len(stream); size++ {
		var c cutter
		var got tally
		for rest := stream; len(rest) > 0; {
			n := min(size, len(rest))
			c.count(rest[:n], &got)
			rest = rest[n:]
		}
		if got != want {
			t.Fatalf("cut into pieces of %d: %+v, not %+v", size, got, want)
		}
	}
}
