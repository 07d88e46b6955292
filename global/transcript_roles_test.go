package global

import (
	"slices"

	"github.com/aemp-go/aemp/codec"
)

// A difference is where we may send something else than Perl did.
type difference struct {
	files    []string // what their names begin with
	self     string   // in whose place our node is
	recorded string   // empty: nothing was recorded
	again    bool     // only from the second time on
	ours     string   // empty: we send nothing
	why      string
}

var differences = []difference{
	{files: []string{"01", "02", "06"}, self: "a", recorded: `["g_slave"]`, again: true,
		why: "protocol 6: Perl sends its seeds up to two g_slave, after the greeting and at node-up; one does it"},
	{files: []string{"06"}, self: "b", recorded: `["g_slave"]`, again: true,
		why: "protocol 6: Perl sends its seeds up to two g_slave, after the greeting and at node-up; one does it"},
	{files: []string{"01", "02", "06"}, self: "a", recorded: `["g_find","seed"]`,
		why: "protocol 6: there is a link with the seed already, so nobody has to be asked where it is"},
	{files: []string{"06"}, self: "b", recorded: `["g_find","seed"]`,
		why: "protocol 6: there is a link with the seed already, so nobody has to be asked where it is"},
	{files: []string{"07"}, self: "g1", recorded: `["g_upd","'g",{"g2":null},[]]`,
		why: "protocol 6: the g_set that follows has it, too"},
	{files: []string{"07"}, self: "g2", recorded: `["g_upd","'g",{"g1":null},[]]`,
		why: "protocol 6: the g_set that follows has it, too"},
}

// A role is the part of a recorded node, and of the Perl program that ran on it.
type role struct {
	files      []string
	self       string
	listens    string
	seed       string                  // whom it has dialled as its seed
	begin      func(s *stage)          // before the nodes meet
	does       map[string]func(*stage) // what its program does just before the recorded message
	unrecorded map[string]bool         // peers whose link wasn't recorded
	sees       []string                // what its program is told
}

type deeds = map[string]func(*stage)

