package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"github.com/aemp-go/aemp"
)

func TestAWordThatIsJSONIsThatValue(t *testing.T) {
	huge, _ := new(big.Int).SetString("-99999999999999999999", 10)
	for word, want := range map[string]any{
		"3":                     int64(3),
		"-3":                    int64(-3),
		"18446744073709551615":  uint64(math.MaxUint64),
		"-99999999999999999999": huge,
		"0.5":                   0.5,
		"1e3":                   1000.0,
		"1e999":                 "1e999",
		"true":                  true,
		"null":                  nil,
		`"3"`:                   "3",
		`[1,[2.5],"x"]`:         []any{int64(1), []any{2.5}, "x"},
		`{"a":{"b":1}}`:         map[string]any{"a": map[string]any{"b": int64(1)}},
		// and what isn't:
		"":        "",
		"x":       "x",
		"007":     "007",
		"1 2":     "1 2",
		"[1":      "[1",
		"nullify": "nullify",
		"+3":      "+3",
		"NaN":     "NaN",
	} {
		got := values([]string{word}, false)[0]
		if !reflect.DeepEqual(got, want) || fmt.Sprint(got) != fmt.Sprint(want) { // -0 equals 0
			t.Errorf("%s is %#v, not %#v", word, got, want)
		}
		if got := values([]string{word}, true)[0]; got != word {
			t.Errorf("as text, %s is %#v", word, got)
		}
	}
}

func TestValuesAreWrittenAsJSON(t *testing.T) {
	big, _ := new(big.Int).SetString("99999999999999999999", 10)
	m, err := aemp.NewMessage(nil, true, 3, uint64(math.MaxUint64), big, 0.5, 1795381698.25, 1e300, math.Inf(-1),
		"a<b>\x1b[2J\u0085\n", []byte{0xe9, 'x'}, []any{1, []any{}}, map[string]any{"b": 1, "a": map[string]any{}})
	if err != nil {
		t.Fatal(err)
	}
	const want = `null true 3 18446744073709551615 99999999999999999999 0.5 1795381698.25 1e+300 -Inf ` +
		`"a<b>\u001b[2J\u0085\n" "éx" [1,[]] {"a":{},"b":1}`
	if got := line(m); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWhatIsPrintedCanBeSentAgain(t *testing.T) {
	leaf := rapid.OneOf(
		rapid.Just[any](nil), rapid.Bool().AsAny(), rapid.Int64().AsAny(), rapid.Uint64().AsAny(),
		rapid.Float64Range(-1e300, 1e300).AsAny(), rapid.String().AsAny())
	value := rapid.OneOf(leaf, rapid.SliceOfN(leaf, 0, 4).AsAny(), rapid.MapOfN(rapid.String(), leaf, 0, 4).AsAny())
	rapid.Check(t, func(t *rapid.T) {
		m, err := aemp.NewMessage(value.Draw(t, "value"))
		if err != nil {
			t.Fatal(err)
		}
		word := line(m)
		if strings.ContainsFunc(word, unicode.IsControl) || !json.Valid([]byte(word)) {
			t.Fatalf("not printable JSON: %q", word)
		}
		again, err := aemp.NewMessage(values([]string{word}, false)...)
		if err != nil {
			t.Fatal(err)
		}
		if got := line(again); got != word {
			t.Fatalf("%s became %s", word, got)
		}
	})
}
