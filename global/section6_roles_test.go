package global

import (
	"slices"
	"strings"
	"testing"
)

// Each sentence of protocol 6 about who is what: seeds, master, global nodes.

func TestANodeWithoutSeedsHasNoMasterAndItsRequestsWait(t *testing.T) {
	p := story(t, `
	up a
	set fam k 1
	watch fam
	query 1 family fam
	find b
	says a ["g_global"]
	`)
	if p.Global() || p.Master() != "" || p.Known("fam") {
		t.Errorf("global %v, master %q, fam known: %v", p.Global(), p.Master(), p.Known("fam"))
	}
}

func TestASeedThatComesUpIsToldOnceInEachLinkToBeGlobal(t *testing.T) {
	story(t, `
	. promote
	up a
		send a ["g_global"]
	seed-up a
		send a ["g_slave"]
	seed-up a
	seed-down a
	seed-up a
	down a
	up a
		send a ["g_global"]
		send a ["g_slave"]
	`)
}

func TestASeedMayBeKnownAsOneBeforeItsLinkIsReported(t *testing.T) {
	story(t, `
	seed-up a
	up a
		send a ["g_slave"]
		master a
		send a ["g_slave", {"'l": {"me": ["10.0.0.9:4040"]}}, {"'l": {"me": [2, null]}}]
	`)
}

func TestASeedThatIsThisNodeMakesItGlobal(t *testing.T) {
	p := story(t, `
	promote
		promoted
	`)
	if !p.Global() {
		t.Error("not global")
	}
}

func TestAGlobalNodeDoesntDialAnOriginalNodeThatHasJustComeUp(t *testing.T) {
	story(t, `
	. promote
	. up g original
	. says g ["g_global"]
	says g ["g_upd","'l",{"perl":["10.0.0.1:4040"]},[]]
	find perl
	at 2.999s
	tick
	at 3s
	tick
		found perl [10.0.0.1:4040]
	find perl
		found perl [10.0.0.1:4040]
	`)
}

func TestNodesOfOursAndKnownOnesAreDialledAtOnce(t *testing.T) {
	story(t, `
	. promote
	. up g
	. says g ["g_global"]
	. says g ["g_upd","'l",{"ours":["10.0.0.1:4040"]},[],{"ours":[9,"ours"]}]
	find ours
		found ours [10.0.0.1:4040]
	. up perl original
	. says perl ["g_slave",{"'l":{"perl":["10.0.0.2:4040"]}}]
	find perl
		found perl [10.0.0.2:4040]
	`)
}

func TestTheMasterIsTheFirstSeedThatIsUpThenAnotherThenTheNextToCome(t *testing.T) {
	p := story(t, `
	. up a
	. up b
	. seed-up b
	. seed-up a
	`)
	is := func(want string) {
		t.Helper()
		if p.Master() != want {
			t.Errorf("master %q, not %q", p.Master(), want)
		}
	}
	is("b")
	p.tell(`. down b`)
	is("a")
	p.tell(`. down a`)
	is("")
	p.tell(`. seed-down a`)
	p.tell(`. up a`)
	is("")
	p.tell(`. up c`)
	p.tell(`. seed-up c`)
	is("c")
}

// Protocol 9: in the original the master stays on a dead node after two failovers.
func TestNineAnyNumberOfFailoversLeavesALivingMaster(t *testing.T) {
	p := story(t, `
	. up a
	. seed-up a
	. up b
	. seed-up b
	`)
	for i := range 20 {
		down, other := "a", "b"
		if i%2 == 1 {
			down, other = "b", "a"
		}
		for _, event := range []string{"down " + down, "seed-down " + down} {
			p.tell(". " + event)
		}
		if p.Master() != other {
			t.Fatalf("after failover %d the master is %q", i, p.Master())
		}
		p.tell(". up " + down + "\n. seed-up " + down)
	}
}

func TestTheMasterGetsTheWholeLocalDatabaseAndEveryRequestStillWaiting(t *testing.T) {
	story(t, `
	. set fam k 1
	. set gam l 2
	. watch fam
	. query 1 values fam
	. find x
	. up a
	seed-up a
		send a ["g_slave"]
		master a
		send a ["g_slave", {"'l": {"me": ["10.0.0.9:4040"]}}, {"'l": {"me": [4, null]}}]
		send a ["g_upd", "fam", {"k": 1}, null, {"k": [2, null]}]
		send a ["g_upd", "gam", {"l": 2}, null, {"l": [3, null]}]
		send a ["g_mon1", "fam"]
		send a ["g_db_values", "fam", "1"]
		send a ["g_find", "x"]
	. up b
	. seed-up b
	. says a ["g_found","x",null]
	. unwatch fam
	. cancel 1
	down a
		master b
		send b ["g_slave", {"'l": {"me": ["10.0.0.9:4040"]}}, {"'l": {"me": [5, null]}}]
		send b ["g_upd", "fam", {"k": 1}, null, {"k": [2, null]}]
		send b ["g_upd", "gam", {"l": 2}, null, {"l": [3, null]}]
	`)
}

