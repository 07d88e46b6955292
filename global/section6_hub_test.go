package global

import "testing"

// What protocol 6 says below its table: internal families, clean-up, what is told when
// others hold the same key.

func TestAGlobalListsItselfAndEachGlobalPeerAndMirrorsTheirAddresses(t *testing.T) {
	story(t, `
	. promote
	. watch 'g
	. watch 'l
	. up g original
	. up h original
	. says g ["g_global"]
	. says h ["g_global"]
	says g ["g_set",{"'l":{"g":["10.0.0.1:4040"]}}]
		changed 'l +g=["10.0.0.1:4040"]
		send g ["g_upd", "'l", {"g": ["10.0.0.1:4040"]}, []]
		send h ["g_upd", "'l", {"g": ["10.0.0.1:4040"]}, []]
	says h ["g_db_keys","'g","b"]
		send h ["g_reply", "b", ["h", "g", "me"]]
	down g
		changed 'g -g
		send h ["g_upd", "'g", {}, ["g"]]
		changed 'l -g
		send h ["g_upd", "'l", {}, ["g"]]
	`)
}

func TestAGlobalKeepsConnectionsToAllThatAreListed(t *testing.T) {
	story(t, `
	. promote
	. up g original
	says g ["g_global"]
		keep g
		send g ["g_set", {"'g": {"g": null, "me": null}, "'l": {"me": ["10.0.0.9:4040"]}}]
	says g ["g_set",{"'g":{"h":null,"i":null,"me":null}}]
		keep h
		keep i
	`)
}

func TestSettingAnEqualValueOrDeletingAnAbsentKeySendsNothing(t *testing.T) {
	story(t, `
	. up m
	. seed-up m
	. set fam k 1
	set fam k 1
	delete fam absent
	`)
}

func TestAWatchersViewComesFromTheMasterOnlyHisOwnNodesChangesIncluded(t *testing.T) {
	story(t, `
	. watch fam
	. up m
	. seed-up m
	. says m ["g_chg1","fam",null]
	set fam k 1
		send m ["g_upd", "fam", {"k": 1}, null, {"k": [3, null]}]
	says m ["g_chg2","fam",{"k":1},[]]
		changed fam +k=1
	`)
}

func TestWhenANodeGoesDownAllThatItOwnedIsDeletedInOneMessageForEachFamily(t *testing.T) {
	story(t, `
	. promote
	. up g original
	. says g ["g_global"]
	. up w
	. says w ["g_mon1","fam"]
	. says w ["g_mon1","'l"]
	. up s original
	. says s ["g_slave",{"'l":{"s":[]},"fam":{"a":1,"b":2},"gam":{"c":3}}]
	down s
		send w ["g_chg2", "fam", {}, ["b", "a"]]
		send g ["g_upd", "fam", {}, ["b", "a"]]
		send g ["g_upd", "gam", {}, ["c"]]
		send w ["g_chg2", "'l", {}, ["s"]]
		send g ["g_upd", "'l", {}, ["s"]]
	`)
}

// deleting has slave s hold a key that somebody else holds, too, and delete it. The other
// global is g, the watching slave w.
func deleting(t *testing.T, others, gives string) {
	t.Helper()
	story(t, `
	. promote
	. up g original
	. says g ["g_global"]
	. up w original
	. says w ["g_mon1","fam"]
	. up s
	. says s ["g_slave",{"'l":{"s":[]}},{"'l":{"s":[5,null]}}]
	. up o
	`+others+`
	. says s ["g_upd","fam",{"k":"v"},null,{"k":[20,null]}]
	says s ["g_upd","fam",null,["k"]]
	`+gives)
}

func TestDeletingAKeyThatAnotherSlaveHoldsWithAnotherValueSetsThat(t *testing.T) {
	deleting(t, `. says o ["g_slave",{"fam":{"k":"other"}},{"fam":{"k":[10,null]}}]`, `
		send w ["g_chg2", "fam", {"k": "other"}, []]
		send g ["g_upd", "fam", {"k": "other"}, []]
	`)
}

func TestDeletingAKeyThatAnotherSlaveHoldsWithAnEqualValueTellsNothing(t *testing.T) {
	deleting(t, `. says o ["g_slave",{"fam":{"k":"v"}},{"fam":{"k":[10,null]}}]`, ``)
}

func TestDeletingAKeyThatOnlyAnotherGlobalHoldsIsADeleteForGlobalsAndSetsForWatchers(t *testing.T) {
	deleting(t, `. says g ["g_upd","fam",{"k":"other"},[]]`, `
		send w ["g_chg2", "fam", {"k": "other"}, []]
		send g ["g_upd", "fam", {}, ["k"]]
	`)
}

func TestDeletingAKeyThatOnlyAnotherGlobalHoldsWithAnEqualValueTellsWatchersNothing(t *testing.T) {
	deleting(t, `. says g ["g_upd","fam",{"k":"v"},[]]`, `
		send g ["g_upd", "fam", {}, ["k"]]
	`)
}
