package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/aemp-go/aemp"
)

// line writes the arguments of a message as JSON values with blanks between them.
// It is one line whatever is in them, and nothing in it changes the terminal.
func line(m aemp.Message) string {
	var b strings.Builder
	for args := m.Args(); args.More(); {
		writeValue(&b, args.Value().Any())
		if args.More() {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// writeValue writes what Value.Any gives. Octets are shown as the characters of
// the same numbers, as the json framing has them (protocol 3).
func writeValue(b *strings.Builder, v any) {
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case string:
		writeString(b, x)
	case []byte:
		writeString(b, latin1(x))
	case float64:
		writeFloat(b, x)
	case []any:
		b.WriteByte('[')
		for i, element := range x {
			separate(b, i)
			writeValue(b, element)
		}
		b.WriteByte(']')
	case map[string]any:
		b.WriteByte('{')
		for i, key := range slices.Sorted(maps.Keys(x)) {
			separate(b, i)
			writeString(b, key)
			b.WriteByte(':')
			writeValue(b, x[key])
		}
		b.WriteByte('}')
	default: // booleans and integers
		fmt.Fprint(b, x)
	}
}

func separate(b *strings.Builder, i int) {
	if i > 0 {
		b.WriteByte(',')
	}
}

func latin1(octets []byte) string {
	characters := make([]rune, len(octets))
	for i, octet := range octets {
		characters[i] = rune(octet)
	}
	return string(characters)
}

// writeFloat writes a number; those that JSON lacks are NaN, +Inf and -Inf.
func writeFloat(b *strings.Builder, f float64) {
	format := byte('f')
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		format = 'e'
	}
	b.WriteString(strconv.FormatFloat(f, format, -1, 64))
}

func writeString(b *strings.Builder, s string) {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string can't fail
	for _, c := range strings.TrimSuffix(quoted.String(), "\n") {
		if unicode.IsControl(c) { // JSON leaves U+007F to U+009F as they are
			fmt.Fprintf(b, "\\u%04x", c)
		} else {
			b.WriteRune(c)
		}
	}
}
