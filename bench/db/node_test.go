package main

import (
	"slices"
	"testing"
)

func TestKeysAndValuesHaveTheSizesThatAreTold(t *testing.T) {
	keys, values := allKeys(20000), allValues(20000)
	if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
		t.Error("the keys aren't sorted, or not all different")
	}
	for i := range keys {
		if len(keys[i]) != 20 || len(values[i]) != 8 {
			t.Fatalf("%q and %q", keys[i], values[i])
		}
	}
	if len(latencyKey) != 20 {
		t.Errorf("%q", latencyKey)
	}
}
