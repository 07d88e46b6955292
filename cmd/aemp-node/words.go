package main

import (
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strings"
)

const wordsHelp = `
An argument that is a valid JSON value is that value: 3, 0.5, true, null, "3",
[1,2], {"a":1}. Everything else is text, and with --text all are.
`

// values are what the words of a command line stand for.
func values(words []string, asText bool) []any {
	all := make([]any, len(words))
	for i, word := range words {
		all[i] = word
		if v, ok := parseJSON(word); ok && !asText {
			all[i] = v
		}
	}
	return all
}

// parseJSON reads a word that is one JSON value and nothing else.
func parseJSON(word string) (v any, ok bool) {
	d := json.NewDecoder(strings.NewReader(word))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil, false
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, false
	}
	return plain(v), true
}

// plain has Go's numbers in place of literals.
func plain(v any) any {
	switch x := v.(type) {
	case json.Number:
		return number(x)
	case []any:
		for i := range x {
			x[i] = plain(x[i])
		}
	case map[string]any:
		for key := range x {
			x[key] = plain(x[key])
		}
	}
	return v
}

// number is an integer, of whatever size, if it is written as one.
func number(n json.Number) any {
	if n == "-0" {
		return math.Copysign(0, -1) // no integer
	}
	if i, err := n.Int64(); err == nil {
		return i
	}
	if i, ok := new(big.Int).SetString(n.String(), 10); ok {
		if i.IsUint64() {
			return i.Uint64()
		}
		return i
	}
	f, err := n.Float64()
	if err != nil {
		return n.String() // too large for a number
	}
	return f
}