var roles = []role{
	{
		files: []string{"01_join_cbor", "01b_join_cbor_promote", "02_join_json"},
		self:  "a", listens: "127.0.0.1:4041", seed: "seed",
	},
	{
		files: []string{"01_join_cbor", "02_join_json"},
		self:  "seed", listens: "127.0.0.1:4040", begin: isGlobal,
	},
	{
		files: []string{"01b_join_cbor_promote"},
		self:  "seed", listens: "127.0.0.1:4040",
	},
	{
		files: []string{"06_database", "06_database_json"},
		self:  "seed", listens: "127.0.0.1:4040", begin: isGlobal,
	},
	{
		files: []string{"06_database", "06_database_json"},
		self:  "b", listens: "127.0.0.1:4042", seed: "seed",
		does: deeds{
			`["g_upd","'l",{"b":["127.0.0.1:5042"]}]`: func(s *stage) {
				s.local.setInternal(familyNodes, "b", jsonValue(s.t, `["127.0.0.1:5042"]`))
				s.do(s.LocalChanged(s.now))
			},
			`["g_mon1","fam"]`:           watches("fam"),
			`["g_upd","dup",{"k":"B"}]`:  sets("dup", "k", `"B"`),
			`["g_upd","dup",null,["k"]]`: deletes("dup", "k"),
			`["g_mon0","fam"]`:           unwatches("fam"),
			`["g_mon1","emptyfam"]`:      watches("emptyfam"),
			`["g_mon0","emptyfam"]`:      unwatches("emptyfam"),
		},
		sees: []string{
			"changed fam first",
			`changed fam +k1="v1"`,
			`changed fam k1=[1, {"x": 2.5}]`,
			`changed fam +k2=null`,
			`changed fam -k1 -k2`,
			`changed fam +k3="s"`,
			`changed emptyfam first`,
		},
	},
	{
		files: []string{"06_database", "06_database_json"},
		self:  "a", listens: "127.0.0.1:4041", seed: "seed",
		does: deeds{
			`["g_find","b"]`:                       finds("b"),
			`["g_upd","fam",{"k1":"v1"}]`:          sets("fam", "k1", `"v1"`),
			`["g_upd","fam",{"k1":[1,{"x":2.5}]}]`: sets("fam", "k1", `[1,{"x":2.5}]`),
			`["g_upd","fam",{"k2":null}]`:          sets("fam", "k2", `null`),
			`["g_upd","fam",null,["k1","k2"]]`:     deletes("fam", "k1", "k2"),
			`["g_upd","fam",{"k3":"s"}]`:           sets("fam", "k3", `"s"`),
			`["g_upd","dup",{"k":"A"}]`:            sets("dup", "k", `"A"`),
			`["g_mon1","dup"]`:                     watches("dup"),
			`["g_upd","dup",null,["k"]]`:           deletes("dup", "k"),
			`["g_db_family","fam","b"]`:            queries(11, QueryFamily, "fam"),
			`["g_db_family","nofam","c"]`:          queries(12, QueryFamily, "nofam"),
			`["g_db_keys","fam","d"]`:              queries(13, QueryKeys, "fam"),
			`["g_db_keys","nofam","e"]`:            queries(14, QueryKeys, "nofam"),
			`["g_db_values","fam","f"]`:            queries(15, QueryValues, "fam"),
			`["g_db_values","nofam","g"]`:          queries(16, QueryValues, "nofam"),
			`["g_find","nowhere"]`:                 finds("nowhere"),
			`["g_mon0","dup"]`:                     unwatches("dup"),
		},
		sees: []string{
			"found b [127.0.0.1:5042]",
			"changed dup first",
			`changed dup k="A"`,
			`changed dup -k`,
			`answer 11 {"k3": "s"}`,
			`answer 12 {}`,
			`answer 13 ["k3"]`,
			`answer 14 []`,
			`answer 15 ["s"]`,
			`answer 16 []`,
			"found nowhere []",
		},
	},
	{
		files: []string{"07_two_globals"},
		self:  "g1", listens: "127.0.0.1:4040",
		begin: func(s *stage) {
			isGlobal(s)
			s.do(s.NodeUp(0, "a", false))
			s.a(`["g_slave",{"'l":{"a":["127.0.0.1:4041"]},"fam":{"ka":"A"}}]`)
		},
		unrecorded: map[string]bool{"a": true},
		does: deeds{
			`["g_upd","fam",{"kc":"C"},[]]`:     says(`["g_upd","fam",{"kc":"C"}]`),
			`["g_upd","fam",{"kb":"A-dup"},[]]`: says(`["g_upd","fam",{"kb":"A-dup"}]`),
			`["g_upd","fam",{},["kb"]]`:         says(`["g_upd","fam",null,["kb"]]`),
			`["g_upd","fam",{},["kc"]]`:         says(`["g_upd","fam",null,["kc"]]`),
			`["g_upd","'l",{},["a"]]`:           func(s *stage) { s.do(s.NodeDown(s.now, "a")) },
		},
	},
	{
		files: []string{"07_two_globals"},
		self:  "g2", listens: "127.0.0.1:4043", seed: "g1",
		begin: func(s *stage) {
			isGlobal(s)
			s.do(s.NodeUp(0, "b", false))
			s.b(`["g_slave",{"'l":{"b":["127.0.0.1:4042"]},"fam":{"kb":"B"}}]`)
		},
		unrecorded: map[string]bool{"b": true},
	},
}

func isGlobal(s *stage) { s.do(s.Promote(0)) }

// a and b say something on a link that wasn't recorded.
func (s *stage) a(text string) { s.unrecorded("a", text) }
func (s *stage) b(text string) { s.unrecorded("b", text) }

func (s *stage) unrecorded(from, text string) {
	actions, err := s.Message(s.now, from, jsonMessage(s.t, text))
	if err != nil {
		s.t.Error(err)
	}
	s.do(actions)
}

func says(text string) func(*stage) { return func(s *stage) { s.a(text) } }

func watches(family string) func(*stage) {
	return func(s *stage) { s.do(s.Watch(s.now, family)) }
}

func unwatches(family string) func(*stage) {
	return func(s *stage) { s.do(s.Unwatch(s.now, family)) }
}

func finds(node string) func(*stage) { return func(s *stage) { s.do(s.Find(s.now, node)) } }

func queries(number uint64, kind QueryKind, family string) func(*stage) {
	return func(s *stage) { s.do(s.Query(s.now, number, kind, family)) }
}

func sets(family, key, value string) func(*stage) {
	return func(s *stage) {
		if err := s.local.Set(family, key, codec.Raw(jsonValue(s.t, value))); err != nil {
			s.t.Error(err)
		}
		s.do(s.LocalChanged(s.now))
	}
}

func deletes(family string, keys ...string) func(*stage) {
	return func(s *stage) {
		if err := s.local.Delete(family, slices.Clone(keys)...); err != nil {
			s.t.Error(err)
		}
		s.do(s.LocalChanged(s.now))
	}
}
