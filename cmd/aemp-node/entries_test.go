package main

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestAnObjectIsOneLineOfJSONInTheGivenOrder(t *testing.T) {
	got := object("b", 1, "a", []any{"x<y", nil, math.NaN()}, "n", map[string]any{"i": math.Inf(1)}, "o", []byte{0xe9})
	const want = `{"b":1,"a":["x<y",null,"NaN"],"n":{"i":"+Inf"},"o":"é"}` + "\n"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestEveryObjectIsValidAndLeavesTheTerminalAlone(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Uint64().AsAny(),
		rapid.Float64().AsAny(), rapid.String().AsAny(), rapid.SliceOf(rapid.Byte()).AsAny())
	value := rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), leaf, 0, 4).AsAny())
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.String().Draw(t, "key")
		text := object("key", key, "value", value.Draw(t, "value"))
		line, ok := strings.CutSuffix(text, "\n")
		if !ok || strings.ContainsFunc(line, unicode.IsControl) {
			t.Fatalf("not a line: %q", text)
		}
		var back map[string]any
		if err := json.Unmarshal([]byte(text), &back); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if !reflect.DeepEqual(back["key"], key) {
			t.Fatalf("%q became %q", key, back["key"])
		}
	})
}