func TestAnOriginalMasterIsToldWithoutStamps(t *testing.T) {
	story(t, `
	. set fam k 1
	. up a original
	seed-up a
		send a ["g_slave"]
		master a
		send a ["g_slave", {"'l": {"me": ["10.0.0.9:4040"]}}]
		send a ["g_upd", "fam", {"k": 1}]
	set fam l 2
		send a ["g_upd", "fam", {"l": 2}]
	delete fam k
		send a ["g_upd", "fam", null, ["k"]]
	`)
}

func TestAMasterAlwaysAnswersAFind(t *testing.T) {
	story(t, `
	. promote
	. up a original
	says a ["g_find","a"]
		send a ["g_found", "a", null]
	. says a ["g_slave",{"'l":{"a":["10.0.0.1:4040"]}}]
	. crowded a
	says a ["g_find","a"]
		send a ["g_found", "a", ["10.0.0.1:4040"]]
	says a ["g_find","me"]
		send a ["g_found", "me", ["10.0.0.9:4040"]]
	`)
}

func TestAnyGSlaveMakesANodeGlobalForEver(t *testing.T) {
	for _, says := range []string{`["g_slave"]`, `["g_slave",null]`, `["g_slave",{}]`} {
		p := story(t, `
		. up a
		. says a `+says+`
		. down a
		`)
		if !p.Global() {
			t.Errorf("%s: not global", says)
		}
	}
}

func TestANewGlobalTellsAllAndGivesTheGlobalsItsData(t *testing.T) {
	story(t, `
	. up a
	. up g
	. says g ["g_global"]
	promote
		promoted
		send a ["g_global"]
		send g ["g_global"]
		keep g
		send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}}, {"'g": {"g": [4, null], "me": [3, null]}, "'l": {"me": [2, null]}}]
	`)
}

func TestBeforeItIsGlobalANodeOnlyLogsWhatIsForGlobals(t *testing.T) {
	for _, says := range []string{
		`["g_upd","fam",{"k":1}]`, `["g_set",{"fam":{"k":1}}]`, `["g_find","a"]`,
		`["g_db_family","fam","b"]`, `["g_db_keys","fam","b"]`, `["g_db_values","fam","b"]`,
		`["g_mon1","fam"]`, `["g_mon0","fam"]`,
	} {
		p := newPlayer(t, "me")
		p.start()
		p.tell(". up a")
		p.heard = nil
		if err := p.play("says a " + says); err != nil {
			t.Fatal(err)
		}
		tag := jsonMessage(t, says).At(0)
		name, _ := tag.Text()
		want := []string{`log DEBUG request to a node that isn't global node=a reason="` + name + `"`}
		if !slices.Equal(p.heard, want) || p.Global() {
			t.Errorf("%s gives %q", says, p.heard)
		}
		p.tell(`
		. promote
		query 1 keys fam
			answer 1 []
		`)
	}
}

func TestAMasterThatIsNoSeedAnyMoreStaysWhileItIsLinked(t *testing.T) {
	p := story(t, `
	. up a
	. seed-up a
	. up b
	. seed-up b
	. seed-down a
	`)
	if p.Master() != "a" {
		t.Errorf("master %q", p.Master())
	}
}

func TestANodeThatBecomesGlobalShowsItsProgramNothingThatOnlySeemsToVanish(t *testing.T) {
	p := story(t, `
	. watch fam
	. up m
	. seed-up m
	. says m ["g_global"]
	. says m ["g_chg1","fam",{"k":1,"l":2}]
	`)
	p.heard = nil
	for _, event := range []string{
		"promote", `set fam mine 3`,
		`says m ["g_set",{"fam":{"k":1}},{"fam":{"k":[7,"x"]}},true]`,
		`says m ["g_set",{"fam":{"l":2}},{"fam":{"l":[7,"x"]}}]`,
	} {
		if err := p.play(event); err != nil {
			t.Fatal(err)
		}
	}
	var shown []string
	for _, line := range p.heard {
		if strings.HasPrefix(line, "changed ") {
			shown = append(shown, line)
		}
	}
	if want := []string{"changed fam +mine=3"}; !slices.Equal(shown, want) {
		t.Errorf("shown %q, not %q", shown, want)
	}
}
