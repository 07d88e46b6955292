package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/bench/play"
	"github.com/aemp-go/aemp/codec"
)

func TestFramesAreThoseOfANode(t *testing.T) {
	for _, number := range []int64{play.Warm, play.End, play.Begin, 1, 200, 70_000, 1 << 40} {
		for _, text := range []string{"", play.Text(32), play.Text(1 << 10), play.Text(64 << 10)} {
			got := appendFrame(nil, "r12", number, text)
			want, err := codec.AppendFrameArgs(nil, "r12", codec.DefaultLimits, []any{play.Tag, number, text})
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d and %d octets of text: %x…, not %x…", number, len(text), got[:16], want[:16])
			}
		}
	}
}

func TestFramesAreFoundWhereverTheyAreCut(t *testing.T) {
	texts := []string{"", "a", strings.Repeat("b", 300), "c"}
	var stream []byte
	for k, text := range texts {
		stream = appendFrame(stream, portNames(20)[k+8], int64(k+1), text)
	}
	for first := range stream {
		for second := first; second < len(stream); second++ {
			var c cutter
			var got []string
			take := func(body []byte) {
				m, ok := read(body)
				if k := len(got); !ok || m.port != k+8 || m.number != int64(k+1) {
					t.Fatalf("cut at %d and %d: message %d is %+v", first, second, k, m)
				}
				got = append(got, string(m.text))
			}
			for _, p := range [][]byte{stream[:first], stream[first:second], stream[second:]} {
				c.cut(bytes.Clone(p), take)
			}
			if !slices.Equal(got, texts) {
				t.Fatalf("cut at %d and %d: %q", first, second, got)
			}
		}
	}
}
