package global

import "testing"

// Each row of the table of messages in protocol 6.

func TestGSlaveWithADatabaseOrNilMakesTheSenderASlave(t *testing.T) {
	for _, says := range []string{`["g_slave",{"fam":{"k":1}}]`, `["g_slave",null]`} {
		p := story(t, `
		. promote
		. up s original
		. says s ["g_upd","fam",{"k":1}]
		. says s `+says+`
		. up g original
		`)
		p.tell(`
		says g ["g_global"]
			keep g
			send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}, "fam": {"k": 1}}]
		`)
	}
}

func TestARepeatedGSlaveMerges(t *testing.T) {
	story(t, `
	. promote
	. up s original
	. says s ["g_slave",{"fam":{"a":1,"b":1}}]
	says s ["g_slave",{"fam":{"b":2,"c":2}}]
	watch fam
		changed fam first a=1 b=2 c=2
	`)
}

func TestGGlobalIsSentToEveryPeerOnNodeUpOnceAndBeforeAnyData(t *testing.T) {
	story(t, `
	. promote
	. set fam k 1
	up a
		send a ["g_global"]
	says a ["g_slave",{}]
	promote
	set fam k 2
	says a ["g_mon1","fam"]
		send a ["g_chg1", "fam", {"k": 2}]
	`)
}

func TestAGlobalReceiverOfGGlobalDropsTheSendersDataListsItAndAnswersWithItsOwn(t *testing.T) {
	story(t, `
	. promote
	. watch 'g
	. watch fam
	. up g original
	. says g ["g_slave",{"fam":{"k":1}}]
	says g ["g_global"]
		changed 'g +g=null
		changed fam -k
		keep g
		send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}}]
	`)
}

func TestAReceiverOfGGlobalThatIsntGlobalOnlyNotesIt(t *testing.T) {
	story(t, `
	up g
	says g ["g_global"]
	says g ["g_global"]
	`)
}

