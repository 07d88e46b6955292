package global

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/aemp-go/aemp/global/merge"
)

// The sentences of protocol 6 under "Convergence". That all stores agree is tested in
// package merge.

func TestGlobalsOfOursAgreeWhateverTheOrderOfArrival(t *testing.T) {
	streams := [][]string{
		{`g ["g_global"]`,
			`g ["g_set",{"'l":{"g":[],"s":[]},"fam":{"k":"s1","l":"s1"}},{"'l":{"g":[1,null],"s":[2,"s"]},"fam":{"k":[10,"s"],"l":[40,"s"]}}]`,
			`g ["g_upd","fam",{"k":"s2"},["l"],{"k":[20,"s"]}]`},
		{`h ["g_global"]`,
			`h ["g_set",{"'l":{"h":[],"t":[],"s":[]},"fam":{"k":"t1","m":"stale"}},{"'l":{"h":[1,null],"t":[2,"t"],"s":[1,"s"]},"fam":{"k":[30,"t"],"m":[99,"s"]}}]`,
			`h ["g_upd","fam",{"k":"t2"},[],{"k":[15,"t"]}]`},
		{`o ["g_slave",{"'l":{"o":[]},"fam":{"k":"o","n":"o"}},{"'l":{"o":[3,null]},"fam":{"k":[18,null],"n":[5,null]}}]`,
			`o ["g_upd","fam",{"n":"o2"},null,{"n":[21,null]}]`},
	}
	random := rand.New(rand.NewPCG(1, 2))
	want := ""
	for range 200 {
		p := story(t, `
		. promote
		. up g
		. up h
		. up o
		`)
		at := make([]int, len(streams))
		for left := 8; left > 0; left-- {
			i := random.IntN(len(streams))
			for at[i] == len(streams[i]) {
				i = (i + 1) % len(streams)
			}
			p.tell(". says " + streams[i][at[i]])
			at[i]++
		}
		var view strings.Builder
		for _, family := range []string{familyNodes, "fam"} {
			for _, key := range p.keys(family) {
				v, _ := p.Get(family, key)
				fmt.Fprintf(&view, "%s/%s=%s ", family, key, v)
			}
		}
		if want == "" {
			want = view.String()
		}
		if view.String() != want {
			t.Fatalf("%s\nand in another order\n%s", want, view.String())
		}
	}
	if !strings.Contains(want, `fam/k="s2"`) || strings.Contains(want, "stale") {
		t.Error(want)
	}
}

func TestTheGreatestStampWinsThenTheGreatestOwner(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up a
	. up b
	. says a ["g_slave",{"fam":{"k":"a"}},{"fam":{"k":[10,null]}}]
	says b ["g_slave",{"fam":{"k":"b"}},{"fam":{"k":[9,null]}}]
	says b ["g_upd","fam",{"k":"b"},null,{"k":[10,null]}]
		changed fam k="b"
	`)
}

func TestWhereAPublisherNamesNoOwnerItsOwnIDCounts(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up z original
	. says z ["g_global"]
	. up s original
	. says s ["g_slave",{"fam":{"k":"s"}}]
	says z ["g_upd","fam",{"k":"z"},[]]
		changed fam k="z"
	`)
}

func TestAStampMoreThanAnHourAheadNeverAdvancesTheClock(t *testing.T) {
	for ahead, want := range map[time.Duration]merge.Stamp{
		time.Hour:                    merge.Stamp(time.Hour.Microseconds()) + 1,
		time.Hour + time.Microsecond: 4,
	} {
		p := story(t, `
		. promote
		. up s
		`)
		p.tell(fmt.Sprintf(`. says s ["g_slave",{"fam":{"k":1}},{"fam":{"k":[%d,null]}}]`, ahead.Microseconds()))
		if got := p.local.Now(); got != want {
			t.Errorf("after a stamp %v ahead the next one is %d, not %d", ahead, got, want)
		}
	}
}

func TestStampsTravelAsAnExtraLastArgumentAmongOurOwn(t *testing.T) {
	story(t, `
	. set fam k 1
	. up m
	seed-up m
		send m ["g_slave"]
		master m
		send m ["g_slave", {"'l": {"me": ["10.0.0.9:4040"]}}, {"'l": {"me": [3, null]}}]
		send m ["g_upd", "fam", {"k": 1}, null, {"k": [2, null]}]
	. promote
	. up g
	says g ["g_global"]
		keep g
		send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}, "fam": {"k": 1}}, {"'g": {"g": [6, null], "me": [5, null]}, "'l": {"me": [4, null]}, "fam": {"k": [2, null]}}]
	set fam k 2
		send g ["g_upd", "fam", {"k": 2}, [], {"k": [7, null]}]
	`)
}

func TestStampsAreReadInWhateverOrderAndNotNeeded(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up s
	. says s ["g_upd","fam",{"a":1,"b":1,"c":1},null,{"c":[30,null],"x":[1,null],"b":[20,null]}]
	. up o
	says o ["g_upd","fam",{"a":2,"b":2,"c":2},[],{"a":[10],"b":[19],"c":[31]}]
		changed fam a=2 c=2
	`)
}

func TestDeletingPublishesTheRunnerUp(t *testing.T) {
	story(t, `
	. promote
	. up g
	. says g ["g_global"]
	. up a
	. says a ["g_slave",{"fam":{"k":"a"}},{"fam":{"k":[20,null]}}]
	. up b
	. says b ["g_slave",{"fam":{"k":"b"}},{"fam":{"k":[10,null]}}]
	says a ["g_upd","fam",null,["k"]]
		send g ["g_upd", "fam", {"k": "b"}, [], {"k": [10, "b"]}]
	`)
}

func TestAPublisherThatGoesDownTakesItsMapAlongAndReplacesItWholeWhenItComesBack(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up g
	. says g ["g_global"]
	. says g ["g_set",{"fam":{"k":1,"l":1}},{"fam":{"k":[10,"s"],"l":[11,"s"]}}]
	down g
		changed fam -l -k
	. up g
	. says g ["g_global"]
	says g ["g_set",{"fam":{"l":2}},{"fam":{"l":[12,"s"]}}]
		changed fam +l=2
	`)
}

func TestAStaleCopyAtAnOwnersFormerMasterIsVoid(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up g
	. says g ["g_global"]
	. says g ["g_set",{"'l":{"s":[]},"fam":{"old":1}},{"'l":{"s":[10,"s"]},"fam":{"old":[11,"s"]}}]
	. up s
	says s ["g_slave",{"'l":{"s":[]},"fam":{"new":1}},{"'l":{"s":[20,null]},"fam":{"new":[12,null]}}]
		changed fam -old +new=1
		send g ["g_upd", "fam", {"new": 1}, [], {"new": [12, "s"]}]
		send g ["g_upd", "'l", {"s": []}, [], {"s": [20, "s"]}]
	`)
}
