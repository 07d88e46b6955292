package global

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/aemp-go/aemp/codec"
	"github.com/aemp-go/aemp/global/merge"
)

func TestNonsenseIsATypedErrorThatSaysWhatAndWhere(t *testing.T) {
	p := story(t, `
	. promote
	. up a
	`)
	_, err := p.Message(0, "a", jsonMessage(t, `["g_upd","fam",{},7]`))
	var bad *MessageError
	var what *codec.AccessError
	if !errors.As(err, &bad) || bad.Tag != "g_upd" || !errors.As(err, &what) || what.Index != 2 {
		t.Errorf("%T: %v", err, err)
	}
}

func TestAPartOfAGSetThatIsNonsenseIsFoundWhenAllIsThere(t *testing.T) {
	story(t, `
	. promote
	. up s
	. says s ["g_slave",{"fam":{"k":1}},{"fam":{"k":[1,null]}}]
	. says s ["g_global"]
	says s ["g_set",{"fam":{"l":1}},{"fam":{"l":"x"}},true]
	says s ["g_set",{},{}]
		error malformed g_set: want list, have text
		send s ["g_upd", "fam", {}, ["k"], {}]
	`)
}

// A name longer than any that there is isn't kept for the answer.
func TestOfAFamilyWithTooLongANameThereIsNothing(t *testing.T) {
	p := story(t, `
	. promote
	. up s
	`)
	long := strings.Repeat("F", MaxFamily+1)
	for request, want := range map[string]string{
		`["g_mon1","` + long + `"]`:          `[null]`,
		`["g_db_family","` + long + `","1"]`: `[{}]`,
		`["g_db_keys","` + long + `","1"]`:   `[[]]`,
		`["g_db_values","` + long + `","1"]`: `[[]]`,
	} {
		actions, err := p.Message(p.now, "s", jsonMessage(t, request))
		if err != nil || len(actions) != 1 || actions[0].Message.Drop(2).String() != want {
			t.Errorf("%s: %v, %v", request, actions, err)
		}
	}
	if len(p.hub.watching) > 0 || p.peers["s"].busy() {
		t.Error("something of it is kept")
	}
}

func TestARequestWithTooLongAnIDIsNonsense(t *testing.T) {
	p := story(t, `
	. promote
	. up s
	`)
	for octets, ok := range map[int]bool{maxRequestID - 2: true, maxRequestID - 1: false} { // and two of its head
		_, err := p.Message(p.now, "s", jsonMessage(t, `["g_db_keys","fam","`+strings.Repeat("i", octets)+`"]`))
		var limit *codec.LimitError
		if errors.As(err, &limit) == ok {
			t.Errorf("%d octets: %v", octets, err)
		}
	}
}

// What just fits into the message that brings it wouldn't into those that take it further.
func TestAValueThatIsTooIntricateToBePassedOnIsRefused(t *testing.T) {
	nested := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	filled := func(elements int) string { return "[" + strings.Repeat("0,", elements-1) + "0]" }
	for what, c := range map[string]struct {
		value string
		there int
	}{
		"as deep as may be":          {nested(maxValueDepth), 1},
		"deeper":                     {nested(maxValueDepth + 1), 0},
		"as many elements as may be": {filled(valueLimits.Items), 1},
		"more elements":              {filled(valueLimits.Items + 1), 0},
	} {
		for _, from := range []string{"slave", "global"} {
			t.Run(what+" from a "+from, func(t *testing.T) {
				p := story(t, `
				. promote
				. up slave original
				. says slave ["g_slave",{}]
				. up global original
				. says global ["g_global"]
				`)
				for _, text := range []string{`["g_upd","fam",{"k":1},null]`, `["g_upd","fam",{"k":` + c.value + `},null]`} {
					if _, err := p.Message(p.now, from, jsonMessage(t, text)); err != nil {
						t.Fatal(err)
					}
				}
				if n := p.Len("fam"); n != c.there || p.Stats().Refused != uint64(1-c.there) {
					t.Errorf("%d keys, refused %d", n, p.Stats().Refused)
				}
			})
		}
	}
}