// The sender's data stays until it has told all again, if it is one of ours.
func TestASlaveOfOursThatBecomesGlobalLosesNothingInBetween(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up s
	. says s ["g_slave",{"'l":{"s":[]},"fam":{"k":1,"l":1}},{"'l":{"s":[10,null]},"fam":{"k":[11,null],"l":[12,null]}}]
	says s ["g_global"]
		keep s
		send s ["g_set", {"'g": {"s": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"], "s": []}, "fam": {"l": 1, "k": 1}}, {"'g": {"s": [13, null], "me": [3, null]}, "'l": {"me": [2, null], "s": [10, "s"]}, "fam": {…}}]
	says s ["g_set",{"'l":{"s":[]},"fam":{"k":1}},{"'l":{"s":[20,null]},"fam":{"k":[11,null]}},true]
	says s ["g_set",{"fam":{"m":1}},{"fam":{"m":[21,null]}}]
		changed fam -l +m=1
		send s ["g_upd", "fam", {}, ["l", "k"], {}]
		send s ["g_upd", "'l", {"s": []}, [], {"s": [20, null]}]
	down s
		changed fam -m -k
	`)
}

func TestGSetMergesAndHasTheSendersOwnAddresses(t *testing.T) {
	story(t, `
	. promote
	. up s original
	. says s ["g_slave",{"'l":{"s":["10.0.0.1:4040"]},"fam":{"k":1}}]
	. watch fam
	. up g original
	says g ["g_global"]
		keep g
		send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"], "s": ["10.0.0.1:4040"]}, "fam": {"k": 1}}]
	. says g ["g_set",{"fam":{"a":1,"b":1}}]
	says g ["g_set",{"fam":{"b":2}}]
		changed fam b=2
	`)
}

func TestGUpdBetweenGlobalsAlwaysHasBothASetAndADelete(t *testing.T) {
	story(t, `
	. promote
	. up g original
	. says g ["g_global"]
	. up s original
	. says s ["g_slave",null]
	says s ["g_upd","fam",{"k":1}]
		send g ["g_upd", "fam", {"k": 1}, []]
	says s ["g_upd","fam",null,["k"]]
		send g ["g_upd", "fam", {}, ["k"]]
	`)
}

func TestGUpdOfASlaveSetsAloneOrDeletesAlone(t *testing.T) {
	story(t, `
	. up m original
	. seed-up m
	set fam k 1
		send m ["g_upd", "fam", {"k": 1}]
	delete fam k
		send m ["g_upd", "fam", null, ["k"]]
	`)
}

func TestGUpdSetsBeforeItDeletes(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up g original
	. says g ["g_upd","fam",{"k":1}]
	says g ["g_upd","fam",{"k":2,"l":2},["k"]]
		changed fam -k +l=2
	`)
}

func TestADeleteFromAGlobalIsntPassedOn(t *testing.T) {
	story(t, `
	. promote
	. up g
	. says g ["g_global"]
	. up h
	. says h ["g_global"]
	says g ["g_upd","fam",{"k":1},[],{}]
	says g ["g_upd","fam",{},["k"],{}]
	`)
}

func TestGFindIsAcceptedFromAnyoneAndAnsweredWithNilForTheUnknown(t *testing.T) {
	story(t, `
	. promote
	. up stranger
	says stranger ["g_find","me"]
		send stranger ["g_found", "me", ["10.0.0.9:4040"]]
	says stranger ["g_find","nowhere"]
		send stranger ["g_found", "nowhere", null]
	`)
}

func TestQueriesAreAnsweredForAnyoneAndEmptyForAnUnknownFamily(t *testing.T) {
	story(t, `
	. promote
	. set fam k 1
	. up stranger original
	says stranger ["g_db_family","fam","b"]
		send stranger ["g_reply", "b", {"k": 1}]
	says stranger ["g_db_keys","fam","c"]
		send stranger ["g_reply", "c", ["k"]]
	says stranger ["g_db_values","fam","d"]
		send stranger ["g_reply", "d", [1]]
	says stranger ["g_db_family","none","e"]
		send stranger ["g_reply", "e", {}]
	says stranger ["g_db_keys","none","f"]
		send stranger ["g_reply", "f", []]
	says stranger ["g_db_values","none","g"]
		send stranger ["g_reply", "g", []]
	`)
}

func TestGMon1IsAnsweredWithTheWholeFamilyOrNilIfThereIsNone(t *testing.T) {
	story(t, `
	. promote
	. set fam k 1
	. up s original
	says s ["g_mon1","fam"]
		send s ["g_chg1", "fam", {"k": 1}]
	says s ["g_mon1","none"]
		send s ["g_chg1", "none", null]
	`)
}

func TestAWatcherOfAFamilyThatIsntThereIsCalledAllTheSame(t *testing.T) {
	story(t, `
	. up m
	. seed-up m
	. watch none
	says m ["g_chg1","none",null]
		changed none first
	`)
}

func TestAfterAChangeOfMasterTheFamilyIsDiffedAgainstTheOldCopy(t *testing.T) {
	story(t, `
	. watch fam
	. up a
	. seed-up a
	. up b
	. seed-up b
	. says a ["g_chg1","fam",{"gone":1,"same":1,"other":1}]
	. down a
	says b ["g_chg1","fam",{"same":1,"other":2,"new":3}]
		changed fam -gone other=2 +new=3
	`)
}

func TestGChgCountsOnlyFromTheCurrentMasterAndHarmsNoUnwatchedFamily(t *testing.T) {
	story(t, `
	. watch fam
	. up a
	. seed-up a
	. up b
	. seed-up b
	says b ["g_chg1","fam",{"k":1}]
	says b ["g_chg2","fam",{"k":1},[]]
	says a ["g_chg2","fam",{"early":1},[]]
	says a ["g_chg1","fam",{"k":2}]
		changed fam first k=2
	says b ["g_chg2","fam",{"k":1},[]]
	says a ["g_chg1","other",{"k":1}]
	says a ["g_chg2","other",{"k":1},[]]
	watch other
		send a ["g_mon1", "other"]
	`)
}

func TestGChg2AlwaysHasBothAMapAndAList(t *testing.T) {
	story(t, `
	. promote
	. up s original
	. says s ["g_mon1","fam"]
	set fam k 1
		send s ["g_chg2", "fam", {"k": 1}, []]
	delete fam k
		send s ["g_chg2", "fam", {}, ["k"]]
	`)
}

func TestAfterGMon0NothingMoreIsTold(t *testing.T) {
	story(t, `
	. promote
	. up s
	. says s ["g_mon1","fam"]
	. says s ["g_mon1","gam"]
	. says s ["g_mon0","fam"]
	set fam k 1
	set gam k 1
		send s ["g_chg2", "gam", {"k": 1}, []]
	says s ["g_mon0","gam"]
	says s ["g_mon0","never"]
	`)
}

func TestAGlobalOfOursNeverSendsGMonToAnybody(t *testing.T) {
	story(t, `
	. watch before
	. up m original
	. seed-up m
	. says m ["g_global"]
	promote
		promoted
		master
		send m ["g_global"]
		keep m
		send m ["g_set", {"'g": {"m": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}}]
	. says m ["g_set",{}]
	watch after
		changed after first
	unwatch before
	unwatch after
	`)
}

func TestWhatAPeerPublishesThatIsNeitherSlaveNorGlobalIsStoredButNotPassedOn(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up g
	. says g ["g_global"]
	. up stranger
	says stranger ["g_upd","fam",{"k":1}]
		changed fam +k=1
	`)
}
