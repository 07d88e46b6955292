package global

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestATallyCountsLikeAMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var got tally
		want := map[string]int{}
		families := rapid.IntRange(1, 3*fewFamilies).Draw(t, "families")
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			name := fmt.Sprint("family", rapid.IntRange(1, families).Draw(t, "family"))
			more := 1
			if want[name] > 0 && rapid.Bool().Draw(t, "less") {
				more = -1
			}
			got.add([]byte(name), more)
			if want[name] += more; want[name] == 0 {
				delete(want, name)
			}
			if got.len() != len(want) {
				t.Fatalf("%d families, want %d", got.len(), len(want))
			}
			for i := range families {
				name := fmt.Sprint("family", i+1)
				if got.has([]byte(name)) != (want[name] > 0) {
					t.Fatalf("has %s is %v, want %d keys", name, got.has([]byte(name)), want[name])
				}
			}
		}
	})
}