// A stamp of the far future wins as long as its owner lives, and changes nobody's clock.
func TestAStampFromTheFutureGoesWithItsOwner(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. up wrong
	. up right
	. says wrong ["g_slave",{"fam":{"k":"wrong"}},{"fam":{"k":[9000000000000000000,null]}}]
	says right ["g_slave",{"fam":{"k":"right"}},{"fam":{"k":[20,null]}}]
	down wrong
		changed fam k="right"
	set fam l 1
		changed fam +l=1
	query 1 keys fam
		answer 1 ["k", "l"]
	`)
}

func TestAGlobalPeerThatPublishesAnotherNodesEntriesChangesNothing(t *testing.T) {
	story(t, `
	. promote
	. watch fam
	. watch 'l
	. up s
	. says s ["g_slave",{"'l":{"s":["10.0.0.1:4040"]},"fam":{"k":"mine"}},{"'l":{"s":[50,null]},"fam":{"k":[51,null]}}]
	. up g
	. says g ["g_global"]
	says g ["g_upd","'l",{"s":["6.6.6.6:6"]},[],{"s":[99,"g"]}]
	says g ["g_upd","fam",{"k":"forged"},[],{"k":[99,"s"]}]
	find s
		found s [10.0.0.1:4040]
	`)
}

func TestASlaveThatPublishesAnotherNodesAddressesIsRefused(t *testing.T) {
	p := story(t, `
	. promote
	. watch 'l
	. up s
	says s ["g_slave",{"'l":{"s":[],"victim":["6.6.6.6:6"]}},{"'l":{"s":[50,null],"victim":[50,"victim"]}}]
		changed 'l +s=[]
	says s ["g_upd","'g",{"s":null},null,{"s":[50,null]}]
	`)
	if n := p.Stats().Refused; n != 2 {
		t.Errorf("%d refused", n)
	}
}

func TestWhatIsTooLongIsRefusedAndHurtsNothingElse(t *testing.T) {
	long := func(n int) string { return strings.Repeat("x", n) }
	for what, says := range map[string]string{
		"a family's name": fmt.Sprintf(`["g_upd",%q,{"k":1}]`, long(MaxFamily+1)),
		"a key":           fmt.Sprintf(`["g_upd","fam",{%q:1}]`, long(MaxKey+1)),
		"a value":         fmt.Sprintf(`["g_upd","fam",{"k":%q}]`, long(MaxValue)),
	} {
		p := story(t, `
		. promote
		. watch fam
		. up s original
		`)
		p.tell(". says s " + says)
		p.tell(`
		says s ["g_upd","fam",{"other":1}]
			changed fam +other=1
		`)
		if p.Stats().Refused != 1 {
			t.Errorf("%s: %d refused", what, p.Stats().Refused)
		}
	}
}

// What is refused goes, even an older value: it isn't what the peer has.
func TestARefusedEntryIsAsIfItWereDeleted(t *testing.T) {
	p := newPlayer(t, "me")
	p.quotas = Quotas{Octets: 20}
	p.start()
	p.tell(`
	. promote
	. watch fam
	. up s
	says s ["g_upd","fam",{"k":"short"}]
		changed fam +k="short"
	says s ["g_upd","fam",{"k":"longer than twenty octets"}]
		changed fam -k
	says s ["g_upd","fam",{"k":"short"}]
		changed fam +k="short"
	`)
}

func TestQuotasAreCountedExactlyWhateverIsSetAndDeleted(t *testing.T) {
	p := newPlayer(t, "me")
	p.quotas = Quotas{Keys: 4, Families: 2}
	p.start()
	p.tell(". promote")
	p.tell(". up s")
	for range 50 {
		p.tell(`
		. says s ["g_upd","a",{"1":1,"2":2}]
		. says s ["g_upd","b",{"1":1,"2":22}]
		. says s ["g_upd","c",{"1":1}]
		. says s ["g_upd","a",null,["1","2","3"]]
		. says s ["g_upd","b",{"2":2},["1","2"]]
		`)
	}
	p.tell(`
	. says s ["g_upd","c",{"1":1,"2":1,"3":1,"4":1}]
	query 1 values c
		answer 1 [1, 1, 1, 1]
	`)
	h := p.peers["s"].holdings
	if h.keys != 4 || h.octets != 8 || h.families.len() != 1 || p.Stats().Refused != 50 {
		t.Errorf("counted %+v, refused %d", h, p.Stats().Refused)
	}
}

func TestAPeerThatAsksAndNeverReadsIsCutOff(t *testing.T) {
	p := story(t, `
	. promote
	. up a
	. crowded a
	`)
	for i := range maxJobs {
		p.tell(fmt.Sprintf(`. says a ["g_db_keys","fam","%d"]`, i))
	}
	p.tell(`
	says a ["g_db_keys","fam","one more"]
		error malformed g_db_keys: more requests waiting for one node to read than the limit of 4096
	`)
}

func TestAPeerMayWatchSoManyFamiliesOnly(t *testing.T) {
	p := story(t, `
	. promote
	. up a
	. crowded a
	`)
	for i := range maxPeerWatches {
		if _, err := p.Message(0, "a", message(t, "g_mon1", fmt.Sprint(i))); err != nil {
			t.Fatal(i, err)
		}
	}
	p.tell(`
	says a ["g_mon1","one more"]
		error malformed g_mon1: more families watched by one node than the limit of 65536
	says a ["g_mon0","1"]
	says a ["g_mon1","one more"]
	`)
}

func message(t testing.TB, args ...any) codec.Message {
	t.Helper()
	m, err := codec.MessageOf(args...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAnUnknownDatabaseMessageIsIgnoredAndCounted(t *testing.T) {
	p := story(t, `
	. up a
	says a ["g_new",{"x":1}]
	`)
	if p.Stats().Unknown != 1 {
		t.Error(p.Stats())
	}
}

// leaves says what of a message stays that JSON can't carry.
func TestAMessageThatCantBeCarriedIsSentWithoutTheValuesToBlame(t *testing.T) {
	m := NewMachine(Config{Node: "me", Local: newPlayer(t, "me").local, Crowded: func(string) bool { return false }})
	m.NodeUp(0, "j", true)
	inf := codec.Raw{0xca, 0x7f, 0x80, 0, 0}
	bad, meta := map[string]any{"a": 1, "b": inf}, map[string]any{"a": 1}
	for _, c := range []struct {
		args []any
		want string
	}{
		{[]any{"g_upd", "fam", bad, nil, meta}, `["g_upd", "fam", {"a": 1}, ["b"], {"a": 1}]`},
		{[]any{"g_chg2", "fam", bad, []any{"c"}}, `["g_chg2", "fam", {"a": 1}, ["b", "c"]]`},
		{[]any{"g_chg1", "fam", bad, true}, `["g_chg1", "fam", {"a": 1}, true]`},
		{[]any{"g_set", map[string]any{"fam": bad}, meta}, `["g_set", {"fam": {"a": 1}}, {"a": 1}]`},
		{[]any{"g_slave", map[string]any{"fam": bad}}, `["g_slave", {"fam": {"a": 1}}]`},
		{[]any{"g_reply", "b", bad}, `["g_reply", "b", {"a": 1}]`},
		{[]any{"g_reply", "b", []any{1, inf}, true}, `["g_reply", "b", [1], true]`},
		{[]any{"g_found", "x", []any{inf}}, `["g_found", "x", null]`},
	} {
		msg := message(t, c.args...)
		err := carries(codec.JSON, msg)
		if err == nil {
			t.Fatalf("%s can be carried", msg)
		}
		m.out = []Action{{Do: Send, Node: "j", Message: msg}}
		before := m.Stats().Uncarried
		got := m.Failed(0, 0, err)
		if len(got) < 2 || got[1].Message.String() != c.want || carries(codec.JSON, got[1].Message) != nil {
			t.Errorf("%s becomes %v", msg, got[1:])
		}
		if m.Stats().Uncarried != before+1 {
			t.Errorf("%s: not counted", msg)
		}
	}
}

func TestAMessageInWhichNothingIsToBlameIsGivenUp(t *testing.T) {
	p := story(t, `. up a`)
	for _, msg := range []codec.Message{message(t, "g_mon1", "fam"), message(t, "g_upd", "fam", map[string]any{"a": 1})} {
		p.out = []Action{{Do: Send, Node: "a", Message: msg}}
		got := p.Failed(0, 0, &codec.LimitError{What: "octets in a message", Limit: 1})
		for _, a := range got[1:] {
			if a.Do == Send {
				t.Errorf("%s becomes %s", msg, a)
			}
		}
	}
	p.out = []Action{{Do: Send, Node: "gone"}}
	if got := p.Failed(0, 0, errors.New("x")); len(got) != 1 {
		t.Error(got)
	}
}

func TestAMillionOwnersNamesArentRemembered(t *testing.T) {
	m := NewMachine(Config{Node: "me", Local: newPlayer(t, "me").local})
	for i := range maxNames + 10 {
		if name := fmt.Sprint(i); m.hub.name([]byte(name)) != name {
			t.Fatal(name)
		}
	}
	if len(m.hub.names) > maxNames {
		t.Error(len(m.hub.names))
	}
}

// Only the best-known lost globals are looked for.
func TestLostGlobalsAreBoundedTheOldestGoes(t *testing.T) {
	p := story(t, `
	. promote
	. up g
	. says g ["g_global"]
	`)
	lose := func(node string) {
		p.now++
		for _, has := range []bool{true, false} {
			if has {
				p.store.Set("g", []byte(familyGlobals), []byte(node), nilValue, merge.Stamp(p.now), "")
			} else {
				p.store.Delete("g", []byte(familyGlobals), []byte(node))
			}
			p.heard = nil
			p.turn()
		}
	}
	for i := range maxLost {
		lose(fmt.Sprintf("h%d", i))
	}
	lose("last")
	var released []string
	for _, line := range p.heard {
		if strings.HasPrefix(line, "release ") {
			released = append(released, line)
		}
	}
	if len(released) != 1 || released[0] != "release h0" || p.hub.lost != maxLost {
		t.Errorf("released %q, %d lost", released, p.hub.lost)
	}
}
