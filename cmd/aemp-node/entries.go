package main

import (
	"math"
	"strings"

	"github.com/aemp-go/aemp"
)

// entryLine writes an entry of a family: the key, and the value as JSON, with a blank
// between them; or an object.
func (o *options) entryLine(family, key string, value aemp.Value) string {
	if o.json {
		return object("family", family, "key", key, "value", value.Any())
	}
	return quoted(key) + " " + valueText(value) + "\n"
}

// valueText is a value as line writes it.
func valueText(v aemp.Value) string {
	var b strings.Builder
	writeValue(&b, v.Any())
	return b.String()
}

// object is a line with a JSON object, of names and values in turn.
func object(members ...any) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i < len(members); i += 2 {
		separate(&b, i)
		writeString(&b, members[i].(string))
		b.WriteByte(':')
		writeValue(&b, finite(members[i+1]))
	}
	b.WriteString("}\n")
	return b.String()
}

// finite has texts in place of the numbers that JSON lacks.
func finite(v any) any {
	switch x := v.(type) {
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			var b strings.Builder
			writeFloat(&b, x)
			return b.String()
		}
	case []any:
		for i := range x {
			x[i] = finite(x[i])
		}
	case map[string]any:
		for key := range x {
			x[key] = finite(x[key])
		}
	}
	return v
}
